#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/relay_json.h"

namespace fovea::gateway {
namespace {

using transcripts::DumpJson;
using transcripts::Json;

constexpr size_t kMaxAnswerBytes = 64 << 20;

// Answers that are one JSON text: what earlier rounds said stands before what the last one did.
class WholeRelay final : public Relay {
 public:
  explicit WholeRelay(Wire wire) : Relay(wire, false) {}

  void Feed(absl::string_view bytes, std::string* out) override {
    if (as_it_is_) return Put(bytes, out);
    absl::StrAppend(&body_, bytes);
    if (body_.size() <= kMaxAnswerBytes) return;
    as_it_is_ = true;
    Put(body_, out);
    body_.clear();
  }

  void EndRound(std::string* out) override {
    if (as_it_is_) return;
    const std::string body = std::move(body_);
    body_.clear();
    auto json = transcripts::ParseJson(body);
    Json* const parts = json.ok() ? PartsOf(*json) : nullptr;
    ends_ = true;
    if (parts == nullptr) return Put(body, out);
    round_->Take(*json);
    Json kept = Json::array();
    for (const Json& part : *parts) {
      if (!TakeOut(part)) kept.push_back(part);
    }
    Stop(IsCut(wire_, ReasonOf(*json)));
    const std::string text = TakeText(*json);
    for (const Json& part : kept) parts_.push_back(part);
    texts_ += text;
    if (goes_on_) return;
    if (!hid_anything_) return Put(body, out);
    if (StopsInVain()) EndHere(*json);
    Write(*json, *parts);
    Put(DumpJson(*json), out);
  }

  std::vector<Json> visible() const override {
    switch (wire_) {
      case Wire::kOpenAiResponses:
        return std::vector<Json>(parts_.begin(), parts_.end());
      case Wire::kAnthropic:
        if (parts_.empty()) return {};
        return {Json{{"role", "assistant"}, {"content", parts_}}};
      case Wire::kGemini:
        if (parts_.empty()) return {};
        return {Json{{"role", "model"}, {"parts", parts_}}};
      case Wire::kOpenAiChat:
        break;
    }
    if (parts_.empty() && texts_.empty()) return {};
    Json message = {{"role", "assistant"}, {"content", texts_.empty() ? Json() : Json(texts_)}};
    if (!parts_.empty()) message["tool_calls"] = parts_;
    return {message};
  }

  // Each wire's streaming relay has the same.
  std::vector<Json> Results(const std::map<std::string, std::string>& texts) const override {
    if (wire_ == Wire::kGemini) {
      Json parts = Json::array();
      for (const HiddenCall& call : calls_) {
        const auto text = texts.find(call.id);
        if (text == texts.end()) continue;
        Json answer = {{"name", call.name}, {"response", {{"output", text->second}}}};
        if (!absl::StartsWith(call.id, "fovea-")) answer["id"] = call.id;
        parts.push_back({{"functionResponse", answer}});
      }
      return {Json{{"role", "user"}, {"parts", parts}}};
    }
    return Create(wire_, true)->Results(texts);
  }

 private:
  std::string ReasonOf(const Json& json) const {
    switch (wire_) {
      case Wire::kAnthropic:
        return TextAt(json, "stop_reason");
      case Wire::kOpenAiResponses:
        return TextAt(json, "status");
      case Wire::kGemini:
        return TextAt(json["candidates"][0], "finishReason");
      case Wire::kOpenAiChat:
        return TextAt(json["choices"][0], "finish_reason");
    }
    return "";
  }

  // The list of blocks, items or parts; of Chat the calls. Null for what is no answer.
  Json* PartsOf(Json& json) {
    if (!json.is_object()) return nullptr;
    Json* parts = nullptr;
    if (wire_ == Wire::kAnthropic && TextAt(json, "type") == "message") {
      parts = &json["content"];
    } else if (wire_ == Wire::kOpenAiResponses && TextAt(json, "object") == "response") {
      parts = &json["output"];
    } else if (wire_ == Wire::kGemini || wire_ == Wire::kOpenAiChat) {
      const char* list = wire_ == Wire::kGemini ? "candidates" : "choices";
      const char* inner = wire_ == Wire::kGemini ? "content" : "message";
      const Json& choices = MemberAt(json, list);
      if (!choices.is_array() || choices.empty()) return nullptr;
      // Gemini's has no content where it was cut off before its first word.
      if (wire_ == Wire::kGemini && MemberAt(choices[0], inner).is_null() &&
          choices[0].is_object()) {
        json[list][0][inner] = {{"role", "model"}};
      }
      if (!MemberAt(choices[0], inner).is_object()) return nullptr;
      Json& message = json[list][0][inner];
      Json& some = message[wire_ == Wire::kGemini ? "parts" : "tool_calls"];
      if (some.is_null()) some = Json::array();
      parts = &some;
    }
    return parts != nullptr && parts->is_array() ? parts : nullptr;
  }

  bool TakeOut(const Json& part) {
    std::string id, name, arguments;
    bool call = false;
    switch (wire_) {
      case Wire::kAnthropic:
        call = TextAt(part, "type") == "tool_use";
        id = TextAt(part, "id");
        name = TextAt(part, "name");
        arguments = DumpJson(MemberAt(part, "input"));
        break;
      case Wire::kOpenAiResponses:
        call = IsClientsCall(part);
        id = TextAt(part, "call_id");
        name = FunctionName(part);
        arguments = TextAt(part, "arguments");
        break;
      case Wire::kOpenAiChat:
        call = true;
        id = TextAt(part, "id");
        name = TextAt(MemberAt(part, "function"), "name");
        arguments = TextAt(MemberAt(part, "function"), "arguments");
        break;
      case Wire::kGemini: {
        const Json& function = MemberAt(part, "functionCall");
        call = function.is_object();
        id = TextAt(function, "id");
        if (call && id.empty()) id = absl::StrCat("fovea-", ++numbered_);
        name = TextAt(function, "name");
        arguments = DumpJson(MemberAt(function, "args"));
        break;
      }
    }
    if (!call) return false;
    if (!IsOurs(name)) {
      ++visible_calls_;
      return false;
    }
    Hide(std::move(id), std::move(name), std::move(arguments));
    return true;
  }

  // Nobody answers the calls that it stopped for.
  void EndHere(Json& json) const {
    if (wire_ == Wire::kAnthropic) json["stop_reason"] = "end_turn";
    if (wire_ == Wire::kOpenAiChat) json["choices"][0]["finish_reason"] = "stop";
  }

  // Of Chat, where texts stand beside the calls.
  std::string TakeText(const Json& json) const {
    if (wire_ != Wire::kOpenAiChat) return "";
    return TextAt(MemberAt(json["choices"][0], "message"), "content");
  }

  // The last round's answer becomes that of all rounds.
  void Write(Json& json, Json& parts) const {
    parts = parts_;
    if (wire_ == Wire::kOpenAiChat) {
      Json& message = json["choices"][0]["message"];
      message["content"] = texts_.empty() ? Json() : Json(texts_);
      if (parts_.empty()) message.erase("tool_calls");
    }
    if (wire_ == Wire::kGemini && parts_.empty()) json["candidates"][0].erase("content");
    const char* key = wire_ == Wire::kGemini ? "usageMetadata" : "usage";
    const auto usage = json.find(key);
    if (usage == json.end() || !usage->is_object() || earlier_output_ == 0) return;
    const char* output = wire_ == Wire::kGemini       ? "candidatesTokenCount"
                         : wire_ == Wire::kOpenAiChat ? "completion_tokens"
                                                      : "output_tokens";
    const char* total = wire_ == Wire::kGemini ? "totalTokenCount" : "total_tokens";
    (*usage)[output] = NumberAt(*usage, output) + earlier_output_;
    if (usage->contains(total)) (*usage)[total] = NumberAt(*usage, total) + earlier_output_;
  }

  void OnEvent(absl::string_view, const Json&, std::string*) override {}

  std::string body_;
  bool as_it_is_ = false;
  Json parts_ = Json::array();
  std::string texts_;
  int numbered_ = 0;
};

}  // namespace

std::unique_ptr<Relay> MakeWholeRelay(Wire wire) { return std::make_unique<WholeRelay>(wire); }

}  // namespace fovea::gateway
