// Anthropic's Messages: one message -> turns.
//
// An assistant's message is one turn. A user's message is one turn of the user's, or one of the
// tool's for a run of tool_result blocks and one of the user's for what stands around it. Blocks
// without a part of their own (thinking, server tools, ...) are opaque parts "anthropic.TYPE" with
// the block's JSON; their order is kept.
#ifndef FOVEA_TRANSCRIPTS_ANTHROPIC_H_
#define FOVEA_TRANSCRIPTS_ANTHROPIC_H_

#include "absl/status/statusor.h"
#include "transcripts/lossless_json.h"
#include "transcripts/message.h"

namespace fovea::transcripts {

// A member of a request's `messages`, or the API's whole answer. INVALID_ARGUMENT names the key
// ("content[2].id") if the role is unknown, a member has a wrong type, or nothing would be in the
// turn. Thread-safe.
absl::StatusOr<ReadMessage> ReadAnthropicMessage(const Json& message);

// A request's `system`, a string or a list of text blocks: a turn of the system's. Errors as above.
absl::StatusOr<ReadMessage> ReadAnthropicSystem(const Json& system);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_ANTHROPIC_H_
