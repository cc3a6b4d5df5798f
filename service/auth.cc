#include "service/auth.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"
#include "core/reader/json_fields.h"
#include "nlohmann/json.hpp"
#include "readers/files/read_file.h"

namespace fovea::service {
namespace {

constexpr size_t kMaxTenantBytes = 200;
constexpr size_t kMaxTokenProblems = 50;
constexpr size_t kTokenIdDigits = 12;

struct TokenLine {
  std::string digest;
  Identity identity;
};

absl::StatusOr<TokenLine> ParseLine(const std::string& place, const std::string& line) {
  FOVEA_ASSIGN_OR_RETURN(auto json, ParseJson(place, line));
  JsonFields fields(&json);
  TokenLine token{.digest = absl::AsciiStrToLower(fields.String("token_sha256")),
                  .identity = {.tenant = fields.String("tenant")}};
  if (fields.Has("role")) {
    token.identity.access =
        static_cast<Access>(fields.Choice("role", {"reader", "writer", "admin"}));
  } else if (fields.Has("admin") && fields.Bool("admin")) {  // as it was written before roles
    token.identity.access = Access::kAdmin;
  }
  if (fields.Has("expires")) {
    std::string problem;
    absl::Time& expires = token.identity.expires;
    // ParseTime takes "infinite-future", too.
    if (!absl::ParseTime(absl::RFC3339_full, fields.String("expires"), &expires, &problem) ||
        expires == absl::InfiniteFuture() || expires == absl::InfinitePast()) {
      fields.Fail("expires", "must be a time such as 2027-01-31T12:00:00Z");
    }
  }
  const bool hex = std::all_of(token.digest.begin(), token.digest.end(), absl::ascii_isxdigit);
  if (token.digest.size() != 64 || !hex) fields.Fail("token_sha256", "must be 64 hex digits");
  const std::string& tenant = token.identity.tenant;
  if (tenant.size() > kMaxTenantBytes ||
      !std::all_of(tenant.begin(), tenant.end(), absl::ascii_isgraph)) {
    fields.Fail("tenant", "must be 1 to 200 bytes of printable ASCII without spaces");
  }
  token.identity.token_id = token.digest.substr(0, kTokenIdDigits);
  fields.Finish();
  if (!fields.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(place, ": ", json.status.message()));
  }
  return token;
}

absl::StatusOr<absl::flat_hash_map<std::string, Identity>> ReadTokens(const std::string& file) {
  constexpr size_t kMaxBytes = size_t{64} << 20;
  const auto text = ReadFile(file, kMaxBytes);
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        absl::StrCat("the tokens file: ", text.status().message()));
  }
  absl::flat_hash_map<std::string, Identity> tokens;
  std::vector<std::string> problems;
  int number = 0;
  for (const absl::string_view read : absl::StrSplit(*text, '\n')) {
    ++number;
    const std::string line(absl::StripAsciiWhitespace(read));
    if (line.empty()) continue;
    const std::string place = absl::StrCat(file, ":", number);
    auto token = ParseLine(place, line);
    if (!token.ok()) {
      problems.emplace_back(token.status().message());
    } else if (!tokens.emplace(token->digest, token->identity).second) {
      problems.push_back(absl::StrCat(place, ": this token stands twice"));
    }
    // It may be a file of quite another kind.
    if (problems.size() < kMaxTokenProblems) continue;
    problems.push_back(absl::StrCat(file, ": the lines behind ", number, " were not read"));
    break;
  }
  if (problems.empty()) return tokens;
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Authenticator>> Authenticator::Create(std::string tokens_file) {
  std::unique_ptr<Authenticator> auth(new Authenticator(std::move(tokens_file)));
  FOVEA_RETURN_IF_ERROR(auth->Reload());
  return auth;
}

absl::Status Authenticator::Reload() {
  if (tokens_file_.empty()) return absl::OkStatus();
  FOVEA_ASSIGN_OR_RETURN(auto tokens, ReadTokens(tokens_file_));
  const absl::MutexLock lock(&mutex_);
  if (tokens.empty() && !by_digest_.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(tokens_file_, " holds no token, and nobody would be let in"));
  }
  by_digest_ = std::move(tokens);
  return absl::OkStatus();
}

absl::StatusOr<Identity> Authenticator::Identify(std::string_view authorization,
                                                 absl::Time now) const {
  if (tokens_file_.empty()) return Identity{.tenant = "default", .access = Access::kAdmin};
  if (authorization.empty()) {
    return absl::UnauthenticatedError(
        "this server wants a token: send the header \"authorization: Bearer TOKEN\"");
  }
  absl::string_view token(authorization.data(), authorization.size());
  if (!absl::StartsWithIgnoreCase(token, "bearer ")) {
    return absl::UnauthenticatedError("the authorization header must be \"Bearer TOKEN\"");
  }
  token = absl::StripAsciiWhitespace(token.substr(7));
  const absl::MutexLock lock(&mutex_);
  auto found = by_digest_.find(Sha256Hex({token.data(), token.size()}));
  if (found == by_digest_.end()) return absl::UnauthenticatedError("the token is not known");
  if (found->second.expires <= now) return absl::UnauthenticatedError("the token has expired");
  return found->second;
}

}  // namespace fovea::service
