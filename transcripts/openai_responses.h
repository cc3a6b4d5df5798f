// OpenAI's Responses: one item of `input` or `output` -> one turn.
//
// Items are not joined: a step of reasoning, message and calls is as many assistant turns in a row,
// which contexts treat as one step. A call's output is a turn of the tool's. Items without a part
// of their own (reasoning, web_search_call, ...) are opaque parts "openai.TYPE" with the item's
// JSON, in a turn of the tool's if the type ends in "_output", of the assistant's otherwise.
#ifndef FOVEA_TRANSCRIPTS_OPENAI_RESPONSES_H_
#define FOVEA_TRANSCRIPTS_OPENAI_RESPONSES_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "transcripts/lossless_json.h"
#include "transcripts/message.h"

namespace fovea::transcripts {

// An item, or a message without a type ({"role": "user", "content": "hi"}). INVALID_ARGUMENT names
// the key if it is neither, a member has a wrong type, or nothing would be in the turn.
// Thread-safe.
absl::StatusOr<ReadMessage> ReadOpenAiResponsesItem(const Json& item);

// If the API's documents have items of that type.
bool IsResponsesItemType(std::string_view type);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_OPENAI_RESPONSES_H_
