// A turn as JSON: its fields by their names in proto/fovea/v1/turn.proto, what has its default
// value left out:
//
//   {"role": "assistant", "time_us": 1, "agent_id": "a",
//    "parts": [{"text": {"text": "hi", "phase": "commentary"}},
//              {"tool_call": {"call_id": "c", "name": "ls", "arguments_json": "{}"}}],
//    "attributes_json": "{\"id\":\"msg_1\"}"}
//
// Bytes are a string where they are text, else {"base64": "..."}. tests/vectors/README.md has all
// parts.
#ifndef FOVEA_TRANSCRIPTS_TURN_JSON_H_
#define FOVEA_TRANSCRIPTS_TURN_JSON_H_

#include "absl/status/statusor.h"
#include "core/log/turn.h"
#include "transcripts/lossless_json.h"

namespace fovea::transcripts {

// Without the sequence.
Json TurnToJson(const Turn& turn);

// The reverse; fields may also be there with their default values, and "seq" is passed over.
// INVALID_ARGUMENT names the field ("parts[1].tool_call.name") that is unknown or of a wrong type.
absl::StatusOr<Turn> TurnFromJson(const Json& json);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_TURN_JSON_H_
