#include "core/tokens/bpe_vocabulary.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/tokens/bpe_merges.h"

namespace fovea {
namespace {

struct RankedToken {
  uint32_t rank = 0;
  std::string bytes;
};

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

bool ParseLine(std::string_view line, RankedToken* token) {
  const size_t space = line.find(' ');
  return space != std::string_view::npos && space > 0 &&
         absl::Base64Unescape(Absl(line.substr(0, space)), &token->bytes) &&
         absl::SimpleAtoi(Absl(line.substr(space + 1)), &token->rank);
}

absl::StatusOr<std::vector<RankedToken>> ParseLines(std::string_view file) {
  std::vector<RankedToken> tokens;
  for (size_t number = 1; !file.empty(); ++number) {
    const size_t end = std::min(file.find('\n'), file.size());
    std::string_view line = file.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    file.remove_prefix(std::min(end + 1, file.size()));
    if (line.empty()) continue;
    RankedToken token;
    if (!ParseLine(line, &token)) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " is not a token in base64, a space and a rank"));
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace

absl::StatusOr<BpeVocabulary> ParseTiktoken(std::string_view file, SplitPattern split) {
  FOVEA_ASSIGN_OR_RETURN(std::vector<RankedToken> lines, ParseLines(file));
  std::ranges::sort(lines, {}, &RankedToken::rank);
  const auto twice = std::ranges::adjacent_find(lines, {}, &RankedToken::rank);
  if (twice != lines.end()) {
    return absl::InvalidArgumentError(absl::StrCat("rank ", twice->rank, " stands twice"));
  }
  BpeVocabulary vocabulary{.split = split, .whole_pieces = true};
  for (RankedToken& line : lines) vocabulary.tokens.push_back({.bytes = std::move(line.bytes)});
  FOVEA_ASSIGN_OR_RETURN(const TokenIndex index, IndexTokens(vocabulary.tokens));
  // Whatever two tokens together spell a third merge into it, in the order of the file.
  const auto find = [&](uint32_t, uint32_t, std::string_view bytes) -> BpeMerge {
    const auto found = index.find(bytes);
    if (found == index.end()) return {};
    return {.rank = found->second + 1, .token = found->second};
  };
  ResolveMerges(index, find, &vocabulary.tokens);
  return vocabulary;
}

}  // namespace fovea
