// The tools recall and search among an agent's own. Pure.
#ifndef FOVEA_GATEWAY_RECALL_TOOLS_H_
#define FOVEA_GATEWAY_RECALL_TOOLS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/config.h"

namespace fovea::gateway {

// `body` with the tools of `recall_tools` (JSON, a list in the wire's form) behind those in its
// field `tools`. None where the agent has a tool of one of these names, where its tools are of a
// shape that cannot be added to, and where it asks for several answers at once.
std::optional<std::string> WithRecallTools(Wire wire, absl::string_view body,
                                           absl::string_view recall_tools);

// `body`, which WithRecallTools made, without them.
std::string WithoutRecallTools(Wire wire, absl::string_view body);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_RECALL_TOOLS_H_
