// Gemini's contents: one content -> turns.
//
// A model's content is one turn. A user's content is one turn of the user's, or one of the tool's
// for a run of functionResponses and one of the user's for what stands around it. A signed part is
// {"thoughtSignature": "..."} as an opaque part "gemini.thought_signature", and then the part.
// Parts without a part of their own (thoughts, code, files, ...) are opaque, "gemini.part", with
// their JSON. A response {"output": TEXT}, {"result": TEXT} or {"error": TEXT} is the text, any
// other its JSON.
#ifndef FOVEA_TRANSCRIPTS_GEMINI_H_
#define FOVEA_TRANSCRIPTS_GEMINI_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "transcripts/lossless_json.h"
#include "transcripts/message.h"

namespace fovea::transcripts {

// Reads a conversation content by content, because Gemini's calls often have no ids: they get
// "call-1", "call-2", ... in their order (also those that have an id count, so that the same
// history always gives the same ids), and a response without an id answers the oldest unanswered
// call of its name. Thread-compatible.
class GeminiReader {
 public:
  // INVALID_ARGUMENT names the key ("parts[1].functionCall") if the role is unknown, a member has a
  // wrong type, or nothing would be in the turn; the content then counts as not read.
  absl::StatusOr<ReadMessage> ReadContent(const Json& content);

 private:
  friend class GeminiContent;

  uint64_t calls_ = 0;
  std::deque<std::pair<std::string, std::string>> open_;  // names and ids that the reader gave
};

// A request's systemInstruction, a content or a string: a turn of the system's.
absl::StatusOr<ReadMessage> ReadGeminiSystem(const Json& instruction);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_GEMINI_H_
