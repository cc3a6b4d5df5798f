#include "gateway/gateway.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

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

// The length that the answer states, where its body is that long.
std::optional<uint64_t> StatedLength(const Headers& headers) {
  uint64_t length = 0;
  const std::string* text = headers.Find("Content-Length");
  if (text == nullptr || headers.Has("Transfer-Encoding") || !absl::SimpleAtoi(*text, &length)) {
    return std::nullopt;
  }
  return length;
}

void AddFoveaHeaders(const Outcome& outcome, Headers& headers) {
  for (const char* name : {"x-fovea-action", "x-fovea-session", "x-fovea-reason"}) {
    headers.Remove(name);
  }
  headers.Add("x-fovea-action", ActionName(outcome.action));
  if (!outcome.session.empty()) headers.Add("x-fovea-session", outcome.session);
  if (!outcome.reason.empty()) headers.Add("x-fovea-reason", outcome.reason);
}

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
    absl::Status status = CheckUpstream(name, url);
    if (!status.ok()) return status;
  }
  return std::unique_ptr<Gateway>(new Gateway(std::move(options)));
}

Gateway::Gateway(Options options)
    : options_(std::move(options)),
      guard_(options_.config, options_.port),
      upstream_(options_.upstream) {}

void Gateway::Refuse(ResponseWriter& response, int status, Wire wire, absl::string_view message) {
  ResponseHead head{.status = status};
  head.headers.Add("Content-Type", "application/json");
  response.Send(std::move(head), ErrorBody(wire, status, message)).IgnoreError();
}

void Gateway::Handle(Request& request, ResponseWriter& response) {
  const absl::Status admitted = guard_.Admit(request);
  const auto route = RouteOf(request, options_.config);
  const Wire wire = route.ok() ? route->wire : Wire::kOpenAiChat;
  if (!admitted.ok()) {
    return Refuse(response, absl::IsNotFound(admitted) ? 404 : 403, wire, admitted.message());
  }
  if (!route.ok()) return Refuse(response, 400, wire, route.status().message());
  Outcome outcome;
  if (request.headers.Get("x-fovea-bypass") == "1") {
    outcome = {.action = Outcome::Action::kBypassed, .reason = "x-fovea-bypass"};
  } else if (options_.config.off) {
    outcome = {.action = Outcome::Action::kBypassed, .reason = "switched off"};
  }
  Forward(*route, request, outcome, response);
}

void Gateway::Forward(const Route& route, Request& request, const Outcome& outcome,
                      ResponseWriter& response) {
  UpstreamRequest out{.url = route.url,
                      .method = request.method,
                      .headers = request.headers,
                      .body = request.body,
                      .client_fd = response.client_fd()};
  RemoveHopByHop(out.headers);
  for (const char* name : {"Host", "Content-Length", "Expect", "x-fovea-bypass"}) {
    out.headers.Remove(name);
  }
  const UpstreamSink sink{
      .on_head =
          [&](ResponseHead head) {
            const std::optional<uint64_t> length = StatedLength(head.headers);
            RemoveHopByHop(head.headers);
            head.headers.Remove("Content-Length");
            AddFoveaHeaders(outcome, head.headers);
            return response.Start(head, length);
          },
      .on_body = [&](absl::string_view bytes) { return response.Write(bytes); }};
  absl::Status status = upstream_.Send(out, sink);
  if (status.ok()) status = response.Finish();
  if (status.ok()) return;
  if (response.started()) return response.Abort();
  if (absl::IsCancelled(status)) return;
  options_.log->warn("{} {}: {}", WireName(route.wire), ActionName(outcome.action),
                     std::string(status.message()));
  const int code = absl::IsInvalidArgument(status)    ? 400
                   : absl::IsDeadlineExceeded(status) ? 504
                                                      : 502;
  Refuse(response, code, route.wire, absl::StrCat("the provider: ", status.message()));
}

}  // namespace fovea::gateway
