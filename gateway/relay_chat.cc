#include <map>
#include <utility>

#include "gateway/relay_json.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;

// Chat Completions: chunks of one message.
class ChatRelay final : public Relay {
 public:
  ChatRelay() : Relay(Wire::kOpenAiChat) {}

  std::vector<Json> visible() const override {
    Json message = {{"role", "assistant"}, {"content", text_.empty() ? Json() : Json(text_)}};
    if (!reasoning_.empty()) message["reasoning_content"] = reasoning_;
    if (!calls_kept_.empty()) message["tool_calls"] = calls_kept_;
    if (text_.empty() && calls_kept_.empty()) return {};
    return {message};
  }

  std::vector<Json> Results(const std::map<std::string, std::string>& texts) const override {
    std::vector<Json> items;
    items.reserve(texts.size());
    for (const auto& [id, text] : texts) {
      items.push_back({{"role", "tool"}, {"tool_call_id", id}, {"content", text}});
    }
    return items;
  }

 private:
  void OnBegin() override {
    places_.clear();
    numbers_ = ChatCallNumbers();
  }

  void OnEvent(absl::string_view raw, const Json& json, std::string* out) override {
    const bool has_choice =
        json.contains("choices") && json["choices"].is_array() && !json["choices"].empty();
    if (!has_choice) {
      if (goes_on_) return;
      if (rounds_ == 1 || !json.contains("usage") || !json["usage"].is_object()) {
        return Put(raw, out);
      }
      Json summed = json;
      Json& usage = summed["usage"];
      usage["completion_tokens"] = NumberAt(usage, "completion_tokens") + earlier_output_;
      usage["total_tokens"] =
          NumberAt(usage, "prompt_tokens") + NumberAt(usage, "completion_tokens");
      return Put(Event(summed), out);
    }
    Json edited = json;
    Json& choice = edited["choices"][0];
    if (!choice.is_object()) return Put(raw, out);
    Json& delta = choice["delta"];
    bool changed = false;
    if (rounds_ > 1 && delta.is_object()) changed = delta.erase("role") > 0;
    changed = TakeCallsOut(delta) || changed;
    if (!TextAt(choice, "finish_reason").empty()) {
      if (!goes_on_ && !ends_) {
        TakeVisible();
        Stop(IsCut(wire_, TextAt(choice, "finish_reason")));
      }
      if (goes_on_) {
        choice["finish_reason"] = nullptr;
        changed = true;
      } else if (StopsInVain() && TextAt(choice, "finish_reason") == "tool_calls") {
        choice["finish_reason"] = "stop";
        changed = true;
      }
    }
    if (!changed) return Put(raw, out);
    const bool nothing =
        (!delta.is_object() || delta.empty() ||
         (delta.size() == 1 && TextAt(delta, "content").empty() && delta.contains("content"))) &&
        TextAt(choice, "finish_reason").empty();
    if (!nothing) Put(Event(edited), out);
  }

  void OnOther(absl::string_view raw, absl::string_view, std::string* out) override {
    if (!goes_on_) Put(raw, out);  // [DONE]
  }

  // Whether any call of the gateway's was among them.
  bool TakeCallsOut(Json& delta) {
    if (!delta.is_object() || !delta.contains("tool_calls") || !delta["tool_calls"].is_array()) {
      return false;
    }
    Json kept = Json::array();
    bool changed = false;
    for (Json& call : delta["tool_calls"]) {
      const int64_t number = numbers_.Of(call);
      if (!places_.contains(number)) {
        const std::string name =
            call.is_object() && call.contains("function") ? TextAt(call["function"], "name") : "";
        if (IsOurs(name)) {
          places_[number] = -1;
          Hide(TextAt(call, "id"), name);
        } else {
          places_[number] = visible_calls_++;
        }
      }
      const int64_t place = places_[number];
      if (place < 0) {
        changed = true;
        continue;
      }
      if (call.is_object() && call.contains("index") && call["index"] != place) {
        call["index"] = place;
        changed = true;
      }
      kept.push_back(call);
    }
    if (kept.empty()) {
      delta.erase("tool_calls");
    } else {
      delta["tool_calls"] = kept;
    }
    return changed;
  }

  void TakeVisible() {
    for (const Json& item : said()) {
      text_ += TextAt(item, "content");
      reasoning_ += TextAt(item, "reasoning_content");
      if (!item.contains("tool_calls")) continue;
      for (const Json& call : item["tool_calls"]) {
        if (!IsOurs(TextAt(call["function"], "name"))) calls_kept_.push_back(call);
      }
    }
  }

  std::map<int64_t, int64_t> places_;  // by number, in the agent's answer; -1: hidden
  ChatCallNumbers numbers_;
  std::string text_;
  std::string reasoning_;
  Json calls_kept_ = Json::array();
};

}  // namespace

std::unique_ptr<Relay> MakeChatRelay() { return std::make_unique<ChatRelay>(); }

}  // namespace fovea::gateway
