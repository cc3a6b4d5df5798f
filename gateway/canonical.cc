#include "gateway/canonical.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/json_member.h"

namespace fovea::gateway {
namespace {

using transcripts::DumpJson;
using transcripts::IsText;
using transcripts::Json;

std::string StringOf(const Json& json) {
  return json.is_string() ? json.get<std::string>() : std::string();
}

// Bounded by what ParseJson lets through.
void Write(const Json& json, std::string& out) {
  if (json.is_array()) {
    out += '[';
    for (const Json& item : json) {
      Write(item, out);
      out += ',';
    }
    out += ']';
    return;
  }
  if (!json.is_object()) {
    out += DumpJson(json);
    return;
  }
  std::vector<Json::const_iterator> members;
  for (auto member = json.begin(); member != json.end(); ++member) {
    if (member.key() == "cache_control" || member.value().is_null()) continue;
    members.push_back(member);
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.key() < b.key(); });
  out += '{';
  for (const auto& member : members) {
    absl::StrAppend(&out, member.key(), ":");
    if (member.key() == "content" && IsText(member.value())) {
      out += '[';
      Write(Json{{"text", member.value()}, {"type", "text"}}, out);
      out += ",]";
    } else {
      Write(member.value(), out);
    }
    out += ',';
  }
  out += '}';
}

// A model's item by its parts: texts joined, calls in their order, everything else but thoughts
// whole.
class ModelItem {
 public:
  void AddText(absl::string_view text) { texts_.append(text.data(), text.size()); }
  void AddCall(absl::string_view id, absl::string_view name, const Json& arguments) {
    std::string text;
    if (arguments.is_string()) {
      // Agents write a call's arguments again, in their own way.
      const auto parsed = transcripts::ParseJson(arguments.get<std::string>());
      text = parsed.ok() ? CanonicalText(*parsed) : StringOf(arguments);
    } else {
      text = CanonicalText(arguments);
    }
    absl::StrAppend(&rest_, "call\n", id, "\n", name, "\n", text, "\n");
  }
  void AddOther(const Json& json) { absl::StrAppend(&rest_, "other\n", CanonicalText(json), "\n"); }

  std::string Finish() const {
    const absl::string_view text = absl::StripAsciiWhitespace(texts_);
    if (text.empty() && rest_.empty()) return "";
    return absl::StrCat("model\n", text.size(), "\n", text, "\n", rest_);
  }

 private:
  std::string texts_;
  std::string rest_;
};

bool IsThought(const std::string& type) {
  return type == "thinking" || type == "redacted_thinking" || type == "reasoning";
}

void AddBlocks(const Json& content, ModelItem& to) {
  if (content.is_string()) return to.AddText(StringOf(content));
  if (!content.is_array()) return;
  for (const Json& block : content) {
    if (!block.is_object()) continue;
    const std::string type = TextAt(block, "type");
    if (IsThought(type)) continue;
    if (type == "text" || type == "output_text") {
      to.AddText(TextAt(block, "text"));
    } else if (type == "tool_use" && block.contains("input")) {
      to.AddCall(TextAt(block, "id"), TextAt(block, "name"), block["input"]);
    } else {
      to.AddOther(block);
    }
  }
}

void AddChat(const Json& item, ModelItem& to) {
  if (item.contains("content")) AddBlocks(item["content"], to);
  const auto calls = item.find("tool_calls");
  if (calls == item.end() || !calls->is_array()) return;
  for (const Json& call : *calls) {
    const bool function = call.is_object() && call.contains("function") &&
                          call["function"].is_object() && call["function"].contains("arguments");
    if (!function) {
      to.AddOther(call);
      continue;
    }
    to.AddCall(TextAt(call, "id"), TextAt(call["function"], "name"), call["function"]["arguments"]);
  }
}

void AddResponses(const Json& item, ModelItem& to) {
  const std::string type = TextAt(item, "type");
  if (IsThought(type)) return;
  if (type == "function_call" && item.contains("arguments")) {
    to.AddCall(TextAt(item, "call_id"), TextAt(item, "name"), item["arguments"]);
  } else if (type == "custom_tool_call" && item.contains("input")) {
    to.AddCall(TextAt(item, "call_id"), TextAt(item, "name"), item["input"]);
  } else if (type.empty() || type == "message") {
    if (item.contains("content")) AddBlocks(item["content"], to);
  } else {
    Json rest = item;
    for (const char* key : {"id", "status"}) rest.erase(key);
    to.AddOther(rest);
  }
}

void AddGemini(const Json& item, ModelItem& to) {
  const auto parts = item.find("parts");
  if (parts == item.end() || !parts->is_array()) return;
  for (const Json& part : *parts) {
    if (!part.is_object() || (part.contains("thought") && part["thought"] == true)) continue;
    if (part.contains("text")) {
      to.AddText(TextAt(part, "text"));
    } else if (part.contains("functionCall") && part["functionCall"].is_object()) {
      const Json& call = part["functionCall"];
      to.AddCall(TextAt(call, "id"), TextAt(call, "name"),
                 call.contains("args") ? call["args"] : Json::object());
    } else if (part.size() != 1 || !part.contains("thoughtSignature")) {
      to.AddOther(part);
    }
  }
}

}  // namespace

std::string CanonicalText(const Json& json) {
  std::string out;
  Write(json, out);
  return out;
}

bool IsModelItem(Wire wire, const Json& item) {
  const std::string role = TextAt(item, "role");
  if (wire == Wire::kGemini) return role == "model";
  if (wire != Wire::kOpenAiResponses || !role.empty()) return role == "assistant";
  return !absl::EndsWith(TextAt(item, "type"), "_output");
}

std::string CanonicalItem(Wire wire, const Json& item) {
  if (!IsModelItem(wire, item)) return CanonicalText(item);
  ModelItem model;
  switch (wire) {
    case Wire::kAnthropic:
      if (item.contains("content")) AddBlocks(item["content"], model);
      break;
    case Wire::kOpenAiChat:
      AddChat(item, model);
      break;
    case Wire::kOpenAiResponses:
      AddResponses(item, model);
      break;
    case Wire::kGemini:
      AddGemini(item, model);
      break;
  }
  return model.Finish();
}

}  // namespace fovea::gateway
