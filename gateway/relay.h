// One uninterrupted answer for the agent, out of the answers to several requests: the model's calls
// of recall and search are taken out of the stream, and the gateway answers them.
#ifndef FOVEA_GATEWAY_RELAY_H_
#define FOVEA_GATEWAY_RELAY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/answer.h"
#include "gateway/config.h"
#include "gateway/sse.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {

// A call of a tool that is the gateway's.
struct HiddenCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON
};

// Rounds: BeginRound, Feed..., EndRound; another round while goes_on().
// Thread-compatible.
class Relay {
 public:
  using Json = transcripts::Json;

  // `stream`: the answer is one of events; else one JSON text.
  static std::unique_ptr<Relay> Create(Wire wire, bool stream);
  virtual ~Relay() = default;

  void BeginRound();
  // Appends to `out` what the agent gets now.
  virtual void Feed(absl::string_view bytes, std::string* out);
  virtual void EndRound(std::string* out);

  // The round was calls of the gateway's tools alone, and nothing cut it off: once they are
  // answered, the model goes on.
  bool goes_on() const { return goes_on_; }
  // The round that begins next is the last: where it stops for the gateway's tools all the same,
  // the agent's answer ends there, as one that is finished.
  void ForbidRounds() { may_go_on_ = false; }
  bool may_go_on() const { return may_go_on_; }
  // What the agent gets, in a stream, in the place of a round that the provider failed with
  // `status`: the wire's own event. `body`: what the provider said.
  virtual std::string Failure(int status, absl::string_view body) const;
  // Of this round: to be answered. None where it was cut off.
  const std::vector<HiddenCall>& calls();
  // Whether the agent's answer is at its end: what it will send back is known from here on.
  bool ends() const { return ends_; }
  // What the model said in this round, as items of the conversation. Where it was cut off, without
  // its calls of the gateway's tools: nobody answers them.
  std::vector<Json> said() const;
  bool complete() const { return round_ != nullptr && round_->complete(); }
  // What the provider billed, over all rounds.
  Usage usage() const;
  int rounds() const { return rounds_; }
  // Whether anything was taken out, in any round.
  bool hid_anything() const { return hid_anything_; }
  // The answer as the agent sends it back, over all rounds.
  virtual std::vector<Json> visible() const = 0;
  // Items that answer this round's hidden calls.
  virtual std::vector<Json> Results(const std::map<std::string, std::string>& texts) const = 0;

  static bool IsOurs(absl::string_view tool) { return tool == "recall" || tool == "search"; }

 protected:
  explicit Relay(Wire wire, bool streams = true) : wire_(wire), streams_(streams) {}
  virtual void OnEvent(absl::string_view raw, const Json& json, std::string* out) = 0;
  virtual void OnOther(absl::string_view raw, absl::string_view data, std::string* out);
  // Of the agent's view: resets what is counted by the round.
  virtual void OnBegin() {}

  // `arguments`, where they are known already; else calls() finds them in what was said.
  void Hide(std::string id, std::string name, std::string arguments = "");
  // The model stopped; `cut`: for a limit or a filter, so that its calls may not be whole.
  void Stop(bool cut);
  // Whether the model stopped for calls that are all the gateway's.
  bool StopsForOurs() const { return may_go_on_ && StopsForNone(); }
  // The same where nobody answers them any more.
  bool StopsInVain() const { return !may_go_on_ && StopsForNone(); }

  const Wire wire_;
  const bool streams_;
  std::unique_ptr<AnswerReader> round_;
  std::vector<HiddenCall> calls_;
  int visible_calls_ = 0;
  int rounds_ = 0;
  bool goes_on_ = false;
  bool may_go_on_ = true;
  bool ends_ = false;
  bool cut_ = false;
  bool hid_anything_ = false;
  int64_t earlier_output_ = 0;  // tokens of the rounds before
  Usage earlier_;               // input of the rounds before

 private:
  void TakeEvent(absl::string_view raw, absl::string_view data, std::string* out);
  bool StopsForNone() const { return !calls_.empty() && visible_calls_ == 0; }

  SseSplitter splitter_;
  bool as_it_is_ = false;  // an event is too long to be held
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_RELAY_H_
