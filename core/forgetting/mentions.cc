#include "core/forgetting/mentions.h"

#include <algorithm>
#include <string>

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

}  // namespace fovea
