// One model call: out to the provider, back to the agent, and into the books.
#ifndef FOVEA_GATEWAY_MODEL_CALL_H_
#define FOVEA_GATEWAY_MODEL_CALL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/answer.h"
#include "gateway/books/database.h"
#include "gateway/compressor.h"
#include "gateway/content_coding.h"
#include "gateway/http_message.h"
#include "gateway/http_server.h"
#include "gateway/relay.h"
#include "gateway/route.h"
#include "gateway/upstream.h"

namespace fovea::gateway {

// Adds the x-fovea-* fields to an answer's.
void AddFoveaHeaders(const Outcome& outcome, Headers& headers);

// A request as it goes out: without hop-by-hop fields and the gateway's own.
UpstreamRequest OutgoingRequest(const Route& route, const Request& request, int client_fd);

// The length that an answer states, where its body is that long.
std::optional<uint64_t> StatedLength(const Headers& headers);

// Thread-compatible.
class ModelCall {
 public:
  // `compressor` is null where everything passes.
  ModelCall(Route route, std::shared_ptr<const Request> request, Upstream& upstream,
            Compressor* compressor)
      : route_(std::move(route)),
        request_(std::move(request)),
        upstream_(upstream),
        compressor_(compressor) {}

  // OK if the agent has an answer to its end, which may be the provider's error; else what went
  // wrong on the way to the provider. Where the answer had begun, the connection is broken off.
  // `response` is not used after that.
  absl::Status Run(Plan plan, ResponseWriter& response);
  // Behind Run, in a job of the plan's key: the answer into the log.
  void Finish();
  // Behind Finish: what was billed, to fovead.
  void Report();

  const Plan& plan() const { return plan_; }
  Usage usage() const;
  int status() const { return status_; }

 private:
  // An answer that may not be the agent's: it is kept until that is known.
  struct Held {
    ResponseHead head;
    std::string body;
  };

  absl::Status SendRound(const std::string& body);
  absl::Status OnHead(ResponseHead head);
  absl::Status OnBody(absl::string_view bytes);
  // The answer is the agent's.
  absl::Status Begin(ResponseHead head);
  absl::Status StartRelay(ResponseHead head);
  absl::Status Start(ResponseHead head);
  // Its first bytes say whether it has the coding that it names; where it does not, it is passed on
  // as it came.
  absl::Status Decode(absl::string_view bytes);
  absl::Status PassUndecoded();
  absl::Status Take(absl::string_view bytes);
  absl::Status Give(absl::string_view bytes);
  absl::Status Release();

  // Whether a refusal may be for what the gateway made, or for a history that can be cut.
  bool MayTryOtherwise(int status) const;
  // Makes the plan another way to ask what was refused; false if there is none.
  bool TryOtherwise();
  bool IsMade() const;  // what goes out is the gateway's own
  // Sends the model what it asked for, until it asks no more.
  absl::Status Recall();
  // `body` with what was said and answered from `from` on.
  absl::StatusOr<std::string> NextBody(const std::string& body, size_t from);
  // Whether the model may ask again.
  bool MayRecallMore();
  // What was billed, in input tokens that are not cached; where the provider does not count, what
  // was predicted.
  double Cost();
  // Tries it again where nothing has come of it and that may help. Sets failed_ where it was
  // answered with an error.
  absl::Status SendLaterRound(const std::string& body);
  // The agent's answer ends with the error.
  absl::Status GiveUp(const absl::Status& why);
  void AnswerCalls();
  // Results for the round's calls that say that they were refused.
  std::vector<transcripts::Json> Refusals();
  // Once the agent's answer is at its end, and before it has it: what was hidden in it stands for
  // the model in later requests.
  void KeepIfEnded();

  const Route route_;
  const std::shared_ptr<const Request> request_;
  Upstream& upstream_;
  Compressor* const compressor_;
  ResponseWriter* response_ = nullptr;
  Plan plan_;
  int status_ = 0;
  bool cut_ = false;               // the history was, because of a refusal
  bool stream_ = false;            // the first answer is one of events
  bool later_ = false;             // a round behind a recall is on
  std::optional<Held> held_;       // a refusal that may not be the last word
  std::optional<Held> undecoded_;  // an answer with a coding, until a piece of it was decoded
  std::optional<Held> failed_;     // the error that a later round was answered with
  std::optional<ResponseHead>
      waiting_;                       // of an answer that is whole: until its last round is there
  std::unique_ptr<Decoder> decoder_;  // of an answer with a coding that can be read
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<AnswerReader> reader_;
  std::vector<transcripts::Json> said_;  // by the model and to it, in all rounds
  bool kept_ = false;
  bool whole_ = false;        // the agent has its whole answer
  bool gave_up_ = false;      // it ends with an error
  int64_t round_tokens_ = 0;  // predicted, of the last round
  size_t round_bytes_ = 0;    // that came of it
  size_t recalled_bytes_ = 0;
  double first_cost_ = 0;  // of the round before the first recall
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_MODEL_CALL_H_
