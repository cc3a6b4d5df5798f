#include "core/tokens/bpe_merges.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fovea {
namespace {

struct Part {
  uint32_t token = 0;
  size_t start = 0;
  BpeMerge next;  // with the part behind it
};

// Encodes one token's bytes as if they were a text. Thread-compatible.
class Encoder {
 public:
  Encoder(const TokenIndex& index, FindMerge find) : index_(index), find_(find) {}

  // The last merge, if the bytes become one token by merges; its rank is kNone if not.
  struct LastMerge {
    BpeMerge merge;
    uint32_t left = BpeToken::kNone;
    uint32_t right = BpeToken::kNone;
  };
  LastMerge Encode(std::string_view bytes) {
    bytes_ = bytes;
    parts_.clear();
    for (size_t i = 0; i < bytes.size(); ++i) {
      parts_.push_back({.token = index_.at(bytes.substr(i, 1)), .start = i});
    }
    for (size_t i = 0; i < parts_.size(); ++i) Look(i);
    LastMerge last;
    while (parts_.size() > 1) {
      const auto least =
          std::ranges::min_element(parts_, {}, [](const Part& part) { return part.next.rank; });
      if (least->next.rank == BpeToken::kNone) return {};
      last = {.merge = least->next, .left = least->token, .right = (least + 1)->token};
      least->token = least->next.token;
      const auto at = static_cast<size_t>(least - parts_.begin());
      parts_.erase(least + 1);
      Look(at);
      if (at > 0) Look(at - 1);
    }
    return last;
  }

 private:
  void Look(size_t i) {
    if (i + 1 == parts_.size()) {
      parts_[i].next = {};
      return;
    }
    const size_t end = i + 2 < parts_.size() ? parts_[i + 2].start : bytes_.size();
    parts_[i].next = find_(parts_[i].token, parts_[i + 1].token,
                           bytes_.substr(parts_[i].start, end - parts_[i].start));
  }

  const TokenIndex& index_;
  const FindMerge find_;
  std::string_view bytes_;
  std::vector<Part> parts_;
};

absl::Status Wrong(const std::string& bytes, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("token \"", absl::CHexEscape(bytes.substr(0, 64)), "\" ", problem));
}

}  // namespace

absl::StatusOr<TokenIndex> IndexTokens(const std::vector<BpeToken>& tokens) {
  TokenIndex index;
  index.reserve(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string& bytes = tokens[i].bytes;
    if (bytes.empty()) return absl::InvalidArgumentError("a token is empty");
    if (bytes.size() > BpeVocabulary::kMaxTokenBytes) {
      return Wrong(bytes, absl::StrCat("has more than ", BpeVocabulary::kMaxTokenBytes, " bytes"));
    }
    if (!index.emplace(bytes, static_cast<uint32_t>(i)).second) return Wrong(bytes, "stands twice");
  }
  for (int byte = 0; byte < 256; ++byte) {
    if (!index.contains(std::string(1, static_cast<char>(byte)))) {
      return absl::InvalidArgumentError(absl::StrFormat("byte 0x%02X is no token", byte));
    }
  }
  return index;
}

void ResolveMerges(const TokenIndex& index, FindMerge find, std::vector<BpeToken>* tokens) {
  Encoder encoder(index, find);
  for (BpeToken& token : *tokens) {
    if (token.bytes.size() == 1) continue;
    const auto last = encoder.Encode(token.bytes);
    if (last.merge.rank == BpeToken::kNone) continue;
    token.left = last.left;
    token.right = last.right;
    token.rank = last.merge.rank;
  }
}

}  // namespace fovea
