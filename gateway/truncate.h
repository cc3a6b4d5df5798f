// A conversation that fits, made without fovead.
#ifndef FOVEA_GATEWAY_TRUNCATE_H_
#define FOVEA_GATEWAY_TRUNCATE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/conversation.h"

namespace fovea::gateway {

// The conversation's array with its oldest messages left out behind the first, and a note in their
// place, so that it has at most `max_tokens` by EstimateTokens. Calls keep their results, whatever
// stands between them; system text stays. RESOURCE_EXHAUSTED if its newest part alone is larger.
absl::StatusOr<std::string> Truncated(const Conversation& conversation, absl::string_view body,
                                      int64_t max_tokens);

// One message of the user's in the wire's form.
std::string UserText(Wire wire, absl::string_view text);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_TRUNCATE_H_
