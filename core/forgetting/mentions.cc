#include "core/forgetting/mentions.h"

#include <algorithm>
#include <string>
#include <variant>

#include "absl/strings/numbers.h"

namespace fovea {

std::vector<uint64_t> SeqsNamedIn(std::string_view text) {
  std::vector<uint64_t> seqs;
  for (size_t at = text.find('#'); at != std::string::npos; at = text.find('#', at + 1)) {
    const size_t end = std::min(text.find_first_not_of("0123456789", at + 1), text.size());
    uint64_t seq = 0;
    if (absl::SimpleAtoi(std::string(text.substr(at + 1, end - at - 1)), &seq)) seqs.push_back(seq);
  }
  return seqs;
}

bool AnswersAnyOf(const std::vector<std::string>& call_ids, const Turn& turn) {
  return std::ranges::any_of(turn.parts, [&call_ids](const Part& part) {
    const auto* result = std::get_if<ToolResultPart>(&part);
    return result != nullptr && std::ranges::find(call_ids, result->call_id) != call_ids.end();
  });
}

}  // namespace fovea
