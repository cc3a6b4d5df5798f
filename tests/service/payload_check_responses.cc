// From OpenAI's API reference, "Create a model response", and its guides on function calling,
// reasoning and prompt caching.
#include <algorithm>
#include <set>

#include "tests/service/payload_check.h"
#include "tests/service/payload_check_common.h"

namespace fovea::testing {
namespace {

class ResponsesChecker : Checker {
 public:
  std::vector<std::string> Check(const Json& payload) {
    if (payload.size() != 1 || !payload.contains("input")) Say("the body is not {input}");
    const Json& input = payload.at("input");
    if (input.empty()) Say("the input is empty");
    for (at_ = 0; at_ < input.size(); ++at_) CheckItem(input[at_]);
    if (reasoning_) Say("reasoning without the item that must follow it");
    // "No tool output found for function call": but the newest calls are the client's to answer.
    if (!open_.empty() && answered_) Say("a call has no output");
    if (!own_.empty() && !newest_own_) Say("an item's call has no output");
    if (breakpoints_ > 4) Say("more than four breakpoints");
    return problems_;
  }

 private:
  void CheckItem(const Json& item) {
    const std::string type = item.at("type");
    const bool from_user =
        type.ends_with("_output") || (type == "message" && item.at("role") != "assistant");
    newest_own_ = !from_user;
    if (reasoning_ && from_user) Say("reasoning without the item that must follow it");
    reasoning_ = type == "reasoning";
    if (from_user && type == "message" && !open_.empty()) Say("a call has no output");
    if (type == "message") return CheckMessage(item);
    if (type == "function_call") return CheckCall(item);
    if (type == "function_call_output") return CheckOutput(item);
    if (type == "custom_tool_call_output" && calls_.contains(item.at("call_id"))) {
      return CheckOutput(item);
    }
    if (type == "custom_tool_call") return CheckCustom(item);
    if (type == "custom_tool_call_output") {
      const bool called = own_.erase(item.at("call_id").get<std::string>()) > 0;
      if (!called) Say("an output without its item");
      return;
    }
    static const std::set<std::string> kAlone = {"reasoning",       "compaction",
                                                 "web_search_call", "file_search_call",
                                                 "mcp_call",        "image_generation_call"};
    if (kAlone.count(type) == 0) return Say("an item of type " + type);
    if (!item.contains("id")) return;
    const std::string id = item.at("id");
    if (id.size() > 64) Say("an id above 64 characters");
    if (!items_.insert(id).second) Say("duplicate item " + id);
  }

  void CheckMessage(const Json& item) {
    CheckKeys(item, {"type", "role", "content", "phase"});
    const std::string role = item.at("role");
    const Json& content = item.at("content");
    if (role == "assistant") {
      if (!open_.empty() && answered_) Say("some calls are answered and others are not");
      if (!content.is_string() || content.get<std::string>().empty()) Say("assistant content");
      return;
    }
    if (role != "user" && role != "system" && role != "developer") Say("unknown role");
    CheckContent(content, role == "user");
  }

  void CheckCall(const Json& item) {
    CheckKeys(item, {"type", "call_id", "name", "arguments"});
    const std::string id = item.at("call_id");
    if (id.empty() || id.size() > 64 || !calls_.insert(id).second) Say("call_id " + id);
    const std::string name = item.at("name");
    if (!IsPlain(name) || name.size() > 64) Say("name " + name);
    if (!item.at("arguments").is_string()) Say("arguments are not a string");
    if (answered_ && !open_.empty()) Say("a call between outputs");
    answered_ = false;
    open_.push_back(id);
  }

  // A part of a turn, or a block that was kept as it is: those go by ids of their own here.
  void CheckCustom(const Json& item) {
    const std::string id = item.at("call_id");
    const bool kept = (id.size() == 2 && id[0] == 'p') || !item.contains("name");
    if (kept) {
      own_.insert(id);
      return;
    }
    CheckKeys(item, {"type", "call_id", "name", "input"});
    if (id.empty() || id.size() > 64 || !calls_.insert(id).second) Say("call_id " + id);
    const std::string name = item.at("name");
    if (!IsPlain(name) || name.size() > 64) Say("name " + name);
    if (answered_ && !open_.empty()) Say("a call between outputs");
    answered_ = false;
    open_.push_back(id);
  }

  void CheckOutput(const Json& item) {
    CheckKeys(item, {"type", "call_id", "output"});
    const std::string id = item.at("call_id");
    if (open_.empty() || open_.front() != id) return Say("an output for no call, or out of order");
    open_.erase(open_.begin());
    answered_ = true;
    if (item.at("output").is_string()) return;
    CheckContent(item.at("output"), true);
  }

  void CheckContent(const Json& content, bool pictures) {
    if (!content.is_array() || content.empty()) return Say("no content");
    for (const Json& part : content) {
      CheckBreakpoint(part);
      if (part.at("type") == "input_text") {
        CheckKeys(part, {"type", "text", "prompt_cache_breakpoint"});
        if (part.at("text").get<std::string>().empty()) Say("empty text");
        continue;
      }
      if (part.at("type") == "input_file" && pictures) {
        CheckKeys(part, {"type", "filename", "file_data", "file_id", "file_url"});
        continue;
      }
      if (part.at("type") == "input_image" && pictures && !part.contains("detail")) {
        CheckKeys(part, {"type", "image_url", "file_id"});
        continue;
      }
      CheckKeys(part, {"type", "image_url", "detail", "prompt_cache_breakpoint"});
      if (part.at("type") != "input_image" || !pictures) Say("a part that may not stand here");
      if (!IsImageUrl(part.at("image_url"))) Say("an image is not fine");
      static const std::set<std::string> kDetails = {"low", "high", "auto", "original"};
      if (kDetails.count(part.at("detail")) == 0) Say("detail");
    }
  }

  void CheckBreakpoint(const Json& part) {
    if (!part.contains("prompt_cache_breakpoint")) return;
    ++breakpoints_;
    if (part.at("prompt_cache_breakpoint") != Json{{"mode", "explicit"}}) Say("breakpoint");
  }

  bool reasoning_ = false;  // the item before was reasoning
  bool answered_ = false;   // some of the newest step's calls are
  int breakpoints_ = 0;
  std::vector<std::string> open_;
  std::set<std::string> calls_;
  std::set<std::string> items_;
  std::multiset<std::string> own_;  // of items in pairs, without an output yet
  bool newest_own_ = false;         // the newest item is the model's
};

}  // namespace

std::vector<std::string> ResponsesProblems(const nlohmann::json& payload) {
  return ResponsesChecker().Check(payload);
}

}  // namespace fovea::testing
