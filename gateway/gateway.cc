#include "gateway/gateway.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "gateway/content_coding.h"
#include "gateway/litellm.h"

namespace fovea::gateway {
namespace {

// An error of the gateway's own, in the shape that the wire's clients read.
std::string ErrorBody(Wire wire, int status, absl::string_view message) {
  const std::string text = absl::StrCat("fovea gateway: ", message);
  nlohmann::ordered_json body;
  switch (wire) {
    case Wire::kAnthropic:
      body = {
          {"type", "error"},
          {"error",
           {{"type", status >= 500 ? "api_error" : "invalid_request_error"}, {"message", text}}}};
      break;
    case Wire::kGemini:
      body = {{"error",
               {{"code", status},
                {"message", text},
                {"status", status >= 500 ? "UNAVAILABLE" : "INVALID_ARGUMENT"}}}};
      break;
    default:
      body = {{"error",
               {{"message", text},
                {"type", status >= 500 ? "server_error" : "invalid_request_error"},
                {"param", nullptr},
                {"code", nullptr}}}};
  }
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// A value of a query, decoded (application/x-www-form-urlencoded); "" if there is none of the name.
std::string QueryValue(absl::string_view query, absl::string_view name) {
  absl::ConsumePrefix(&query, "?");
  for (absl::string_view pair : absl::StrSplit(query, '&')) {
    if (!absl::ConsumePrefix(&pair, absl::StrCat(name, "="))) continue;
    std::string value;
    for (size_t i = 0; i < pair.size(); ++i) {
      const bool hex = pair[i] == '%' && i + 2 < pair.size() &&
                       absl::ascii_isxdigit(static_cast<unsigned char>(pair[i + 1])) &&
                       absl::ascii_isxdigit(static_cast<unsigned char>(pair[i + 2]));
      if (hex) {
        value += absl::HexStringToBytes(pair.substr(i + 1, 2));
        i += 2;
      } else {
        value += pair[i] == '+' ? ' ' : pair[i];
      }
    }
    return value;
  }
  return "";
}

// Who asks, for the books: "claude-cli/2.1.197" of a longer user agent.
std::string AgentOf(const Headers& headers) {
  const absl::string_view name = headers.Get("User-Agent");
  return std::string(name.substr(0, name.find(' ')).substr(0, 100));
}

// Of one body without its coding.
constexpr size_t kMaxDecodedBytes = 64 << 20;
// Of all bodies, as they came, decoded, and as they are read and sent.
constexpr size_t kMaxHeldBytes = size_t{1} << 30;
// What reading takes is given back soon.
constexpr absl::Duration kMemoryPatience = absl::Seconds(2);
constexpr size_t kItemBytes = 160;  // of a conversation's item that was read
constexpr char kNoRoom[] = "not read: too many bytes of requests are held";

// Whether a field that is a list names `wanted`.
bool Lists(const Headers& headers, absl::string_view name, absl::string_view wanted) {
  for (const Headers::Field& field : headers.fields()) {
    if (!absl::EqualsIgnoreCase(field.name, name)) continue;
    for (absl::string_view one : absl::StrSplit(field.value, ',')) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(one), wanted)) return true;
    }
  }
  return false;
}

constexpr absl::Duration kPatience = absl::Seconds(10);

}  // namespace

const char* ActionName(Outcome::Action action) {
  switch (action) {
    case Outcome::Action::kPassed:
      return "passed";
    case Outcome::Action::kCompressed:
      return "compressed";
    case Outcome::Action::kBypassed:
      return "bypassed";
    case Outcome::Action::kFallback:
      return "fallback";
  }
  return "";
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Create(Options options) {
  const GatewayConfig& config = options.config;
  for (const auto& [name, url] : {std::pair("anthropic_upstream", config.anthropic_upstream),
                                  std::pair("openai_upstream", config.openai_upstream),
                                  std::pair("gemini_upstream", config.gemini_upstream)}) {
    FOVEA_RETURN_IF_ERROR(CheckUpstream(name, url));
  }
  FOVEA_ASSIGN_OR_RETURN(auto database, Database::OpenOrDoWithout(
                                            config.database, [&options](const std::string& what) {
                                              options.log->warn("{}", what);
                                            }));
  auto fovea = ConnectFovea(config.fovea_server, config.fovea_token, kPatience);
  return std::unique_ptr<Gateway>(
      new Gateway(std::move(options), std::move(fovea), std::move(database)));
}

Gateway::Gateway(Options options, std::unique_ptr<FoveaClient> fovea,
                 std::unique_ptr<Database> database)
    : options_(std::move(options)),
      guard_(options_.config, options_.port),
      upstream_(options_.upstream),
      fovea_(std::move(fovea)),
      database_(std::move(database)),
      compressor_(options_.config, *fovea_, *database_),
      compactions_(*database_, options_.config.fovea_token),
      memory_(std::make_shared<MemoryBudget>(kMaxHeldBytes)) {}

void Gateway::Refuse(ResponseWriter& response, int status, Wire wire, absl::string_view message,
                     const Outcome& outcome) {
  ResponseHead head{.status = status};
  head.headers.Add("Content-Type", "application/json");
  if (status == 503) head.headers.Add("Retry-After", "1");
  AddFoveaHeaders(outcome, head.headers);
  response.Send(std::move(head), ErrorBody(wire, status, message)).IgnoreError();
}

absl::Status Gateway::Admit(const Request& head) const { return guard_.Check(head); }

void Gateway::Refuse(const Request& head, int status, absl::string_view message,
                     ResponseWriter& response) {
  const auto route = RouteOf(head, options_.config);
  Refuse(response, status, route.ok() ? route->wire : Wire::kOpenAiChat, message);
}

void Gateway::Handle(Request& request, ResponseWriter& response) {
  const absl::Status admitted = guard_.Admit(request);
  // Jobs read it when the answer is long out.
  HandleAdmitted(std::make_shared<const Request>(std::move(request)), admitted, response);
}

void Gateway::HandleAdmitted(const SharedRequest& shared, const absl::Status& admitted,
                             ResponseWriter& response) {
  const Request& request = *shared;
  const auto route = RouteOf(request, options_.config);
  const Wire wire = route.ok() ? route->wire : Wire::kOpenAiChat;
  if (!admitted.ok()) {
    return Refuse(response, absl::IsNotFound(admitted) ? 404 : 403, wire, admitted.message());
  }
  if (AnswerLiteLlm(request, response)) return;
  if (!route.ok()) return Refuse(response, 400, wire, route.status().message());
  if (Lists(request.headers, "Upgrade", "websocket")) {
    // Clients that can, Codex among them, go on over HTTP then.
    return Refuse(response, 426, wire, "WebSocket: not spoken here; use HTTP");
  }
  Plan plan;
  const std::optional<Outcome> bypass = BypassOf(request);
  if (bypass.has_value()) {
    plan.outcome = *bypass;
  } else if (route->purpose == Purpose::kGenerate || route->purpose == Purpose::kCompact) {
    auto read = Read(*route, request);
    if (!read.ok()) return Refuse(response, 503, wire, read.status().message());
    plan = *std::move(read);
    HeldBytes room(memory_);
    TakeRoomToRead(room, request, plan);
    if (plan.outcome.reason.empty()) {
      const auto asked = AsksForCompaction(*route, *plan.asked);
      if (asked.has_value() && Compact(*route, request, *asked, plan, response)) return;
      if (!asked.has_value()) plan = Prepare(*route, request, plan);
    }
    // A handle means nothing to the provider.
    if (plan.expanded && !plan.body.has_value()) plan.body = *plan.asked;
  } else {
    // It may hold a compaction's handle, which means nothing to the provider.
    if (route->purpose == Purpose::kCount && wire == Wire::kOpenAiResponses) {
      auto read = Read(*route, request);
      if (!read.ok()) return Refuse(response, 503, wire, read.status().message());
      if (read->expanded) plan.body = *read->asked;
    }
    plan.outcome.reason = "not a model call";
  }
  Forward(*route, shared, std::move(plan), response);
}

bool Gateway::AnswerLiteLlm(const Request& request, ResponseWriter& response) {
  constexpr absl::string_view kRetrieve = "/v1/retrieve/";
  absl::StatusOr<std::string> answer;
  Outcome outcome;
  if (request.method == "POST" && request.path() == "/v1/compress") {
    const std::optional<Outcome> bypass = BypassOf(request);
    HeldBytes room(memory_);
    if (!room.Grow(CostOfReading(*request.body), kMemoryPatience)) {
      Refuse(response, 503, Wire::kOpenAiChat, kNoRoom);
      return true;
    }
    auto messages =
        CompressMessages(bypass.has_value() ? nullptr : &compressor_, request.body, absl::Now());
    if (messages.ok()) {
      outcome = bypass.value_or(messages->outcome);
      const Route route{.wire = Wire::kOpenAiChat};
      Record(route, request, outcome,
             {.model = messages->model,
              .status = 200,
              .predicted_tokens = messages->tokens_after,
              .history_tokens = messages->tokens_before});
      answer = std::move(messages->answer);
    } else {
      answer = messages.status();
    }
  } else if (request.method == "GET" && absl::StartsWith(request.path(), kRetrieve)) {
    answer = Retrieve(*fovea_, *database_, request.path().substr(kRetrieve.size()),
                      QueryValue(request.query(), "query"));
  } else {
    return false;
  }
  if (!answer.ok()) {
    const int code = absl::IsNotFound(answer.status())          ? 404
                     : absl::IsInvalidArgument(answer.status()) ? 400
                                                                : 503;
    Refuse(response, code, Wire::kOpenAiChat, answer.status().message());
    return true;
  }
  ResponseHead head{.status = 200};
  head.headers.Add("Content-Type", "application/json");
  AddFoveaHeaders(outcome, head.headers);
  response.Send(std::move(head), *answer).IgnoreError();
  return true;
}

std::optional<Outcome> Gateway::BypassOf(const Request& request) const {
  const bool asked = request.headers.Get("x-fovea-bypass") == "1";
  if (!asked && !options_.config.off) return std::nullopt;
  return Outcome{.action = Outcome::Action::kBypassed,
                 .reason = asked ? "x-fovea-bypass" : "switched off"};
}

void Gateway::TakeRoomToRead(HeldBytes& room, const Request& request, Plan& plan) {
  if (!plan.outcome.reason.empty()) return;
  const size_t cost = CostOfReading(*plan.asked);
  if (cost > memory_->limit() / 4 * 3) {
    plan.outcome.reason = "not read: it would take too much memory";
    return;
  }
  // What others' requests take may stay for as long as fovead does.
  if (room.Grow(cost, kMemoryPatience)) return;
  plan.outcome.reason = kNoRoom;
  if (!plan.expanded) plan.asked = request.body;  // it goes as it came
}

absl::StatusOr<Plan> Gateway::Read(const Route& route, const Request& request) {
  Plan plan;
  plan.asked = request.body;
  const std::string coding(request.headers.Get("Content-Encoding"));
  if (!coding.empty() && !absl::EqualsIgnoreCase(coding, "identity")) {
    HeldBytes decoding(memory_);
    if (!decoding.Grow(CostOfDecoding(coding), kMemoryPatience)) {
      plan.outcome.reason = kNoRoom;
      return plan;
    }
    auto held = std::make_unique<HeldBytes>(memory_);
    auto decoded = Decoded(coding, *request.body, kMaxDecodedBytes, [&](size_t bytes) {
      return held->Grow(bytes) ? absl::OkStatus() : absl::UnavailableError(kNoRoom);
    });
    if (!decoded.ok()) {
      plan.outcome.reason = absl::IsUnavailable(decoded.status())
                                ? kNoRoom
                                : absl::StrCat("not read: ", decoded.status().message());
      return plan;
    }
    plan.asked = Counted(*std::move(decoded), std::move(held));
  }
  if (route.wire == Wire::kOpenAiResponses && Compactions::MayExpand(*plan.asked)) {
    HeldBytes room(memory_);
    if (!room.Grow(Compactions::kMaxKeptBytes + plan.asked->size(), kMemoryPatience)) {
      return absl::UnavailableError(kNoRoom);
    }
    auto expanded = compactions_.Expanded(*plan.asked, compressor_.digests());
    if (expanded.has_value()) {
      auto held = std::make_unique<HeldBytes>(memory_);
      held->Add(expanded->size());
      plan.asked = Counted(*std::move(expanded), std::move(held));
      plan.expanded = true;
    }
  }
  return plan;
}

Plan Gateway::Prepare(const Route& route, const Request& request, const Plan& read) {
  Plan plan = compressor_.Prepare(route, request.headers, read.asked, absl::Now());
  plan.expanded = read.expanded;
  return plan;
}

bool Gateway::Compact(const Route& route, const Request& request, const std::string& asked,
                      Plan& plan, ResponseWriter& response) {
  Route call = route;
  call.purpose = Purpose::kGenerate;
  // What is served in full would be in full again behind the handle: then a summary is better.
  const Plan next = compressor_.Prepare(call, request.headers,
                                        std::make_shared<const std::string>(asked), absl::Now());
  auto handle = next.outcome.action == Outcome::Action::kCompressed
                    ? compactions_.Keep(asked)
                    : absl::FailedPreconditionError(next.outcome.reason);
  plan.outcome.session = next.outcome.session;
  if (!handle.ok()) {
    plan.outcome.reason = absl::StrCat("compaction by the provider: ", handle.status().message());
    return false;
  }
  plan.outcome.action = Outcome::Action::kCompressed;
  plan.outcome.reason = "compaction: a handle stands for the conversation";
  ResponseHead head{.status = 200};
  head.headers.Add("Content-Type", CompactionMediaType(route, asked));
  AddFoveaHeaders(plan.outcome, head.headers);
  response
      .Send(std::move(head),
            CompactionAnswer(route, asked, *handle, absl::ToUnixSeconds(absl::Now())))
      .IgnoreError();
  Record(route, request, plan.outcome, {.model = next.conversation->model, .status = 200});
  return true;
}

void Gateway::Forward(const Route& route, const SharedRequest& request, Plan plan,
                      ResponseWriter& response) {
  const bool bypassed = plan.outcome.action == Outcome::Action::kBypassed;
  if (!bypassed && route.wire == Wire::kAnthropic && route.purpose == Purpose::kGenerate) {
    auto scaled = pictures_.Scaled(plan.body.has_value() ? *plan.body : *plan.asked);
    if (scaled.has_value()) {
      plan.body = *std::move(scaled);
      absl::StrAppend(&plan.outcome.reason, "; pictures over 2000 px scaled");
    }
  }
  const auto held = std::make_shared<HeldBytes>(memory_);
  held->Add((plan.body.has_value() ? plan.body->size() : 0) +
            (plan.conversation != nullptr ? plan.conversation->items.size() * kItemBytes : 0));
  // Of what the request was decoded to, or expanded to.
  const size_t asked =
      plan.asked != nullptr && plan.asked != request->body ? plan.asked->size() : 0;
  const auto call =
      std::make_shared<ModelCall>(route, request, upstream_, bypassed ? nullptr : &compressor_);
  const absl::Status status = call->Run(std::move(plan), response);
  if (route.purpose == Purpose::kGenerate) {
    // The agent's next request does not wait for it.
    const Plan& sent = call->plan();
    const size_t bytes =
        request->body->size() + asked + (sent.body.has_value() ? sent.body->size() : 0);
    compressor_.jobs().Run(sent.key, bytes, [this, route, request, call, held] {
      call->Finish();
      // For these, a request that asks for its context does not wait.
      compressor_.jobs().Run(absl::StrCat("books ", call->plan().key), 0,
                             [this, route, request, call, held] {
                               call->Report();
                               Record(route, *request, *call);
                             });
    });
  }
  if (status.ok() || response.started()) return;
  if (absl::IsCancelled(status)) return;
  // A connection that breaks before an answer breaks for the agent, too, which asks again then.
  if (absl::IsAborted(status)) return response.Abort();
  options_.log->warn("{}: {}", WireName(route.wire), std::string(status.message()));
  const int code = absl::IsInvalidArgument(status)    ? 400
                   : absl::IsDeadlineExceeded(status) ? 504
                                                      : 502;
  Refuse(response, code, route.wire, absl::StrCat("the provider: ", status.message()),
         call->plan().outcome);
}

void Gateway::Record(const Route& route, const Request& request, const ModelCall& call) {
  const Plan& plan = call.plan();
  BookEntry entry{.model = plan.conversation != nullptr ? plan.conversation->model : route.model,
                  .status = call.status()};
  compressor_.Price(plan, call.usage(), entry);
  Record(route, request, plan.outcome, std::move(entry));
}

void Gateway::Record(const Route& route, const Request& request, const Outcome& outcome,
                     BookEntry entry) {
  entry.time_us = absl::ToUnixMicros(absl::Now());
  entry.session = outcome.session;
  entry.project = options_.config.project;
  entry.wire = WireName(route.wire);
  entry.agent = AgentOf(request.headers);
  entry.action = ActionName(outcome.action);
  entry.reason = outcome.reason;
  options_.log->debug("{} {} {}: {}", entry.wire, entry.action, entry.status, entry.reason);
  database_->Record(entry).IgnoreError();
}

}  // namespace fovea::gateway
