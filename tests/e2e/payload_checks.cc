#include "tests/e2e/payload_checks.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/payload_check.h"

namespace fovea::testing {
namespace {

using Json = nlohmann::json;

int CountKey(const Json& json, const char* key) {
  int count = 0;
  if (json.is_object() && json.contains(key)) ++count;
  if (json.is_structured()) {
    for (const Json& item : json) count += CountKey(item, key);
  }
  return count;
}

bool HasBlock(const Json& content, const char* type) {
  if (!content.is_array()) return false;
  for (const Json& block : content) {
    if (block.at("type") == type) return true;
  }
  return false;
}

bool IsEmpty(const Json& content) {
  return content.is_null() ||
         (content.is_string() && content.get_ref<const std::string&>().empty()) ||
         (content.is_array() && content.empty());
}

std::string CheckOpenAiMessage(const Json& message, std::multiset<std::string>& waiting) {
  const std::string role = message.at("role");
  if (role == "tool") {
    const std::string id = message.at("tool_call_id");
    const auto call = waiting.find(id);
    if (call == waiting.end()) return absl::StrCat("result for ", id, " without a call");
    waiting.erase(call);
  } else if (!waiting.empty()) {
    return absl::StrCat(role, " message while ", *waiting.begin(), " has no result");
  }
  if (role != "user" && HasBlock(message.at("content"), "image_url")) {
    return absl::StrCat("image in a ", role, " message");
  }
  const bool has_calls = message.contains("tool_calls") && !message.at("tool_calls").empty();
  if (!has_calls && IsEmpty(message.at("content"))) return "empty message";
  if (!has_calls) return "";
  if (role != "assistant") return absl::StrCat("calls in a ", role, " message");
  for (const Json& call : message.at("tool_calls")) {
    if (call.at("type") != "function") return "a call that is no function";
    if (!call.at("function").at("arguments").is_string()) return "arguments that are no string";
    waiting.insert(call.at("id").get<std::string>());
  }
  return "";
}

std::string CheckAnthropicBlocks(const Json& message, std::set<std::string>& uses,
                                 std::set<std::string>& seen) {
  const bool is_user = message.at("role") == "user";
  std::set<std::string> waiting = std::move(uses);
  uses.clear();
  bool results_may_follow = true;
  if (IsEmpty(message.at("content"))) return "empty message";
  if (message.at("content").is_string()) return waiting.empty() ? "" : "a call has no result";
  for (const Json& block : message.at("content")) {
    const std::string type = block.at("type");
    if (type == "tool_result") {
      if (!is_user || !results_may_follow) return "tool_result out of place";
      if (waiting.erase(block.at("tool_use_id").get<std::string>()) == 0) {
        return "tool_result without its tool_use in the message before";
      }
      continue;
    }
    results_may_follow = false;
    if (!is_user && type == "image") return "image in an assistant message";
    if (type == "text" && block.at("text").get_ref<const std::string&>().empty()) {
      return "empty text block";
    }
    if (type == "tool_use") {
      if (is_user) return "tool_use in a user message";
      if (!block.at("input").is_object()) return "input that is no object";
      const std::string id = block.at("id");
      if (!seen.insert(id).second) return absl::StrCat("id ", id, " twice");
      uses.insert(id);
    }
  }
  return waiting.empty() ? "" : "a call has no result";
}

}  // namespace

std::string CheckOpenAiChat(const std::string& payload) {
  const Json json = Json::parse(payload, nullptr, false);
  if (json.is_discarded()) return "not JSON";
  std::multiset<std::string> waiting;
  const Json& messages = json.at("messages");
  for (const Json& message : messages) {
    std::string problem = CheckOpenAiMessage(message, waiting);
    if (!problem.empty()) return problem;
  }
  const bool open_end = !messages.empty() && (messages.back().at("role") == "assistant" ||
                                              messages.back().at("role") == "tool");
  return waiting.empty() || open_end ? "" : "a call has no result";
}

std::string CheckAnthropic(const std::string& payload) {
  const Json json = Json::parse(payload, nullptr, false);
  if (json.is_discarded()) return "not JSON";
  if (CountKey(json, "cache_control") > 4) return "more than four cache breakpoints";
  const Json& messages = json.at("messages");
  if (!messages.empty() && messages.front().at("role") != "user")
    return "does not begin with a user";
  std::set<std::string> uses;
  std::set<std::string> seen;
  for (const Json& message : messages) {
    std::string problem = CheckAnthropicBlocks(message, uses, seen);
    if (!problem.empty()) return problem;
  }
  return "";
}

std::string CheckPayload(v1::WireFormat format, const std::string& payload) {
  const Json json = Json::parse(payload, nullptr, false);
  if (json.is_discarded()) return "not JSON";
  std::vector<std::string> problems;
  switch (format) {
    case v1::WIRE_FORMAT_OPENAI_CHAT:
      problems = OpenAiChatProblems(json);
      problems.push_back(CheckOpenAiChat(payload));
      break;
    case v1::WIRE_FORMAT_ANTHROPIC:
      problems = AnthropicProblems(json);
      problems.push_back(CheckAnthropic(payload));
      break;
    case v1::WIRE_FORMAT_OPENAI_RESPONSES:
      problems = ResponsesProblems(json);
      break;
    case v1::WIRE_FORMAT_GEMINI:
      problems = GeminiProblems(json);
      break;
    case v1::WIRE_FORMAT_VLLM:
      problems = VllmProblems(json);
      problems.push_back(CheckOpenAiChat(payload));
      break;
    case v1::WIRE_FORMAT_DEEPSEEK:
      problems = DeepSeekProblems(json);
      problems.push_back(CheckOpenAiChat(payload));
      break;
    default:
      return "no check for this format";
  }
  return problems.empty() ? "" : problems.front();
}

}  // namespace fovea::testing
