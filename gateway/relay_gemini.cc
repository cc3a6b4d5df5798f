#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/relay_json.h"

namespace fovea::gateway {
namespace {

using transcripts::DumpJson;
using transcripts::Json;

// streamGenerateContent as events: each is a part of one content.
class GeminiRelay final : public Relay {
 public:
  GeminiRelay() : Relay(Wire::kGemini) {}

  std::vector<Json> visible() const override {
    if (parts_.empty()) return {};
    return {Json{{"role", "model"}, {"parts", parts_}}};
  }

  std::vector<Json> Results(const std::map<std::string, std::string>& texts) const override {
    Json parts = Json::array();
    for (const HiddenCall& call : calls_) {
      const auto text = texts.find(call.id);
      if (text == texts.end()) continue;
      Json answer = {{"name", call.name}, {"response", {{"output", text->second}}}};
      if (own_ids_.find(call.id) == own_ids_.end()) answer["id"] = call.id;
      parts.push_back({{"functionResponse", answer}});
    }
    return {Json{{"role", "user"}, {"parts", parts}}};
  }

 private:
  void OnEvent(absl::string_view raw, const Json& json, std::string* out) override {
    const Json& candidates = MemberAt(json, "candidates");
    if (!candidates.is_array() || candidates.empty() || !candidates[0].is_object()) {
      return Put(raw, out);
    }
    Json edited = json;
    Json& candidate = edited["candidates"][0];
    bool changed = TakeCallsOut(candidate);
    if (!TextAt(candidate, "finishReason").empty()) {
      Stop(IsCut(wire_, TextAt(candidate, "finishReason")));
      if (goes_on_) changed = candidate.erase("finishReason") > 0 || changed;
    }
    if (ends_ && earlier_output_ > 0) changed = SumUsage(edited) || changed;
    if (!changed) return Put(raw, out);
    const Json& parts = MemberAt(MemberAt(candidate, "content"), "parts");
    const bool nothing = !parts.is_array() || parts.empty();
    if (nothing && TextAt(candidate, "finishReason").empty()) return;
    // A content without parts is none.
    if (nothing) candidate.erase("content");
    Put(Event(edited), out);
  }

  bool TakeCallsOut(Json& candidate) {
    const auto content = candidate.find("content");
    if (content == candidate.end() || !content->is_object() || !content->contains("parts") ||
        !(*content)["parts"].is_array()) {
      return false;
    }
    Json kept = Json::array();
    bool changed = false;
    for (const Json& part : (*content)["parts"]) {
      const Json& call = MemberAt(part, "functionCall");
      const std::string name = TextAt(call, "name");
      if (call.is_object() && IsOurs(name)) {
        std::string id = TextAt(call, "id");
        if (id.empty()) {
          id = absl::StrCat("fovea-", ++numbered_);
          own_ids_[id] = true;
        }
        const Json& arguments = MemberAt(call, "args");
        Hide(std::move(id), name, arguments.is_object() ? DumpJson(arguments) : "{}");
        changed = true;
        continue;
      }
      if (call.is_object()) ++visible_calls_;
      kept.push_back(part);
      parts_.push_back(part);
    }
    (*content)["parts"] = std::move(kept);
    return changed;
  }

  bool SumUsage(Json& json) const {
    const auto usage = json.find("usageMetadata");
    if (usage == json.end() || !usage->is_object()) return false;
    (*usage)["candidatesTokenCount"] = NumberAt(*usage, "candidatesTokenCount") + earlier_output_;
    (*usage)["totalTokenCount"] = NumberAt(*usage, "totalTokenCount") + earlier_output_;
    return true;
  }

  Json parts_ = Json::array();
  int numbered_ = 0;
  std::map<std::string, bool> own_ids_;  // that the model did not give
};

}  // namespace

std::unique_ptr<Relay> MakeGeminiRelay() { return std::make_unique<GeminiRelay>(); }

}  // namespace fovea::gateway
