#include "gateway/relay.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/relay_json.h"

namespace fovea::gateway {

using transcripts::DumpJson;
using transcripts::Json;

std::string TextAt(const Json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t NumberAt(const Json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

std::string Event(const Json& json, const char* name) {
  if (name == nullptr) return absl::StrCat("data: ", DumpJson(json), "\n\n");
  return absl::StrCat("event: ", name, "\ndata: ", DumpJson(json), "\n\n");
}

void Put(absl::string_view text, std::string* out) { absl::StrAppend(out, text); }

const Json& MemberAt(const Json& object, const char* key) {
  static const Json* const kNone = new Json();
  if (!object.is_object()) return *kNone;
  const auto found = object.find(key);
  return found == object.end() ? *kNone : *found;
}

std::string FailureMessage(int status, absl::string_view body) {
  const auto said = transcripts::ParseJson({body.data(), body.size()});
  const std::string message =
      said.ok() ? TextAt(MemberAt(*said, "error"), "message") : std::string(body.substr(0, 500));
  return absl::StrCat("fovea gateway: behind a recall the provider answered ", status,
                      message.empty() ? "" : ": ", message);
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
  ++rounds_;
  splitter_ = SseSplitter();
  OnBegin();
}

void Relay::Hide(std::string id, std::string name, std::string arguments) {
  hid_anything_ = true;
  calls_.push_back(
      {.id = std::move(id), .name = std::move(name), .arguments = std::move(arguments)});
}

void Relay::OnOther(absl::string_view raw, absl::string_view, std::string* out) { Put(raw, out); }

void Relay::Feed(absl::string_view bytes, std::string* out) {
  if (as_it_is_) return Put(bytes, out);
  const bool fine = splitter_.Feed(bytes, [&](absl::string_view raw, absl::string_view data) {
    const auto json = transcripts::ParseJson({data.data(), data.size()});
    if (!json.ok() || !json->is_object()) return OnOther(raw, data, out);
    round_->Take(*json);
    OnEvent(raw, *json, out);
  });
  if (fine) return;
  as_it_is_ = true;
  Put(splitter_.rest(), out);
  splitter_ = SseSplitter();
}

void Relay::EndRound(std::string* out) {
  if (!splitter_.rest().empty() && !goes_on_) Put(splitter_.rest(), out);
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
