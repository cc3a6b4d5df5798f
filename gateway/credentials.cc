#include "gateway/credentials.h"

#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/conversation.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {
namespace {

constexpr size_t kMaxClaimsBytes = 64 << 10;

// Who a JWT was given to; none if it is no JWT, or does not say.
std::optional<std::string> SubjectOf(absl::string_view token) {
  if (!absl::StartsWith(token, "eyJ") || token.size() > kMaxClaimsBytes) return std::nullopt;
  const std::vector<absl::string_view> pieces = absl::StrSplit(token, '.');
  std::string text;
  if (pieces.size() != 3 || !absl::WebSafeBase64Unescape(pieces[1], &text)) return std::nullopt;
  const auto claims = transcripts::ParseJson(text);
  if (!claims.ok() || !claims->is_object()) return std::nullopt;
  const auto subject = claims->find("sub");
  if (subject == claims->end()) return std::nullopt;
  const auto issuer = claims->find("iss");
  return absl::StrCat(issuer == claims->end() ? "" : transcripts::DumpJson(*issuer), "\n",
                      transcripts::DumpJson(*subject));
}

// What of a credential stays the same within a session.
std::string LastingPart(absl::string_view credential) {
  absl::string_view token = absl::StripAsciiWhitespace(credential);
  if (absl::StartsWithIgnoreCase(token, "bearer ")) {
    token = absl::StripAsciiWhitespace(token.substr(7));
  }
  for (const char* login : {"sk-ant-oat", "ya29."}) {
    if (absl::StartsWith(token, login)) return absl::StrCat("login\n", login);
  }
  const std::optional<std::string> subject = SubjectOf(token);
  return subject.has_value() ? absl::StrCat("subject\n", *subject) : absl::StrCat("key\n", token);
}

// The value of `key` in a URL's query, as it is written there.
absl::string_view KeyInQuery(absl::string_view url) {
  const size_t mark = url.find('?');
  if (mark == absl::string_view::npos) return "";
  for (absl::string_view field : absl::StrSplit(url.substr(mark + 1), '&')) {
    if (absl::ConsumePrefix(&field, "key=")) return field;
  }
  return "";
}

}  // namespace

std::string OwnerOf(const Headers& headers, absl::string_view url, absl::string_view salt) {
  std::string credentials;
  const auto add = [&](absl::string_view credential) {
    if (!credential.empty()) absl::StrAppend(&credentials, LastingPart(credential), "\n\n");
  };
  for (const char* name : {"x-api-key", "api-key", "authorization", "x-goog-api-key"}) {
    add(headers.Get(name));
  }
  add(KeyInQuery(url));
  if (credentials.empty()) return "";
  return absl::BytesToHexString(Sha256Of(absl::StrCat(salt, "\n", credentials)));
}

}  // namespace fovea::gateway
