// Which provider a request is for, and as what.
#ifndef FOVEA_GATEWAY_ROUTE_H_
#define FOVEA_GATEWAY_ROUTE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/config.h"
#include "gateway/http_message.h"

namespace fovea::gateway {

enum class Purpose : uint8_t {
  kOther = 0,     // passes through
  kGenerate = 1,  // a model call with a conversation in it
  kCount = 2,     // counts a conversation's tokens: passes through
  kCompact = 3,   // OpenAI's POST /responses/compact
};

struct Route {
  Wire wire = Wire::kOpenAiChat;  // of the provider that it goes to
  Purpose purpose = Purpose::kOther;
  std::string url;
  std::string model;     // where the path names it (Gemini)
  bool streams = false;  // where the path says so (Gemini)
  bool events = false;   // and as events rather than as a list of JSON
};

// By the path's end, and for paths that several providers have by the header anthropic-version,
// x-goog-api-key or a key in the query; else to OpenAI. INVALID_ARGUMENT for a target that is no
// path.
absl::StatusOr<Route> RouteOf(const Request& request, const GatewayConfig& config);

// The upstream's URL with the request's path behind it. Where the upstream's path ends with the
// segments that the request's path begins with, they stand there once: "https://host/v1" and
// "/v1/messages" give "https://host/v1/messages".
std::string JoinUrl(absl::string_view upstream, absl::string_view target);

// `url` as it may be shown and logged: without user, password and query, whether or not it is a
// URL.
std::string PrintableUrl(absl::string_view url);

// "http://HOST:PORT/..." or "https://..." without user, query or fragment; INVALID_ARGUMENT
// otherwise.
absl::Status CheckUpstream(absl::string_view name, absl::string_view url);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_ROUTE_H_
