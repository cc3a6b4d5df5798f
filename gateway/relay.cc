#include "gateway/relay.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fovea::gateway {
namespace {

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

std::string Event(const Json& json, const char* name = nullptr) {
  if (name == nullptr) return absl::StrCat("data: ", DumpJson(json), "\n\n");
  return absl::StrCat("event: ", name, "\ndata: ", DumpJson(json), "\n\n");
}

void Put(absl::string_view text, std::string* out) { absl::StrAppend(out, text); }

// Anthropic Messages: blocks are numbered on through all rounds, one start and one stop for all.
class AnthropicRelay final : public Relay {
 public:
  AnthropicRelay() : Relay(Wire::kAnthropic) {}

  std::vector<Json> visible() const override {
    if (content_.empty()) return {};
    return {Json{{"role", "assistant"}, {"content", content_}}};
  }

  std::vector<Json> Results(const std::map<std::string, std::string>& texts) const override {
    Json content = Json::array();
    for (const auto& [id, text] : texts) {
      content.push_back({{"type", "tool_result"}, {"tool_use_id", id}, {"content", text}});
    }
    return {Json{{"role", "user"}, {"content", content}}};
  }

 private:
  void OnBegin() override { places_.clear(); }

  void OnEvent(absl::string_view raw, const Json& json, std::string* out) override {
    const std::string type = TextAt(json, "type");
    if (type == "message_start") {
      if (rounds_ == 1) Put(raw, out);
    } else if (type == "content_block_start") {
      const Json& block = json.contains("content_block") ? json["content_block"] : json;
      const bool call = TextAt(block, "type") == "tool_use";
      if (call && IsOurs(TextAt(block, "name"))) {
        places_[NumberAt(json, "index")] = -1;
        Hide(TextAt(block, "id"), TextAt(block, "name"));
        return;
      }
      if (call) ++visible_calls_;
      places_[NumberAt(json, "index")] = next_++;
      PutPlaced(raw, json, out);
    } else if (absl::StartsWith(type, "content_block_")) {
      PutPlaced(raw, json, out);
    } else if (type == "message_delta") {
      TakeVisible();
      goes_on_ = StopsForOurs() &&
                 TextAt(json.contains("delta") ? json["delta"] : json, "stop_reason") == "tool_use";
      ends_ = !goes_on_;
      if (!goes_on_) PutDelta(raw, json, out);
    } else if (type != "message_stop" || !goes_on_) {
      Put(raw, out);
    }
  }

  void PutPlaced(absl::string_view raw, const Json& json, std::string* out) {
    const int64_t index = NumberAt(json, "index");
    const auto place = places_.find(index);
    if (place == places_.end() || place->second == index) return Put(raw, out);
    if (place->second < 0) return;
    Json moved = json;
    moved["index"] = place->second;
    Put(Event(moved, TextAt(json, "type").c_str()), out);
  }

  void PutDelta(absl::string_view raw, const Json& json, std::string* out) {
    if (rounds_ == 1) return Put(raw, out);
    Json summed = json;
    if (summed.contains("usage") && summed["usage"].is_object()) {
      summed["usage"]["output_tokens"] = NumberAt(json["usage"], "output_tokens") + earlier_output_;
    }
    Put(Event(summed, "message_delta"), out);
  }

  void TakeVisible() {
    for (const Json& item : said()) {
      for (const Json& block : item["content"]) {
        if (TextAt(block, "type") == "tool_use" && IsOurs(TextAt(block, "name"))) continue;
        content_.push_back(block);
      }
    }
  }

  std::map<int64_t, int64_t> places_;  // of the round's blocks in the agent's answer; -1: hidden
  int64_t next_ = 0;
  Json content_ = Json::array();
};

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
    for (const auto& [id, text] : texts) {
      items.push_back({{"role", "tool"}, {"tool_call_id", id}, {"content", text}});
    }
    return items;
  }

 private:
  void OnBegin() override { places_.clear(); }

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
      TakeVisible();
      goes_on_ = StopsForOurs() && TextAt(choice, "finish_reason") == "tool_calls";
      ends_ = !goes_on_;
      if (goes_on_) {
        choice["finish_reason"] = nullptr;
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
      const int64_t index = NumberAt(call, "index");
      if (!places_.contains(index)) {
        const std::string name =
            call.is_object() && call.contains("function") ? TextAt(call["function"], "name") : "";
        if (IsOurs(name)) {
          places_[index] = -1;
          Hide(TextAt(call, "id"), name);
        } else {
          places_[index] = visible_calls_++;
        }
      }
      if (places_[index] < 0) {
        changed = true;
        continue;
      }
      if (places_[index] != index) {
        call["index"] = places_[index];
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

  std::map<int64_t, int64_t> places_;
  std::string text_;
  std::string reasoning_;
  Json calls_kept_ = Json::array();
};

// Responses: items are numbered on through all rounds, and so are events.
class ResponsesRelay final : public Relay {
 public:
  ResponsesRelay() : Relay(Wire::kOpenAiResponses) {}

  std::vector<Json> visible() const override { return kept_; }

  std::vector<Json> Results(const std::map<std::string, std::string>& texts) const override {
    std::vector<Json> items;
    for (const auto& [id, text] : texts) {
      items.push_back({{"type", "function_call_output"}, {"call_id", id}, {"output", text}});
    }
    return items;
  }

 private:
  void OnBegin() override { places_.clear(); }

  void OnEvent(absl::string_view raw, const Json& json, std::string* out) override {
    const std::string type = TextAt(json, "type");
    if (type == "response.created" || type == "response.in_progress" || type == "response.queued") {
      if (rounds_ == 1) PutNumbered(raw, json, out);
      return;
    }
    if (type == "response.output_item.added") {
      const Json& item = json.contains("item") ? json["item"] : json;
      const bool call = absl::EndsWith(TextAt(item, "type"), "_call");
      if (call && IsOurs(TextAt(item, "name"))) {
        places_[NumberAt(json, "output_index")] = -1;
        Hide(TextAt(item, "call_id"), TextAt(item, "name"));
        return;
      }
      if (call) ++visible_calls_;
      places_[NumberAt(json, "output_index")] = next_++;
    }
    if (json.contains("output_index")) {
      const auto place = places_.find(NumberAt(json, "output_index"));
      if (place != places_.end() && place->second < 0) return;
      if (type == "response.output_item.done" && json.contains("item")) {
        kept_.push_back(json["item"]);
      }
      Json moved = json;
      if (place != places_.end()) moved["output_index"] = place->second;
      return PutNumbered(raw, moved, out, moved["output_index"] != json["output_index"]);
    }
    if (type == "response.completed") {
      goes_on_ = StopsForOurs();
      ends_ = !goes_on_;
      if (!goes_on_) PutCompleted(raw, json, out);
      return;
    }
    PutNumbered(raw, json, out);
  }

  void PutNumbered(absl::string_view raw, const Json& json, std::string* out,
                   bool changed = false) {
    const int64_t number = sequence_++;
    if (!changed && NumberAt(json, "sequence_number") == number) return Put(raw, out);
    Json numbered = json;
    if (json.contains("sequence_number")) numbered["sequence_number"] = number;
    Put(Event(numbered, TextAt(json, "type").c_str()), out);
  }

  void PutCompleted(absl::string_view raw, const Json& json, std::string* out) {
    if (!hid_anything_ || !json.contains("response") || !json["response"].is_object()) {
      return PutNumbered(raw, json, out);
    }
    Json whole = json;
    Json& response = whole["response"];
    response["output"] = kept_;
    if (response.contains("usage") && response["usage"].is_object()) {
      Json& usage = response["usage"];
      usage["output_tokens"] = NumberAt(usage, "output_tokens") + earlier_output_;
      usage["total_tokens"] = NumberAt(usage, "input_tokens") + NumberAt(usage, "output_tokens");
    }
    PutNumbered(raw, whole, out, true);
  }

  std::map<int64_t, int64_t> places_;
  int64_t next_ = 0;
  int64_t sequence_ = 0;
  std::vector<Json> kept_;
};

}  // namespace

std::unique_ptr<Relay> Relay::Create(Wire wire) {
  switch (wire) {
    case Wire::kAnthropic:
      return std::make_unique<AnthropicRelay>();
    case Wire::kOpenAiChat:
      return std::make_unique<ChatRelay>();
    case Wire::kOpenAiResponses:
      return std::make_unique<ResponsesRelay>();
    case Wire::kGemini:
      return nullptr;
  }
  return nullptr;
}

void Relay::BeginRound() {
  if (round_ != nullptr) earlier_output_ += round_->usage().output;
  round_ = std::make_unique<AnswerReader>(wire_, true);
  calls_.clear();
  visible_calls_ = 0;
  goes_on_ = false;
  ++rounds_;
  splitter_ = SseSplitter();
  OnBegin();
}

void Relay::Hide(std::string id, std::string name) {
  hid_anything_ = true;
  calls_.push_back({.id = std::move(id), .name = std::move(name), .arguments = ""});
}

void Relay::OnOther(absl::string_view raw, absl::string_view, std::string* out) { Put(raw, out); }

void Relay::Feed(absl::string_view bytes, std::string* out) {
  splitter_.Feed(bytes, [&](absl::string_view raw, absl::string_view data) {
    const auto json = transcripts::ParseJson({data.data(), data.size()});
    if (!json.ok() || !json->is_object()) return OnOther(raw, data, out);
    round_->Take(*json);
    OnEvent(raw, *json, out);
  });
}

void Relay::EndRound(std::string* out) {
  if (!splitter_.rest().empty() && !goes_on_) Put(splitter_.rest(), out);
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
  usage.output += earlier_output_;
  return usage;
}

}  // namespace fovea::gateway
