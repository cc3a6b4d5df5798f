#include "memory_store/page_token.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "memory_store/absl_view.h"

namespace fovea {
namespace {

// "1:" is the version; the tenant's length separates it from the session id.
std::string Prefix(std::string_view tenant) {
  return absl::StrCat("1:", tenant.size(), ":", AbslView(tenant), ":");
}

}  // namespace

std::string FormatPageToken(std::string_view tenant, const PageToken& token) {
  return absl::WebSafeBase64Escape(
      absl::StrCat(Prefix(tenant), token.created_us, ":", token.session_id));
}

absl::StatusOr<PageToken> ParsePageToken(std::string_view tenant, std::string_view text) {
  PageToken token;
  if (text.empty()) return token;
  std::string plain;
  const bool decoded = absl::WebSafeBase64Unescape(AbslView(text), &plain);
  absl::string_view rest = plain;
  const bool own = absl::ConsumePrefix(&rest, Prefix(tenant));
  const size_t colon = rest.find(':');
  if (!decoded || !own || colon == absl::string_view::npos ||
      !absl::SimpleAtoi(rest.substr(0, colon), &token.created_us)) {
    return absl::InvalidArgumentError("not a page token of this listing");
  }
  token.session_id = std::string(rest.substr(colon + 1));
  return token;
}

}  // namespace fovea
