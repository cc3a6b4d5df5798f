// OpenAI's Chat Completions, and what follows their shape: one message -> one turn.
//
// A system message and a developer's are the system's; a tool's or function's is a turn with one
// result. reasoning_content (DeepSeek, Kimi, GLM, Qwen) is an opaque part
// "deepseek.reasoning_content" with the text, before the message's text. A content part without a
// part of its own is opaque, "openai.TYPE", with its JSON.
#ifndef FOVEA_TRANSCRIPTS_OPENAI_CHAT_H_
#define FOVEA_TRANSCRIPTS_OPENAI_CHAT_H_

#include "absl/status/statusor.h"
#include "transcripts/lossless_json.h"
#include "transcripts/message.h"

namespace fovea::transcripts {

// A member of a request's `messages`, or `choices[0].message` of an answer. INVALID_ARGUMENT names
// the key ("tool_calls[1].function") if the role is unknown, a member has a wrong type, or nothing
// would be in the turn. Thread-safe.
absl::StatusOr<ReadMessage> ReadOpenAiChatMessage(const Json& message);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_OPENAI_CHAT_H_
