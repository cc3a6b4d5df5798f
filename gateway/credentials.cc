#include "gateway/credentials.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
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

// A part of a request that names a credential, or whose it is.
struct Named {
  std::string name;
  std::string value;

  bool operator<(const Named& other) const {
    return std::tie(name, value) < std::tie(other.name, other.value);
  }
};

// Whether a field of that name may say who asks. A rule, since gateways and proxies have names of
// their own. What is taken for one in vain and changes splits a session; what is not taken for one
// shows a conversation to another.
bool MaySayWhoAsks(absl::string_view lower_name) {
  // Of these, what has such a word in its name and changes with each request.
  for (const char* other :
       {"idempotency", "csrf", "xsrf", "token-count", "token-budget", "token-limit", "tokens",
        "cache-key", "timestamp", "nonce", "ratelimit", "rate-limit", "prompt-id", "message-id",
        "user-time", "user-agent", "useragent"}) {
    if (absl::StrContains(lower_name, other)) return false;
  }
  for (const char* begin : {"sec-", "access-control-", "x-fovea-"}) {
    if (absl::StartsWith(lower_name, begin)) return false;
  }
  for (const char* word :
       {"auth",    "key",       "token",    "secret",  "cred",    "cookie", "passw",
        "passphr", "subscri",   "jwt",      "oidc",    "saml",    "assert", "identity",
        "cert",    "principal", "tenant",   "account", "user",    "email",  "organiz",
        "login",   "bearer",    "employee", "member",  "customer"}) {
    if (absl::StrContains(lower_name, word)) return true;
  }
  // Too short to be looked for within others.
  for (absl::string_view piece : absl::StrSplit(lower_name, absl::ByAnyChar("-_."))) {
    for (const char* word : {"vk", "pat", "sk", "uid", "dn", "sub", "psk", "otp", "pin"}) {
      if (piece == word) return true;
    }
  }
  return false;
}

// What names one connection's way through the web, and changes as it likes.
bool IsCookieOfTheWay(absl::string_view lower_name) {
  for (const char* begin :
       {"__cf", "_cf", "cf_bm", "cf_clearance", "awsalb", "incap_ses", "nlbi_", "visid_incap",
        "ak_bmsc", "bm_", "_ga", "_gid", "arraffinity", "applicationgatewayaffinity"}) {
    if (absl::StartsWith(lower_name, begin)) return true;
  }
  return false;
}

void AddCookies(absl::string_view value, std::vector<Named>& to) {
  for (absl::string_view cookie : absl::StrSplit(value, ';')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(absl::StripAsciiWhitespace(cookie), absl::MaxSplits('=', 1));
    if (parts.first.empty() || IsCookieOfTheWay(absl::AsciiStrToLower(parts.first))) continue;
    to.push_back({absl::StrCat("cookie ", parts.first), LastingPart(parts.second)});
  }
}

// The fields of a URL's query, as they are written there.
void AddQuery(absl::string_view url, std::vector<Named>& to) {
  const size_t mark = url.find('?');
  if (mark == absl::string_view::npos) return;
  for (absl::string_view field : absl::StrSplit(url.substr(mark + 1), '&')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(field, absl::MaxSplits('=', 1));
    const std::string name = absl::AsciiStrToLower(parts.first);
    if (parts.second.empty() || !MaySayWhoAsks(name)) continue;
    to.push_back({absl::StrCat("query ", name), LastingPart(parts.second)});
  }
}

}  // namespace

std::string OwnerOf(const Headers& headers, absl::string_view url, absl::string_view salt) {
  std::vector<Named> found;
  for (const Headers::Field& field : headers.fields()) {
    const std::string name = absl::AsciiStrToLower(field.name);
    if (name == "cookie") {
      AddCookies(field.value, found);
    } else if (!absl::StripAsciiWhitespace(field.value).empty() && MaySayWhoAsks(name)) {
      found.push_back({name, LastingPart(field.value)});
    }
  }
  AddQuery(url, found);
  if (found.empty()) return "";
  // Clients and proxies may change the order.
  std::sort(found.begin(), found.end());
  std::string all = absl::StrCat(salt, "\n");
  // With their lengths, so that no value can look like another field.
  for (const Named& one : found) {
    absl::StrAppend(&all, one.name.size(), " ", one.name, " ", one.value.size(), " ", one.value);
  }
  return absl::BytesToHexString(Sha256Of(all));
}

}  // namespace fovea::gateway
