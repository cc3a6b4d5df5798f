#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/relay_json.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;

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
      const std::string reason = TextAt(MemberAt(json, "delta"), "stop_reason");
      if (!reason.empty()) TakeStop(reason);
      if (!goes_on_) PutDelta(raw, json, out);
    } else if (type == "message_stop") {
      TakeStop("");
      if (!goes_on_) Put(raw, out);
    } else {
      Put(raw, out);
    }
  }

  void TakeStop(absl::string_view reason) {
    if (goes_on_ || ends_) return;
    TakeVisible();
    Stop(IsCut(wire_, reason));
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
    if (StopsInVain() && TextAt(MemberAt(json, "delta"), "stop_reason") == "tool_use") {
      summed["delta"]["stop_reason"] = "end_turn";
    }
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

}  // namespace

std::unique_ptr<Relay> MakeAnthropicRelay() { return std::make_unique<AnthropicRelay>(); }

}  // namespace fovea::gateway
