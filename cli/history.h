// The import format: JSON Lines, one session a line:
//
//   {"session_id": "...", "turns": [
//     {"role": "system|user|assistant|tool", "text": "...",
//      "tool_calls": [{"id": "...", "name": "...", "args": "..."}],  assistant turns
//      "tool_call_id": "...", "is_error": false,                     tool turns
//      "time_us": 0}]}
//
// Everything but "turns" and "role" may be missing. Keys that are not listed are kept: a session's
// in its metadata, a turn's in its attributes.
#ifndef FOVEA_CLI_HISTORY_H_
#define FOVEA_CLI_HISTORY_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/json.h"
#include "fovea/v1/session.pb.h"
#include "fovea/v1/turn.pb.h"

namespace fovea::cli {

struct History {
  std::string session_id;  // empty if the line has none
  std::string title;
  std::string metadata_json;  // empty if there is nothing to keep
  std::vector<v1::Turn> turns;
};

// INVALID_ARGUMENT if the line is not JSON or not a session; the message names the turn.
absl::StatusOr<History> ParseHistory(std::string_view line);

// One turn of the import format. INVALID_ARGUMENT as above.
absl::StatusOr<v1::Turn> ParseHistoryTurn(const Json& json);

// A turn in the import format, such that ParseHistoryTurn gives it back (without its sequence).
// What the format has no words for (images, signed blocks) comes whole, as "fovea_turn".
Json HistoryTurn(const v1::Turn& turn);

// A session's line without its turns: {"session_id": ..., "title": ..., and the metadata's keys}.
Json HistoryHead(const v1::Session& session);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_HISTORY_H_
