// Whose request it is, as far as its credential says.
#ifndef FOVEA_GATEWAY_CREDENTIALS_H_
#define FOVEA_GATEWAY_CREDENTIALS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http_message.h"

namespace fovea::gateway {

// A hash, from which the credentials cannot be had without `salt`; "" for a request without any.
// They are all fields of the header and of the query whose names say that they may be one, and the
// cookies. Equal for the same API key. Tokens of logins change within a session: of a JWT the
// issuer and the subject count, and opaque ones (Anthropic's, Google's) are all alike. The token is
// not checked: the provider does that. `url`: where the request goes, with its query.
std::string OwnerOf(const Headers& headers, absl::string_view url, absl::string_view salt);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_CREDENTIALS_H_
