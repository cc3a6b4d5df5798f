// What a model answered, put together from the bytes that its provider sends.
#ifndef FOVEA_GATEWAY_ANSWER_H_
#define FOVEA_GATEWAY_ANSWER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/config.h"
#include "gateway/sse.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {

// As the provider counted; 0 where it said nothing.
struct Usage {
  int64_t input = 0;  // all of it: cached, written and new
  int64_t cached = 0;
  int64_t written = 0;
  int64_t output = 0;
};

// Tells the calls of a Chat stream apart. Most providers number them; some leave the number out, or
// give each the same. Thread-compatible.
class ChatCallNumbers {
 public:
  // The number of the call that a member of `tool_calls` begins or goes on with.
  int64_t Of(const transcripts::Json& delta);

 private:
  struct Call {
    int64_t number = 0;
    std::string id;
  };
  std::map<int64_t, Call> by_index_;  // the last that was called so
  int64_t next_ = 0;                  // above all that were given
  int64_t last_ = 0;
  std::string last_id_;
};

// Reads along. What it does not understand it passes over: it never fails. Thread-compatible.
class AnswerReader {
 public:
  using Json = transcripts::Json;

  AnswerReader(Wire wire, bool stream) : wire_(wire), stream_(stream) {}

  void Feed(absl::string_view bytes);
  // At the end of the bytes.
  void End();

  // One event's data, or a whole answer that is not streamed.
  void Take(const Json& json);

  // Whether the model came to its end, so that `items` is all that it said.
  bool complete() const { return complete_ && !several_; }
  const Usage& usage() const { return usage_; }
  // The answer as the agent sends it back: items of the conversation.
  std::vector<Json> items() const;

 private:
  void TakeData(absl::string_view data);
  void TakeAnthropic(const Json& event);
  void TakeAnthropicDelta(const Json& event);
  void TakeChat(const Json& chunk);
  void TakeChatDelta(const Json& delta);
  void TakeResponses(const Json& event);
  void TakeGemini(const Json& chunk);
  void TakeUsage(const Json& usage);

  const Wire wire_;
  const bool stream_;
  SseSplitter splitter_;
  std::string body_;  // of an answer that is not streamed
  bool too_long_ = false;
  bool complete_ = false;
  bool several_ = false;  // answers to choose from
  Usage usage_;
  std::map<int64_t, Json> blocks_;            // by index: content blocks, calls
  std::map<int64_t, std::string> arguments_;  // of calls, as they grow
  ChatCallNumbers numbers_;
  std::vector<Json> items_;  // Responses' items, Gemini's parts
  std::string text_;
  std::string reasoning_;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_ANSWER_H_
