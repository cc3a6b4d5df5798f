// The tools with which a model asks for what a context no longer shows exactly.
#ifndef FOVEA_SERVICE_WIRE_RECALL_TOOLS_H_
#define FOVEA_SERVICE_WIRE_RECALL_TOOLS_H_

#include <optional>
#include <string>

#include "service/wire/formats.h"

namespace fovea::wire {

// Definitions of recall(seq, first_byte?, max_bytes?) and search(query, limit?) as a JSON array:
// what the API's field `tools` takes, or, without a format, as the Model Context Protocol lists
// tools. The same bytes each time, so that a provider's cache of the tools holds.
std::string RecallTools(std::optional<PayloadFormat> format);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_RECALL_TOOLS_H_
