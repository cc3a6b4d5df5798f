#include "service/wire/call_names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"

namespace fovea::wire {
namespace {

constexpr size_t kSuffixDigits = 12;

bool IsPlain(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; }

std::string MakePlain(const std::string& text) {
  std::string plain = text;
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return !IsPlain(c); }, '_');
  return plain;
}

}  // namespace

std::string CallIds::Take(const std::string& id, uint64_t seq, size_t index) {
  const bool allowed = !id.empty() && id.size() <= rule_.max_bytes && IsWellFormedUtf8(id) &&
                       (!rule_.plain || std::all_of(id.begin(), id.end(), IsPlain));
  if (allowed && used_.insert(id).second) return id;
  // Only plain characters: cutting a longer one in two would not be UTF-8 any more.
  const std::string stem =
      MakePlain(id.empty() ? "call" : id).substr(0, rule_.max_bytes - kSuffixDigits - 1);
  for (uint64_t attempt = 0;; ++attempt) {
    const std::string digest = Sha256()
                                   .UpdateField(id)
                                   .UpdateNumber(seq)
                                   .UpdateNumber(index)
                                   .UpdateNumber(attempt)
                                   .HexDigest();
    std::string rewritten = absl::StrCat(stem, "_", digest.substr(0, kSuffixDigits));
    if (used_.insert(rewritten).second) return rewritten;
  }
}

std::string CallName(const std::string& name, size_t max_bytes) {
  return name.empty() ? "unnamed" : MakePlain(name).substr(0, max_bytes);
}

}  // namespace fovea::wire
