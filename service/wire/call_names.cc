#include "service/wire/call_names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"

namespace fovea::wire {
namespace {

constexpr size_t kSuffixDigits = 12;
constexpr size_t kNineCharacters = 9;
constexpr size_t kNameDigits = 8;

bool IsPlain(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; }

std::string MakePlain(const std::string& text) {
  std::string plain = text;
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return !IsPlain(c); }, '_');
  return plain;
}

}  // namespace

bool CallIds::Allowed(const std::string& id) const {
  if (rule_.nine_characters) {
    return id.size() == kNineCharacters &&
           std::all_of(id.begin(), id.end(), [](char c) { return absl::ascii_isalnum(c); });
  }
  return !id.empty() && id.size() <= rule_.max_bytes && IsWellFormedUtf8(id) &&
         (!rule_.plain || std::all_of(id.begin(), id.end(), IsPlain));
}

std::string CallIds::TakeReserved(const std::string& id, uint64_t seq, size_t index) {
  reserved_.erase(id);
  return Take(id, seq, index);
}

std::string CallIds::Take(const std::string& id, uint64_t seq, size_t index) {
  if (Allowed(id) && !reserved_.contains(id) && used_.insert(id).second) return id;
  // Only plain characters: cutting a longer one in two would not be UTF-8 any more.
  const std::string stem =
      rule_.nine_characters
          ? ""
          : MakePlain(id.empty() ? "call" : id).substr(0, rule_.max_bytes - kSuffixDigits - 1);
  for (uint64_t attempt = 0;; ++attempt) {
    const std::string digest = Sha256()
                                   .UpdateField(id)
                                   .UpdateNumber(seq)
                                   .UpdateNumber(index)
                                   .UpdateNumber(attempt)
                                   .HexDigest();
    std::string rewritten = rule_.nine_characters
                                ? digest.substr(0, kNineCharacters)
                                : absl::StrCat(stem, "_", digest.substr(0, kSuffixDigits));
    if (!reserved_.contains(rewritten) && used_.insert(rewritten).second) return rewritten;
  }
}

std::string CallName(const std::string& name, const CallNameRule& rule) {
  if (name.empty()) return "unnamed";
  std::string plain = name;
  const auto refused = [&](char c) {
    return !IsPlain(c) && !(rule.dots_and_colons && (c == '.' || c == ':'));
  };
  std::replace_if(plain.begin(), plain.end(), refused, '_');
  const bool begins = absl::ascii_isalpha(plain.front()) || plain.front() == '_';
  if (rule.begins_with_letter && !begins) plain.insert(0, "_");
  if (plain.size() <= rule.max_bytes) return plain;
  plain.resize(rule.max_bytes - kNameDigits - 1);
  return absl::StrCat(plain, "_", Sha256Hex(name).substr(0, kNameDigits));
}

}  // namespace fovea::wire
