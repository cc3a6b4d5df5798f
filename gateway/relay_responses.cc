#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/relay_json.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;

// Responses: items are numbered on through all rounds, and so are events.
class ResponsesRelay final : public Relay {
 public:
  ResponsesRelay() : Relay(Wire::kOpenAiResponses) {}

  std::vector<Json> visible() const override { return kept_; }

  std::string Failure(int status, absl::string_view body) const override {
    Json response = response_.is_object() ? response_ : Json::object();
    const auto said = transcripts::ParseJson({body.data(), body.size()});
    const std::string code = said.ok() ? TextAt(MemberAt(*said, "error"), "code") : "";
    response["status"] = "failed";
    response["output"] = kept_;
    response["error"] = {{"code", !code.empty()   ? code
                                  : status == 429 ? "rate_limit_exceeded"
                                                  : "server_error"},
                         {"message", FailureMessage(status, body)}};
    return Event(
        {{"type", "response.failed"}, {"sequence_number", sequence_}, {"response", response}},
        "response.failed");
  }

  std::vector<Json> Results(const std::map<std::string, std::string>& texts) const override {
    std::vector<Json> items;
    items.reserve(texts.size());
    for (const auto& [id, text] : texts) {
      items.push_back({{"type", "function_call_output"}, {"call_id", id}, {"output", text}});
    }
    return items;
  }

 private:
  void OnBegin() override {
    places_.clear();
    earlier_items_ = kept_.size();
  }

  void OnEvent(absl::string_view raw, const Json& json, std::string* out) override {
    const std::string type = TextAt(json, "type");
    if (type == "response.created" || type == "response.in_progress" || type == "response.queued") {
      if (rounds_ > 1) return;
      if (type == "response.created") response_ = MemberAt(json, "response");
      return PutNumbered(raw, json, out);
    }
    if (type == "response.output_item.added") {
      const Json& item = json.contains("item") ? json["item"] : json;
      const bool call = IsClientsCall(item);
      if (call && IsOurs(FunctionName(item))) {
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
    if (type == "response.completed" || type == "response.incomplete" ||
        type == "response.failed") {
      Stop(type != "response.completed");
      if (!goes_on_) PutLast(raw, json, out);
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

  void PutLast(absl::string_view raw, const Json& json, std::string* out) {
    if (!hid_anything_ || !json.contains("response") || !json["response"].is_object()) {
      return PutNumbered(raw, json, out);
    }
    Json whole = json;
    Json& response = whole["response"];
    response["output"] = OutputOf(MemberAt(response, "output"));
    if (response.contains("usage") && response["usage"].is_object()) {
      Json& usage = response["usage"];
      usage["output_tokens"] = NumberAt(usage, "output_tokens") + earlier_output_;
      usage["total_tokens"] = NumberAt(usage, "input_tokens") + NumberAt(usage, "output_tokens");
    }
    PutNumbered(raw, whole, out, true);
  }

  // The agent's view of it, over all rounds. An item that was cut off may stand in `last` alone.
  Json OutputOf(const Json& last) const {
    Json output(kept_);
    if (!last.is_array()) return output;
    std::vector<Json> items;
    for (const Json& item : last) {
      if (!IsOurs(FunctionName(item))) items.push_back(item);
    }
    if (earlier_items_ + items.size() <= kept_.size()) return output;
    output.erase(output.begin() + static_cast<int64_t>(earlier_items_), output.end());
    for (Json& item : items) output.push_back(std::move(item));
    return output;
  }

  std::map<int64_t, int64_t> places_;
  int64_t next_ = 0;
  int64_t sequence_ = 0;
  size_t earlier_items_ = 0;  // of the rounds before, in kept_
  Json response_;             // as it was created
  std::vector<Json> kept_;
};

}  // namespace

bool IsClientsCall(const Json& item) {
  constexpr absl::string_view kProviders[] = {"web_search_call", "file_search_call",
                                              "code_interpreter_call", "image_generation_call",
                                              "mcp_call"};
  const std::string type = TextAt(item, "type");
  return absl::EndsWith(type, "_call") &&
         std::find(std::begin(kProviders), std::end(kProviders), type) == std::end(kProviders);
}

std::string FunctionName(const Json& item) {
  const bool plain = TextAt(item, "type") == "function_call" && TextAt(item, "namespace").empty();
  return plain ? TextAt(item, "name") : "";
}

std::unique_ptr<Relay> MakeResponsesRelay() { return std::make_unique<ResponsesRelay>(); }

}  // namespace fovea::gateway
