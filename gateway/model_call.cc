#include "gateway/model_call.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "gateway/json_span.h"
#include "gateway/recall_tools.h"

namespace fovea::gateway {
namespace {

constexpr int kMaxRounds = 8;  // of recalls in one answer
// What they may cost, in input tokens that are not cached.
constexpr double kMaxCost = 300'000;
// Of what is recalled: by the calls of one message, and in one answer.
constexpr size_t kRoundBytes = 100'000;
constexpr size_t kAnswerBytes = 200'000;
constexpr size_t kRoundCalls = 16;
constexpr size_t kMinBytes = 500;     // less is of no use
constexpr int kBytesPerToken = 2;     // at least
constexpr double kFullWindow = 0.95;  // of the window may be used

constexpr int kRoundAttempts = 3;  // where the provider is overloaded within one
constexpr absl::Duration kRoundPause = absl::Seconds(1);
constexpr int kMaxTries = 2;  // of other ways to ask what was refused
constexpr size_t kMaxErrorBytes = 64 << 10;
constexpr size_t kMaxDecodedBytes = 256 << 20;

constexpr char kNoMore[] = "No more recalls in this answer. Go on with what you have.";
constexpr char kLeftOut[] =
    "Left out: these calls together ask for more than one answer may hold. Ask again for this one "
    "alone, if it is still wanted.";
constexpr char kRefusedText[] =
    "Left out: the request was refused with it. Go on with what you have.";

bool IsStream(const Headers& headers) {
  return absl::StartsWithIgnoreCase(headers.Get("Content-Type"), "text/event-stream");
}

bool IsPlain(const Headers& headers) {
  const absl::string_view coding = headers.Get("Content-Encoding");
  return coding.empty() || absl::EqualsIgnoreCase(coding, "identity");
}

bool IsRefusal(int status) { return status == 400 || status == 413 || status == 422; }

bool IsTransient(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

// What a provider says with an error, without its coding: as much as can be read and held.
std::string ErrorText(const ResponseHead& head, const std::string& body) {
  if (IsPlain(head.headers)) return body;
  const auto decoder = Decoder::Create(head.headers.Get("Content-Encoding"), kMaxDecodedBytes);
  std::string text;
  if (decoder == nullptr) return text;
  decoder
      ->Feed(body,
             [&](absl::string_view piece) {
               absl::StrAppend(&text, piece.substr(0, kMaxErrorBytes - text.size()));
               return text.size() < kMaxErrorBytes ? absl::OkStatus()
                                                   : absl::ResourceExhaustedError("enough");
             })
      .IgnoreError();
  return text;
}

// Whether a provider's error says that the request is over the model's window.
bool SaysTooLong(const ResponseHead& head, const std::string& body) {
  if (head.status == 413) return true;
  const std::string text = absl::AsciiStrToLower(ErrorText(head, body));
  for (const char* words :
       {"too long", "context_length_exceeded", "context length", "context window", "context size",
        "maximum context", "maximum number of tokens", "input token count", "too many tokens"}) {
    if (absl::StrContains(text, words)) return true;
  }
  return false;
}

// What decoding the provider's answer came to: damage in it is not the agent's fault.
absl::Status OfProvider(const absl::Status& decoded) {
  return absl::IsInvalidArgument(decoded) ? absl::DataLossError(decoded.message()) : decoded;
}

// `body` with items added at the end of its conversation.
absl::StatusOr<std::string> WithItems(const std::string& body, absl::string_view key,
                                      const std::vector<transcripts::Json>& items) {
  FOVEA_ASSIGN_OR_RETURN(const auto members, ScanObject(body));
  const JsonMember* array = FindMember(members, key);
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

bool ModelCall::MayTryOtherwise(int status) const {
  if (compressor_ == nullptr || plan_.conversation == nullptr || !IsRefusal(status)) return false;
  // An agent whose requests were compressed has not compacted: where they no longer are, they may
  // be too long.
  return plan_.outcome.action == Outcome::Action::kCompressed ||
         plan_.outcome.action == Outcome::Action::kFallback || plan_.refused_lately;
}

absl::Status ModelCall::OnHead(ResponseHead head) {
  status_ = head.status;
  if (later_) {
    // Only an answer in the first one's form is of use.
    decoder_ = Decoder::Create(head.headers.Get("Content-Encoding"), kMaxDecodedBytes);
    const bool readable = IsPlain(head.headers) || decoder_ != nullptr;
    if (head.status == 200 && IsStream(head.headers) == stream_ && readable) {
      return absl::OkStatus();
    }
    failed_ = Held{.head = std::move(head), .body = ""};
    return absl::OkStatus();
  }
  if (!MayTryOtherwise(head.status)) return Begin(std::move(head));
  held_ = Held{.head = std::move(head), .body = ""};
  return absl::OkStatus();
}

absl::Status ModelCall::Begin(ResponseHead head) {
  stream_ = IsStream(head.headers);
  if (head.status != 200 || route_.purpose != Purpose::kGenerate) return Start(std::move(head));
  if (!IsPlain(head.headers)) {
    decoder_ = Decoder::Create(head.headers.Get("Content-Encoding"), kMaxDecodedBytes);
    if (decoder_ == nullptr) return Start(std::move(head));
  }
  if (!plan_.recall) {
    reader_ = std::make_unique<AnswerReader>(route_.wire, stream_);
    return Start(std::move(head));
  }
  if (decoder_ != nullptr) {
    undecoded_ = Held{.head = std::move(head), .body = ""};
    return absl::OkStatus();
  }
  return StartRelay(std::move(head));
}

absl::Status ModelCall::StartRelay(ResponseHead head) {
  relay_ = Relay::Create(route_.wire, stream_);
  relay_->BeginRound();
  // It is taken off, though it was not asked for.
  head.headers.Remove("Content-Encoding");
  return Start(std::move(head));
}

absl::Status ModelCall::Decode(absl::string_view bytes) {
  absl::StrAppend(&undecoded_->body, bytes);
  const absl::Status decoded = decoder_->Feed(bytes, [this](absl::string_view piece) {
    if (undecoded_.has_value()) {
      Held held = *std::move(undecoded_);
      undecoded_.reset();
      FOVEA_RETURN_IF_ERROR(StartRelay(std::move(held.head)));
    }
    return Take(piece);
  });
  if (!undecoded_.has_value()) return OfProvider(decoded);
  const bool other = !decoded.ok() || undecoded_->body.size() > kMaxErrorBytes;
  return other ? PassUndecoded() : absl::OkStatus();
}

absl::Status ModelCall::PassUndecoded() {
  Held held = *std::move(undecoded_);
  undecoded_.reset();
  decoder_ = nullptr;
  absl::Status status = Start(std::move(held.head));
  return status.ok() ? response_->Write(held.body) : status;
}

absl::Status ModelCall::Start(ResponseHead head) {
  // What a relay lets through has another length.
  const std::optional<uint64_t> length =
      relay_ == nullptr ? StatedLength(head.headers) : std::nullopt;
  RemoveHopByHop(head.headers);
  head.headers.Remove("Content-Length");
  AddFoveaHeaders(plan_.outcome, head.headers);
  if (relay_ != nullptr && !stream_) {
    waiting_ = std::move(head);
    return absl::OkStatus();
  }
  return response_->Start(head, length);
}

absl::Status ModelCall::Release() {
  Held held = *std::move(held_);
  held_.reset();
  absl::Status status = Begin(std::move(held.head));
  return status.ok() ? response_->Write(held.body) : status;
}

absl::Status ModelCall::OnBody(absl::string_view bytes) {
  if (failed_.has_value()) {
    absl::StrAppend(&failed_->body, bytes.substr(0, kMaxErrorBytes - failed_->body.size()));
    return absl::OkStatus();
  }
  if (held_.has_value()) {
    absl::StrAppend(&held_->body, bytes);
    return held_->body.size() <= kMaxErrorBytes ? absl::OkStatus() : Release();
  }
  if (undecoded_.has_value()) return Decode(bytes);
  if (relay_ != nullptr) {
    if (decoder_ == nullptr) return Take(bytes);
    return OfProvider(
        decoder_->Feed(bytes, [this](absl::string_view piece) { return Take(piece); }));
  }
  absl::Status status = response_->Write(bytes);
  if (reader_ == nullptr) return status;
  // The agent's bytes stay as they came: what is read is a copy.
  if (decoder_ == nullptr) {
    reader_->Feed(bytes);
  } else if (!decoder_
                  ->Feed(bytes,
                         [this](absl::string_view piece) {
                           reader_->Feed(piece);
                           return absl::OkStatus();
                         })
                  .ok()) {
    reader_ = nullptr;
  }
  return status;
}

absl::Status ModelCall::Take(absl::string_view bytes) {
  round_bytes_ += bytes.size();
  std::string out;
  relay_->Feed(bytes, &out);
  KeepIfEnded();
  return Give(out);
}

absl::Status ModelCall::Give(absl::string_view bytes) {
  if (bytes.empty()) return absl::OkStatus();
  if (waiting_.has_value()) {
    absl::Status status = response_->Start(*waiting_, std::nullopt);
    waiting_.reset();
    if (!status.ok()) return status;
  }
  return response_->Write(bytes);
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
  const std::vector<RecallScope> scopes = compressor_->ScopesOf(plan_);
  const auto room = static_cast<int64_t>(
      kFullWindow * static_cast<double>(compressor_->WindowOf(plan_)) -
      static_cast<double>(round_tokens_ > 0 ? round_tokens_ : plan_.predicted_tokens));
  size_t left = std::min({kRoundBytes, kAnswerBytes - std::min(kAnswerBytes, recalled_bytes_),
                          static_cast<size_t>(std::max<int64_t>(0, room)) * kBytesPerToken});
  size_t answered = 0;
  std::map<std::string, std::string> texts;
  for (const HiddenCall& call : relay_->calls()) {
    std::string& text = texts[call.id];
    if (!relay_->may_go_on()) {
      text = kNoMore;
    } else if (scopes.empty()) {
      text = "The history is out of reach just now. Go on without it.";
    } else if (left < kMinBytes || answered == kRoundCalls) {
      text = kLeftOut;
    } else {
      text = compressor_->Recall(scopes, call, left);
      left -= std::min(left, text.size());
      recalled_bytes_ += text.size();
      ++answered;
    }
  }
  for (transcripts::Json& item : relay_->Results(texts)) said_.push_back(std::move(item));
}

absl::Status ModelCall::SendRound(const std::string& body) {
  UpstreamRequest out = OutgoingRequest(route_, *request_, response_->client_fd());
  out.body = body;
  out.may_probe = !response_->started() && !request_->http_1_0;
  if (plan_.body.has_value()) {
    out.headers.Set("Accept-Encoding", "identity");
    out.headers.Remove("Content-Encoding");
  }
  absl::Status status =
      upstream_.Send(out, {.on_head = [this](ResponseHead head) { return OnHead(std::move(head)); },
                           .on_body = [this](absl::string_view bytes) { return OnBody(bytes); }});
  const bool read = relay_ != nullptr && decoder_ != nullptr && !failed_.has_value();
  if (status.ok() && read && !decoder_->complete()) {
    status = absl::AbortedError("the answer's coding is cut short");
  }
  return status;
}

double ModelCall::Cost() {
  const Usage billed = usage();
  if (billed.input == 0) return static_cast<double>(plan_.predicted_tokens);
  BookEntry entry;
  compressor_->Price(plan_, billed, entry);
  return entry.billed;
}

bool ModelCall::MayRecallMore() {
  return relay_->rounds() < kMaxRounds && recalled_bytes_ + kMinBytes < kAnswerBytes &&
         Cost() - first_cost_ < kMaxCost;
}

absl::StatusOr<std::string> ModelCall::NextBody(const std::string& body, size_t from) {
  const std::vector<transcripts::Json> added(said_.begin() + static_cast<int64_t>(from),
                                             said_.end());
  return WithItems(body, ArrayKey(route_.wire), added);
}

std::vector<transcripts::Json> ModelCall::Refusals() {
  std::map<std::string, std::string> texts;
  for (const HiddenCall& call : relay_->calls()) texts[call.id] = kRefusedText;
  return relay_->Results(texts);
}

absl::Status ModelCall::SendLaterRound(const std::string& body) {
  relay_->BeginRound();
  const std::string text = relay_->may_go_on() ? body : WithoutRecallTools(route_.wire, body);
  absl::Status status;
  for (int attempt = 0; attempt < kRoundAttempts; ++attempt) {
    if (attempt > 0) absl::SleepFor(kRoundPause * attempt);
    failed_.reset();
    decoder_ = nullptr;
    round_bytes_ = 0;
    status = SendRound(text);
    const bool again =
        status.ok() ? failed_.has_value() && IsTransient(failed_->head.status)
                    // Once something of the round has come, it cannot be had again.
                    : (absl::IsAborted(status) || absl::IsUnavailable(status)) && round_bytes_ == 0;
    if (!again) break;
  }
  return status;
}

absl::Status ModelCall::GiveUp(const absl::Status& why) {
  if (absl::IsCancelled(why)) return why;
  gave_up_ = true;
  if (waiting_.has_value()) {
    if (!failed_.has_value()) return why;
    if (failed_->head.status == 200) return absl::UnavailableError("an answer in another form");
    waiting_.reset();
    RemoveHopByHop(failed_->head.headers);
    failed_->head.headers.Remove("Content-Length");
    AddFoveaHeaders(plan_.outcome, failed_->head.headers);
    return response_->Send(failed_->head, failed_->body);
  }
  // A provider that breaks off does so without Fovea, too: agents know what to do then.
  const bool answered = failed_.has_value() && failed_->head.status != 200;
  if (!stream_ || !answered) {
    return why.ok() ? absl::AbortedError("a round behind a recall failed") : why;
  }
  // The stream has begun: its own event says so.
  const std::string said = ErrorText(failed_->head, failed_->body);
  absl::Status status = response_->Write(relay_->Failure(status_, said));
  return status.ok() ? response_->Finish() : status;
}

absl::Status ModelCall::Recall() {
  if (!relay_->goes_on()) return absl::OkStatus();
  compressor_->Settle(plan_);
  later_ = true;
  round_tokens_ = plan_.predicted_tokens;
  first_cost_ = Cost();
  std::string body = plan_.body.value_or(*request_->body);
  while (relay_->goes_on()) {
    const size_t before = said_.size();
    for (const transcripts::Json& item : relay_->said()) said_.push_back(item);
    const size_t results = said_.size();
    AnswerCalls();
    auto longer = NextBody(body, before);
    if (!longer.ok()) return longer.status();
    std::string added;
    for (size_t i = before; i < said_.size(); ++i) added += transcripts::DumpJson(said_[i]);
    round_tokens_ += compressor_->TokensOf(plan_.model.reader, added);
    plan_.predicted_tokens += round_tokens_;
    if (!MayRecallMore()) relay_->ForbidRounds();
    const std::vector<transcripts::Json> refusals = Refusals();  // of calls that are gone then
    absl::Status status = SendLaterRound(*longer);
    if (status.ok() && failed_.has_value() && IsRefusal(failed_->head.status)) {
      // What was recalled may be too much, or what the provider will not have.
      said_.resize(results);
      said_.insert(said_.end(), refusals.begin(), refusals.end());
      relay_->ForbidRounds();
      longer = NextBody(body, before);
      if (!longer.ok()) return longer.status();
      status = SendLaterRound(*longer);
    }
    if (!status.ok() || failed_.has_value()) return GiveUp(status);
    body = *std::move(longer);
    std::string out;
    relay_->EndRound(&out);
    KeepIfEnded();
    status = Give(out);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

bool ModelCall::IsMade() const {
  // Scaled pictures aside, a body in the place of the agent's is the gateway's own.
  return plan_.body.has_value() && plan_.outcome.action != Outcome::Action::kPassed &&
         (plan_.asked == nullptr || *plan_.body != *plan_.asked);
}

bool ModelCall::TryOtherwise() {
  if (cut_) return false;
  const std::string why = absl::StrCat("the provider answered ", status_);
  const bool made = IsMade();
  const bool too_long =
      made ? compressor_->IsOverWindow(plan_) : SaysTooLong(held_->head, held_->body);
  if (too_long || !made) {
    cut_ = too_long && compressor_->Cut(why, plan_);
    if (cut_) plan_.recall = false;
    return cut_;
  }
  // The agent's own request is tried as it came.
  plan_.outcome = {.action = Outcome::Action::kFallback,
                   .reason = absl::StrCat("sent as it came: ", why),
                   .session = plan_.outcome.session};
  plan_.recall = false;
  plan_.predicted_tokens = 0;
  plan_.body.reset();
  if (plan_.expanded) plan_.body = *plan_.asked;
  return true;
}

absl::Status ModelCall::Run(Plan plan, ResponseWriter& response) {
  plan_ = std::move(plan);
  response_ = &response;
  const bool made = IsMade();
  absl::Status status = SendRound(plan_.body.has_value() ? *plan_.body : *request_->body);
  int tries = 0;
  while (status.ok() && held_.has_value() && tries < kMaxTries && TryOtherwise()) {
    ++tries;
    held_.reset();
    status = SendRound(plan_.body.has_value() ? *plan_.body : *request_->body);
  }
  if (status.ok() && held_.has_value()) status = Release();
  if (status.ok() && undecoded_.has_value()) status = PassUndecoded();
  // Where the agent's history is taken, what the gateway made of it is at fault.
  if (status.ok() && made && tries > 0 && status_ < 300) compressor_->Refused(plan_, absl::Now());
  if (status.ok() && relay_ != nullptr) {
    std::string out;
    relay_->EndRound(&out);
    KeepIfEnded();
    status = Give(out);
    if (status.ok()) status = Recall();
  }
  if (status.ok() && !gave_up_) {
    if (waiting_.has_value()) status = response_->Start(*waiting_, std::nullopt);
    if (status.ok()) status = response_->Finish();
  }
  if (!status.ok() && response_->started()) response_->Abort();
  whole_ = status.ok() && !gave_up_;
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
