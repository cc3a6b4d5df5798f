// One model call: out to the provider, back to the agent, and into the books.
#ifndef FOVEA_GATEWAY_MODEL_CALL_H_
#define FOVEA_GATEWAY_MODEL_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/answer.h"
#include "gateway/books/database.h"
#include "gateway/compressor.h"
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

  // OK if the agent has its whole answer; else what went wrong on the way to the provider. Where
  // the answer had begun, the connection is broken off. `response` is not used after that.
  absl::Status Run(Plan plan, ResponseWriter& response);
  // Behind Run, in a job of the plan's key: the answer into the log.
  void Finish();
  // Behind Finish: what was billed, to fovead.
  void Report();

  const Plan& plan() const { return plan_; }
  Usage usage() const;
  int status() const { return status_; }

 private:
  absl::Status SendRound(const std::string& body);
  absl::Status OnHead(ResponseHead head);
  absl::Status OnBody(absl::string_view bytes);
  absl::Status Recall();
  void AnswerCalls();
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
  bool refused_ = false;  // the provider refused what the gateway made
  bool stream_ = false;   // the first answer is one of events
  bool plain_ = false;    // the answer can be read: a JSON or a stream without a coding
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<AnswerReader> reader_;
  std::vector<transcripts::Json> said_;  // by the model and to it, in all rounds
  bool kept_ = false;
  bool whole_ = false;        // the agent has its whole answer
  int64_t round_tokens_ = 0;  // predicted, of the last round
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_MODEL_CALL_H_
