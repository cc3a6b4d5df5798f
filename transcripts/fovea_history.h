// Fovea's own format of histories: JSON Lines, one session a line:
//
//   {"session_id": "...", "turns": [
//     {"role": "system|user|assistant|tool", "text": "...",
//      "tool_calls": [{"id": "...", "name": "...", "args": "..."}],  assistant turns
//      "tool_call_id": "...", "is_error": false,                     tool turns
//      "time_us": 0, "agent_id": ""}]}
//
// Everything but "turns" and "role" may be missing. Keys that are not listed are kept: a session's
// in its metadata, a turn's in its attributes. A turn with "content" in place of "text" is a
// message of OpenAI's Chat or Anthropic's Messages. What these words cannot say (images, signed
// blocks) stands whole in "fovea_turn" (transcripts/turn_json.h).
#ifndef FOVEA_TRANSCRIPTS_FOVEA_HISTORY_H_
#define FOVEA_TRANSCRIPTS_FOVEA_HISTORY_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/log/turn.h"
#include "transcripts/lossless_json.h"
#include "transcripts/message.h"

namespace fovea::transcripts {

// One turn of the format; a message may be several. INVALID_ARGUMENT names the key if the role is
// unknown, a value has a wrong type, or nothing would be in the turn.
absl::StatusOr<ReadMessage> ReadHistoryTurn(const Json& json);

// A turn in the format, such that ReadHistoryTurn gives it back (without its sequence).
Json HistoryTurn(const Turn& turn);

// A session's line without its turns: {"session_id": ..., "title": ..., and the metadata's keys}.
Json HistoryHead(const std::string& session_id, const std::string& title,
                 const std::string& metadata_json);

// Metadata as the API takes them: the JSON itself, or, where they hold half of a surrogate pair,
// which the server cannot check, their text within JSON.
std::string MetadataText(const Json& metadata);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_FOVEA_HISTORY_H_
