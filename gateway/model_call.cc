#include "gateway/model_call.h"

#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/json_span.h"

namespace fovea::gateway {
namespace {

constexpr int kMaxRounds = 8;      // of recalls in one answer
constexpr int kRoundAttempts = 3;  // where the provider is overloaded within one
constexpr absl::Duration kRoundPause = absl::Seconds(1);

bool IsStream(const Headers& headers) {
  return absl::StartsWithIgnoreCase(headers.Get("Content-Type"), "text/event-stream");
}

bool IsPlain(const Headers& headers) {
  const absl::string_view coding = headers.Get("Content-Encoding");
  return coding.empty() || absl::EqualsIgnoreCase(coding, "identity");
}

// `body` with items added at the end of its conversation.
absl::StatusOr<std::string> WithItems(const std::string& body, absl::string_view key,
                                      const std::vector<transcripts::Json>& items) {
  const auto members = ScanObject(body);
  if (!members.ok()) return members.status();
  const JsonMember* array = FindMember(*members, key);
  if (array == nullptr) return absl::InternalError("the conversation is gone");
  const absl::string_view text = array->value.In(body);
  std::string longer(text.substr(0, text.rfind(']')));
  for (const transcripts::Json& item : items) {
    absl::StrAppend(&longer, ",", transcripts::DumpJson(item));
  }
  return Replaced(body, array->value, absl::StrCat(longer, "]"));
}

}  // namespace

void AddFoveaHeaders(const Outcome& outcome, Headers& headers) {
  for (const char* name : {"x-fovea-action", "x-fovea-session", "x-fovea-reason"}) {
    headers.Remove(name);
  }
  headers.Add("x-fovea-action", ActionName(outcome.action));
  if (!outcome.session.empty()) headers.Add("x-fovea-session", outcome.session);
  if (!outcome.reason.empty()) headers.Add("x-fovea-reason", outcome.reason);
}

UpstreamRequest OutgoingRequest(const Route& route, const Request& request, int client_fd) {
  UpstreamRequest out{.url = route.url,
                      .method = request.method,
                      .headers = request.headers,
                      .body = *request.body,
                      .client_fd = client_fd};
  RemoveHopByHop(out.headers);
  for (const char* name : {"Host", "Content-Length", "Expect", "x-fovea-bypass"}) {
    out.headers.Remove(name);
  }
  return out;
}

std::optional<uint64_t> StatedLength(const Headers& headers) {
  uint64_t length = 0;
  const std::string* text = headers.Find("Content-Length");
  if (text == nullptr || headers.Has("Transfer-Encoding") || !absl::SimpleAtoi(*text, &length)) {
    return std::nullopt;
  }
  return length;
}

Usage ModelCall::usage() const {
  if (relay_ != nullptr) return relay_->usage();
  return reader_ != nullptr ? reader_->usage() : Usage();
}

absl::Status ModelCall::OnHead(ResponseHead head) {
  const bool first = !response_->started();
  status_ = head.status;
  plain_ = IsPlain(head.headers);
  const bool stream = IsStream(head.headers);
  if (first) stream_ = stream;
  // Scaled pictures aside, a body in the place of the agent's is the gateway's own.
  if (first && plan_.body.has_value() && plan_.outcome.action != Outcome::Action::kPassed &&
      (head.status == 400 || head.status == 413 || head.status == 422)) {
    refused_ = true;
    return absl::OkStatus();
  }
  if (!first) {
    // A later round: only an answer in the first one's form is of use.
    if (head.status == 200 && stream == stream_ && plain_) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat("the provider answered ", head.status));
  }
  if (head.status == 200 && plain_ && route_.purpose == Purpose::kGenerate) {
    if (plan_.recall) {
      relay_ = Relay::Create(route_.wire, stream);
      relay_->BeginRound();
    } else {
      reader_ = std::make_unique<AnswerReader>(route_.wire, stream);
    }
  }
  // What a relay lets through has another length.
  const std::optional<uint64_t> length =
      relay_ == nullptr ? StatedLength(head.headers) : std::nullopt;
  RemoveHopByHop(head.headers);
  head.headers.Remove("Content-Length");
  AddFoveaHeaders(plan_.outcome, head.headers);
  return response_->Start(head, length);
}

absl::Status ModelCall::OnBody(absl::string_view bytes) {
  if (refused_) return absl::OkStatus();
  if (relay_ == nullptr) {
    absl::Status status = response_->Write(bytes);
    if (reader_ != nullptr) reader_->Feed(bytes);
    return status;
  }
  std::string out;
  relay_->Feed(bytes, &out);
  KeepIfEnded();
  return response_->Write(out);
}

void ModelCall::KeepIfEnded() {
  if (!relay_->ends() || !relay_->hid_anything() || kept_) return;
  kept_ = true;
  for (const transcripts::Json& item : relay_->said()) said_.push_back(item);
  if (!relay_->calls().empty()) AnswerCalls();
  compressor_->Keep(plan_, relay_->visible(), said_);
}

// Answers the round's calls; the results are behind what was said.
void ModelCall::AnswerCalls() {
  compressor_->Settle(plan_);
  std::map<std::string, std::string> texts;
  for (const HiddenCall& call : relay_->calls()) {
    texts[call.id] = relay_->rounds() < kMaxRounds
                         ? compressor_->Recall(plan_, call)
                         : "No more recalls in this answer. Go on with what you have.";
  }
  for (transcripts::Json& item : relay_->Results(texts)) said_.push_back(std::move(item));
}

absl::Status ModelCall::SendRound(const std::string& body) {
  UpstreamRequest out = OutgoingRequest(route_, *request_, response_->client_fd());
  out.body = body;
  if (plan_.body.has_value()) {
    out.headers.Set("Accept-Encoding", "identity");
    out.headers.Remove("Content-Encoding");
  }
  return upstream_.Send(out,
                        {.on_head = [this](ResponseHead head) { return OnHead(std::move(head)); },
                         .on_body = [this](absl::string_view bytes) { return OnBody(bytes); }});
}

// Sends the model what it asked for, until it asks no more.
absl::Status ModelCall::Recall() {
  std::string body;
  if (relay_->goes_on()) {
    compressor_->Settle(plan_);
    round_tokens_ = plan_.predicted_tokens;
  }
  while (relay_->goes_on()) {
    if (body.empty()) body = plan_.body.value_or(*request_->body);
    if (relay_->rounds() > kMaxRounds)
      return absl::ResourceExhaustedError("recalls without an end");
    const size_t before = said_.size();
    for (const transcripts::Json& item : relay_->said()) said_.push_back(item);
    AnswerCalls();
    const std::vector<transcripts::Json> added(said_.begin() + static_cast<int64_t>(before),
                                               said_.end());
    auto longer = WithItems(body, ArrayKey(route_.wire), added);
    if (!longer.ok()) return longer.status();
    std::string text;
    for (const transcripts::Json& item : added) text += transcripts::DumpJson(item);
    round_tokens_ += compressor_->TokensOf(plan_.model.reader, text);
    plan_.predicted_tokens += round_tokens_;
    body = *std::move(longer);
    relay_->BeginRound();
    absl::Status status;
    for (int attempt = 0; attempt < kRoundAttempts; ++attempt) {
      if (attempt > 0) absl::SleepFor(kRoundPause * attempt);
      status = SendRound(body);
      // Once something of the round has come, it cannot be had again.
      if (status.ok() || !absl::IsResourceExhausted(status)) break;
    }
    if (!status.ok()) return status;
    std::string out;
    relay_->EndRound(&out);
    KeepIfEnded();
    status = response_->Write(out);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ModelCall::Run(Plan plan, ResponseWriter& response) {
  plan_ = std::move(plan);
  response_ = &response;
  absl::Status status = SendRound(plan_.body.has_value() ? *plan_.body : *request_->body);
  if (status.ok() && refused_) {
    // The agent's own request is tried as it came.
    plan_.outcome = {.action = Outcome::Action::kFallback,
                     .reason = absl::StrCat("sent as it came: the provider answered ", status_),
                     .session = plan_.outcome.session};
    plan_.body.reset();
    if (plan_.expanded) plan_.body = *plan_.asked;
    plan_.recall = false;
    plan_.predicted_tokens = 0;
    refused_ = false;
    status = SendRound(plan_.body.has_value() ? *plan_.body : *request_->body);
    // Where that is taken, what the gateway made is at fault.
    if (status.ok() && status_ < 300) compressor_->Refused(plan_, absl::Now());
  }
  if (status.ok() && relay_ != nullptr) {
    std::string out;
    relay_->EndRound(&out);
    KeepIfEnded();
    status = response_->Write(out);
    if (status.ok()) status = Recall();
  }
  if (status.ok()) status = response_->Finish();
  if (!status.ok() && response_->started()) response_->Abort();
  whole_ = status.ok();
  response_ = nullptr;
  return status;
}

void ModelCall::Finish() {
  if (compressor_ == nullptr || status_ != 200 || !whole_) return;
  if (reader_ != nullptr) reader_->End();
  std::vector<transcripts::Json> answer;
  if (relay_ != nullptr && relay_->complete()) answer = relay_->visible();
  if (relay_ != nullptr && relay_->complete() && !relay_->hid_anything()) answer = relay_->said();
  if (reader_ != nullptr && reader_->complete()) answer = reader_->items();
  compressor_->Finish(plan_, answer, absl::Now());
}

void ModelCall::Report() {
  if (compressor_ == nullptr || status_ != 200 || !whole_) return;
  const bool one_round = relay_ == nullptr || relay_->rounds() == 1;
  if (one_round && plan_.outcome.action == Outcome::Action::kCompressed) {
    compressor_->Report(plan_, usage().input);
  }
}

}  // namespace fovea::gateway
