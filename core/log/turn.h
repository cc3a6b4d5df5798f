// The domain's nouns: what a conversation consists of.
#ifndef FOVEA_CORE_LOG_TURN_H_
#define FOVEA_CORE_LOG_TURN_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace fovea {

enum class Role : uint8_t { kSystem = 1, kUser = 2, kAssistant = 3, kTool = 4 };

// "system", "user", "assistant" or "tool".
const char* RoleName(Role role);

// Text as the agent produced it. Usually UTF-8, but any bytes are kept: an agent's JSON may hold
// lone surrogates, and a shell may print anything.
struct TextPart {
  std::string text;
  std::string phase =
      {};  // OpenAI's, of an assistant's message: "commentary", "final_answer"; or ""
  bool operator==(const TextPart&) const = default;
};

struct ImagePart {
  std::string media_type;  // "image/png", "image/jpeg", "image/webp" or "image/gif"
  std::string data;        // the encoded image
  bool operator==(const ImagePart&) const = default;
};

struct ToolCallPart {
  std::string call_id;
  std::string name;
  std::string arguments_json;  // exactly as the model wrote it, which need not be valid JSON
  bool custom = false;         // a freeform tool's: arguments_json is its input, any text
  bool operator==(const ToolCallPart&) const = default;
};

// A file that the model is given. Of type text/... it is text (core/log/part_text.h).
struct DocumentPart {
  std::string media_type;
  std::string name;
  std::string data;             // the file; or ...
  std::string uri;              // ... where the provider finds it: a URL or its own file id
  std::string context;          // what the model is told about it
  std::string attributes_json;  // other fields of the API's block, as a JSON object; may be empty
  bool operator==(const DocumentPart&) const = default;
};

// A passage that a search found.
struct SearchResultPart {
  std::string source;
  std::string title;
  std::vector<std::string> text;
  std::string attributes_json;
  bool operator==(const SearchResultPart&) const = default;
};

// A tool that a search for tools found.
struct ToolReferencePart {
  std::string tool_name;
  bool operator==(const ToolReferencePart&) const = default;
};

// What the assistant said instead of an answer.
struct RefusalPart {
  std::string text;
  bool operator==(const RefusalPart&) const = default;
};

struct AudioPart {
  std::string media_type;
  std::string data;
  std::string transcript;
  std::string id;  // the provider's
  bool operator==(const AudioPart&) const = default;
};

using ResultItem =
    std::variant<TextPart, ImagePart, DocumentPart, SearchResultPart, ToolReferencePart>;

struct ToolResultPart {
  std::string call_id;  // may be empty or unknown: such a result is an orphan (core/log/group.h)
  std::vector<ResultItem> content;
  bool is_error = false;
  bool operator==(const ToolResultPart&) const = default;
};

// A signed, encrypted or provider-specific block (a thinking block, say). Served only verbatim,
// only to the wire format named by `kind`'s prefix, and never drawn.
struct OpaquePart {
  std::string kind;  // "anthropic.thinking", "anthropic.redacted_thinking", "openai.reasoning", ...
  std::string data;  // the block's JSON, or other bytes, exactly
  bool operator==(const OpaquePart&) const = default;
};

using Part = std::variant<TextPart, ImagePart, ToolCallPart, ToolResultPart, OpaquePart,
                          DocumentPart, SearchResultPart, RefusalPart, AudioPart>;

// One message. Sequences start at 1 and have no gaps within a session.
struct Turn {
  uint64_t seq = 0;
  Role role = Role::kUser;
  int64_t time_us = 0;  // when it happened, microseconds since the Unix epoch; 0 if unknown
  std::vector<Part> parts;
  std::string attributes_json;  // fields of the source that Fovea has no word for, as a JSON object
  std::string agent_id = {};  // which of several agents of the session spoke; "" where there is one
  bool operator==(const Turn&) const = default;
};

// The turn's own text: its text parts and the texts of its tool results, documents, search results,
// refusals and sounds, concatenated in order. Tool calls, images and opaque blocks are not part of
// it.
std::string TurnText(const Turn& turn);

// Unicode code points in `text`; every byte of an ill-formed sequence counts as one.
uint64_t CountCharacters(std::string_view text);

// Code points in everything of the turn that a reader reads as text: that of TurnText, and names
// and arguments of tool calls.
uint64_t TurnCharacters(const Turn& turn);

// The turn's pictures, those in its tool results too, in order. They live as long as the turn.
std::vector<const ImagePart*> TurnImages(const Turn& turn);

// Inclusive; empty if first > last.
struct SeqRange {
  uint64_t first = 1;
  uint64_t last = 0;
  bool empty() const { return first > last; }
  bool contains(uint64_t seq) const { return first <= seq && seq <= last; }
  bool operator==(const SeqRange&) const = default;
};

// What happens to a session besides turns. Part of the log, ordered among the turns, so that a
// replay makes the same decisions.
struct LogEvent {
  enum class Kind : uint8_t {
    kPin = 1,     // `turns` stay text in every context until unpinned
    kUnpin = 2,   // `turns` are pinned no longer, from the next epoch on
    kRecall = 3,  // `turns` were read back exactly by the model or the agent
    kCompact = 4  // a step of forgetting was asked for; of all `turns`
  };
  uint64_t index = 0;  // 1, 2, 3, ... within the session
  uint64_t after_seq =
      0;  // the newest turn at the time: the event applies to contexts from there on
  Kind kind = Kind::kPin;
  SeqRange turns;
  int64_t time_us = 0;
  bool operator==(const LogEvent&) const = default;
};

// The key of everything a tenant owns. The tenant comes from credentials, never from a request.
struct SessionKey {
  std::string tenant;
  std::string session_id;
  auto operator<=>(const SessionKey&) const = default;
};

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_TURN_H_
