#include "gateway/relay.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/relay_json.h"

namespace fovea::gateway {

using transcripts::DumpJson;
using transcripts::Json;

std::string Event(const Json& json, const char* name) {
  if (name == nullptr) return absl::StrCat("data: ", DumpJson(json), "\n\n");
  return absl::StrCat("event: ", name, "\ndata: ", DumpJson(json), "\n\n");
}

void Put(absl::string_view text, std::string* out) { absl::StrAppend(out, text); }

std::string FailureMessage(int status, absl::string_view body) {
  const auto said = transcripts::ParseJson({body.data(), body.size()});
  constexpr size_t kMax = 500;
  size_t length = std::min(body.size(), kMax);
  // No character is cut: JSON takes whole ones.
  const auto inside = [&] {
    return length < body.size() && (static_cast<unsigned char>(body[length]) & 0xC0) == 0x80;
  };
  for (int i = 0; i < 3 && length > 0 && inside(); ++i) --length;
  const std::string message =
      said.ok() ? TextAt(MemberAt(*said, "error"), "message") : std::string(body.substr(0, length));
  return absl::StrCat("fovea gateway: behind a recall the provider answered ", status,
                      message.empty() ? "" : ": ", message);
}

bool IsCut(Wire wire, absl::string_view reason) {
  constexpr absl::string_view kChatCuts[] = {"length", "max_tokens", "content_filter", "error",
                                             "insufficient_system_resource"};
  switch (wire) {
    case Wire::kAnthropic:
      return reason != "tool_use" && reason != "end_turn" && !reason.empty();
    case Wire::kOpenAiResponses:
      return reason != "completed" && !reason.empty();
    case Wire::kGemini:
      return reason != "STOP" && !reason.empty();
    case Wire::kOpenAiChat:
      break;
  }
  // Providers of this wire have words of their own for an end, "stop" beside calls among them.
  return std::find(std::begin(kChatCuts), std::end(kChatCuts), reason) != std::end(kChatCuts);
}

std::unique_ptr<Relay> Relay::Create(Wire wire, bool stream) {
  if (!stream) return MakeWholeRelay(wire);
  switch (wire) {
    case Wire::kAnthropic:
      return MakeAnthropicRelay();
    case Wire::kOpenAiChat:
      return MakeChatRelay();
    case Wire::kOpenAiResponses:
      return MakeResponsesRelay();
    case Wire::kGemini:
      return MakeGeminiRelay();
  }
  return nullptr;
}

void Relay::BeginRound() {
  if (round_ != nullptr) {
    const Usage& usage = round_->usage();
    earlier_output_ += usage.output;
    earlier_.input += usage.input;
    earlier_.cached += usage.cached;
    earlier_.written += usage.written;
  }
  round_ = std::make_unique<AnswerReader>(wire_, streams_);
  calls_.clear();
  visible_calls_ = 0;
  goes_on_ = false;
  cut_ = false;
  ++rounds_;
  splitter_ = SseSplitter();
  OnBegin();
}

void Relay::Hide(std::string id, std::string name, std::string arguments) {
  hid_anything_ = true;
  calls_.push_back(
      {.id = std::move(id), .name = std::move(name), .arguments = std::move(arguments)});
}

void Relay::Stop(bool cut) {
  cut_ = cut;
  if (cut) calls_.clear();
  goes_on_ = StopsForOurs();
  ends_ = !goes_on_;
}

std::vector<Json> Relay::said() const {
  std::vector<Json> items = round_->items();
  if (!cut_) return items;
  std::vector<Json> kept;
  for (Json& item : items) {
    if (wire_ == Wire::kOpenAiResponses) {
      if (!IsOurs(FunctionName(item))) kept.push_back(std::move(item));
      continue;
    }
    const char* key = wire_ == Wire::kAnthropic ? "content"
                      : wire_ == Wire::kGemini  ? "parts"
                                                : "tool_calls";
    Json others = Json::array();
    for (const Json& part : MemberAt(item, key)) {
      const Json& call = wire_ == Wire::kGemini       ? MemberAt(part, "functionCall")
                         : wire_ == Wire::kOpenAiChat ? MemberAt(part, "function")
                                                      : part;
      const bool text = wire_ == Wire::kAnthropic && TextAt(part, "type") != "tool_use";
      if (text || !IsOurs(TextAt(call, "name"))) others.push_back(part);
    }
    const bool chat_text = wire_ == Wire::kOpenAiChat && !TextAt(item, "content").empty();
    if (others.empty() && !chat_text) continue;
    if (others.empty()) {
      item.erase(key);
    } else {
      item[key] = std::move(others);
    }
    kept.push_back(std::move(item));
  }
  // What was thought up to the cut stands for nothing: the agent sends it again, or not.
  while (wire_ == Wire::kOpenAiResponses && !kept.empty() &&
         TextAt(kept.back(), "type") == "reasoning") {
    kept.pop_back();
  }
  return kept;
}

void Relay::OnOther(absl::string_view raw, absl::string_view, std::string* out) { Put(raw, out); }

void Relay::Feed(absl::string_view bytes, std::string* out) {
  if (as_it_is_) return Put(bytes, out);
  const bool fine = splitter_.Feed(
      bytes, [&](absl::string_view raw, absl::string_view data) { TakeEvent(raw, data, out); });
  if (fine) return;
  as_it_is_ = true;
  Put(splitter_.rest(), out);
  splitter_ = SseSplitter();
}

void Relay::TakeEvent(absl::string_view raw, absl::string_view data, std::string* out) {
  const auto json = transcripts::ParseJson({data.data(), data.size()});
  if (!json.ok() || !json->is_object()) return OnOther(raw, data, out);
  round_->Take(*json);
  OnEvent(raw, *json, out);
}

void Relay::EndRound(std::string* out) {
  if (goes_on_) return;
  splitter_.End([&](absl::string_view raw, absl::string_view data) { TakeEvent(raw, data, out); });
}

std::string Relay::Failure(int status, absl::string_view body) const {
  const auto said = transcripts::ParseJson({body.data(), body.size()});
  if (said.ok() && MemberAt(*said, "error").is_object()) {
    return Event(*said, wire_ == Wire::kAnthropic ? "error" : nullptr);
  }
  const std::string message = FailureMessage(status, body);
  if (wire_ == Wire::kAnthropic) {
    const char* type = status == 529   ? "overloaded_error"
                       : status == 429 ? "rate_limit_error"
                       : status >= 500 ? "api_error"
                                       : "invalid_request_error";
    return Event({{"type", "error"}, {"error", {{"type", type}, {"message", message}}}}, "error");
  }
  if (wire_ == Wire::kGemini) {
    return Event({{"error",
                   {{"code", status},
                    {"message", message},
                    {"status", status >= 500 ? "UNAVAILABLE" : "INVALID_ARGUMENT"}}}});
  }
  return Event({{"error",
                 {{"message", message},
                  {"type", status >= 500 ? "server_error" : "invalid_request_error"},
                  {"param", nullptr},
                  {"code", nullptr}}}});
}

const std::vector<HiddenCall>& Relay::calls() {
  for (const Json& item : said()) {
    for (HiddenCall& call : calls_) {
      if (wire_ == Wire::kOpenAiResponses && TextAt(item, "call_id") == call.id) {
        call.arguments = TextAt(item, "arguments");
      } else if (wire_ == Wire::kAnthropic) {
        for (const Json& block : item["content"]) {
          if (TextAt(block, "id") == call.id) call.arguments = DumpJson(block["input"]);
        }
      } else if (wire_ == Wire::kOpenAiChat && item.contains("tool_calls")) {
        for (const Json& known : item["tool_calls"]) {
          if (TextAt(known, "id") == call.id)
            call.arguments = TextAt(known["function"], "arguments");
        }
      }
    }
  }
  return calls_;
}

Usage Relay::usage() const {
  Usage usage = round_ == nullptr ? Usage() : round_->usage();
  usage.input += earlier_.input;
  usage.cached += earlier_.cached;
  usage.written += earlier_.written;
  usage.output += earlier_output_;
  return usage;
}

}  // namespace fovea::gateway
