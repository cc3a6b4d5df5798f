// A chat API's own JSON: how a context becomes its messages.
#ifndef FOVEA_SERVICE_WIRE_FORMAT_H_
#define FOVEA_SERVICE_WIRE_FORMAT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/context/context.h"
#include "service/wire/conversation.h"
#include "service/wire/json_text.h"
#include "service/wire/message.h"

namespace fovea::wire {

// Where a group stands in its context.
enum class Place : uint8_t {
  kHead = 1,   // system turns here are the API's system text
  kTail = 2,   // others follow: its calls get no more results
  kNewest = 3  // the last of all
};

// Payload: opening, messages with commas between them, closing. What the prefix writes is a prefix
// of every payload with the same head and history, byte for byte.
//
// Where the newest turn is an assistant's calls without any result, the payload ends with the
// calls, and the client adds the results. Once anything follows them, a call without a result is
// answered with a note.
class JsonFormat {
 public:
  virtual ~JsonFormat() = default;

  virtual Conversation Begin(const ReaderTraits& reader) const = 0;
  // Before the tail's groups: keeps the ids of the newest group's calls that wait for the client's
  // results as the client knows them.
  virtual void Reserve(const ServedGroup& newest, Conversation* to) const = 0;
  // Appends a group's messages.
  virtual void AddGroup(const ServedGroup& group, Place place, Conversation* to) const = 0;
  virtual void AddHistory(const std::vector<HistoryMessage>& history, Conversation* to) const = 0;
  // After the last group.
  virtual void End(Conversation* to) const = 0;
  // Marks where the payload may be cached up to, if the API wants to be told.
  virtual void MarkPrefix(const std::vector<HistoryMessage>& history, Conversation* to) const = 0;
  virtual void MarkTail(Conversation* to) const = 0;

  // OK if the API would accept `prefix` and `tail`, one after the other. INTERNAL says where it
  // would not.
  virtual absl::Status Validate(const std::vector<Message>& prefix,
                                const std::vector<Message>& tail) const = 0;

  virtual void WritePrefix(const std::vector<Message>& prefix, const PageBytes& pages,
                           std::string* out) const = 0;
  virtual void WriteTail(const std::vector<Message>& prefix, const std::vector<Message>& tail,
                         const PageBytes& pages, std::string* out) const = 0;
};

// All are stateless: thread-safe.
std::unique_ptr<JsonFormat> OpenAiChat();
std::unique_ptr<JsonFormat> AnthropicMessages();
std::unique_ptr<JsonFormat> OpenAiResponses();
std::unique_ptr<JsonFormat> GeminiGenerateContent();
std::unique_ptr<JsonFormat> VllmChat();
std::unique_ptr<JsonFormat> DeepSeekChat();

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_FORMAT_H_
