#include "tests/service/payload_check.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "tests/service/payload_check_common.h"

namespace fovea::testing {
namespace {

using Json = nlohmann::json;

enum class Server { kOpenAi, kVllm, kDeepSeek };

class ChatChecker : Checker {
 public:
  explicit ChatChecker(Server server) : server_(server) {}

  std::vector<std::string> Check(const Json& payload) {
    if (payload.size() != 1 || !payload.contains("messages")) Say("the body is not {messages}");
    const Json& messages = payload.at("messages");
    if (messages.empty()) Say("messages are empty");
    for (at_ = 0; at_ < messages.size(); ++at_) CheckMessage(messages[at_]);
    if (server_ == Server::kVllm && messages.size() == 1 && system_) Say("there is no user");
    // Waiting at the very end, with no answer given: the client goes on from there.
    if (!waiting_.empty() && answered_any_) Say("some calls are answered and others are not");
    return problems_;
  }

 private:
  void CheckMessage(const Json& message) {
    const std::string role = message.at("role");
    if (server_ == Server::kVllm && at_ < 2) CheckBeginning(role);
    if (role == "tool") return CheckTool(message);
    if (!waiting_.empty()) Say("a call has no tool message");
    waiting_.clear();
    answered_any_ = false;
    const Json& content = message.at("content");
    if (role == "user") {
      CheckUserContent(content);
    } else if (role == "system") {
      if (!content.is_string() || content.get<std::string>().empty()) Say("system is not a text");
      // The chat templates of Qwen and others raise an error.
      if (server_ == Server::kVllm && at_ > 0) Say("system is not at the beginning");
      CheckKeys(message, {"role", "content"});
    } else if (role == "assistant") {
      CheckAssistant(message);
    } else {
      Say("unknown role");
    }
  }

  void CheckBeginning(const std::string& role) {
    if (at_ == 0) system_ = role == "system";
    const bool opening = at_ == 0 ? !system_ : system_;
    if (opening && role != "user") Say("the user does not begin");
  }

  void CheckTool(const Json& message) {
    CheckKeys(message, {"role", "content", "tool_call_id"});
    if (!message.at("content").is_string()) Say("a tool message is not a text");
    const std::string id = message.at("tool_call_id");
    if (waiting_.empty() || waiting_.front() != id) return Say("answers no call, or out of order");
    waiting_.erase(waiting_.begin());
    answered_any_ = true;
    if (long_call_ > 0) Say("an answered message of more than 128 calls");
    long_call_ = 0;
  }

  void CheckUserContent(const Json& content) {
    if (content.is_string()) {
      if (content.get<std::string>().empty()) Say("user text is empty");
      return;
    }
    if (!content.is_array() || content.empty()) return Say("user content is empty");
    for (const Json& part : content) {
      if (part.at("type") == "text") {
        CheckKeys(part, {"type", "text"});
        if (part.at("text").get<std::string>().empty()) Say("user text is empty");
      } else if (part.at("type") == "image_url") {
        const std::string url = part.at("image_url").at("url");
        const bool address = server_ == Server::kOpenAi && url.starts_with("https://");
        if (!address && !IsImageUrl(url)) Say("an image is not fine");
        CheckKeys(part.at("image_url"), {"url", "detail"});
        const std::string detail = part.at("image_url").value("detail", "auto");
        if (detail != "auto" && detail != "low" && detail != "high") Say("detail " + detail);
        CheckKeys(part, {"type", "image_url", "uuid"});
        if (part.contains("uuid") && server_ != Server::kVllm) Say("a uuid");
        if (part.contains("uuid") && !IsPageId(part.at("uuid"))) Say("a uuid that is no page's");
      } else if (part.at("type") == "file" && server_ == Server::kOpenAi) {
        CheckKeys(part, {"type", "file"});
        CheckKeys(part.at("file"), {"filename", "file_data", "file_id"});
      } else {
        Say("unknown part");
      }
    }
  }

  void CheckAssistant(const Json& message) {
    const Json& content = message.at("content");
    const bool calls = message.contains("tool_calls");
    CheckReasoning(message);
    const bool says = calls || message.contains("refusal");
    if (!content.is_string() && !(content.is_null() && says)) Say("assistant content");
    if (content.is_string() && content.get<std::string>().empty()) Say("assistant text is empty");
    if (!calls) return;
    if (message.at("tool_calls").empty()) Say("tool_calls is empty");
    // "array too long. Expected an array with maximum length 128". The newest are the client's.
    if (server_ == Server::kOpenAi && message.at("tool_calls").size() > 128) long_call_ = at_;
    for (const Json& call : message.at("tool_calls")) {
      const std::string id = call.at("id");
      if (id.empty() || id.size() > 40 || !ids_.insert(id).second) Say("id " + id);
      if (call.at("type") == "custom" && server_ == Server::kOpenAi) {
        const std::string tool = call.at("custom").at("name");
        if (!IsPlain(tool) || tool.size() > 64) Say("name " + tool);
        if (!call.at("custom").at("input").is_string()) Say("input is not a string");
        waiting_.push_back(id);
        continue;
      }
      if (call.at("type") != "function") Say("a call is not a function's");
      const std::string name = call.at("function").at("name");
      if (!IsPlain(name) || name.size() > 64) Say("name " + name);
      if (!call.at("function").at("arguments").is_string()) Say("arguments are not a string");
      if (server_ != Server::kOpenAi) CheckArguments(call.at("function").at("arguments"));
      waiting_.push_back(id);
    }
  }

  // vLLM parses them for the chat template, and refuses what is no object.
  void CheckArguments(const std::string& arguments) {
    const Json json = Json::parse(arguments, nullptr, false);
    if (!json.is_object()) Say("arguments are no object");
  }

  // Without reasoning, or with an empty one, a thinking model answers 400.
  void CheckReasoning(const Json& message) {
    CheckKeys(message, {"role", "content", "tool_calls", "reasoning_content", "refusal"});
    if (server_ != Server::kDeepSeek && !message.contains("reasoning_content")) return;
    if (message.at("reasoning_content").get<std::string>().empty()) Say("reasoning is empty");
  }

  const Server server_;
  bool system_ = false;  // the first message is the system's
  std::vector<std::string> waiting_;
  bool answered_any_ = false;
  size_t long_call_ = 0;  // the newest message with more calls than the API takes; 0: none
  std::set<std::string> ids_;
};

class AnthropicChecker : Checker {
 public:
  std::vector<std::string> Check(const Json& payload) {
    for (const auto& [key, value] : payload.items()) {
      if (key != "system" && key != "messages") Say("unknown field " + key);
    }
    if (payload.contains("system")) {
      if (payload.at("system").empty()) Say("system is empty");
      for (const Json& block : payload.at("system")) CheckText(block);
    }
    const Json& messages = payload.at("messages");
    if (messages.empty()) Say("messages are empty");
    for (at_ = 0; at_ < messages.size(); ++at_) CheckMessage(messages[at_]);
    // "final assistant content cannot end with trailing whitespace"
    if (!messages.empty() && messages.back().at("role") == "assistant") {
      const Json& last = messages.back().at("content").back();
      if (last.at("type") == "text" && EndsWhite(last.at("text"))) Say("white space at the end");
    }
    // A turn that the API paused is gone on with; nothing may follow it.
    if (paused_ != 0 && paused_ != messages.size()) {
      Say("a call of the API's own tool without its result");
    }
    if (CountKeys(payload, "cache_control") > 4) Say("too many breakpoints");
    if (CountKeys(payload, "cache_control") == 0 && MayBeMarked(payload)) Say("no breakpoint");
    return problems_;
  }

 private:
  static int CountKeys(const Json& value, const char* key) {
    int count = value.is_object() && value.contains(key) ? 1 : 0;
    if (!value.is_structured()) return count;
    for (const auto& inner : value) count += CountKeys(inner, key);
    return count;
  }

  static bool MayBeMarked(const Json& payload) {
    for (const Json& message : payload.at("messages")) {
      for (const Json& block : message.at("content")) {
        if (block.at("type") == "text" || block.at("type") == "tool_use") return true;
      }
    }
    return payload.contains("system");
  }

  void CheckMessage(const Json& message) {
    const std::string role = message.at("role");
    const Json& content = message.at("content");
    if (role != "user" && role != "assistant") Say("unknown role");
    if (at_ == 0 && role != "user") Say("the first message is not the user's");
    if (!content.is_array() || content.empty()) Say("no content");
    if (role == "user") {
      CheckUser(content);
    } else {
      CheckAssistant(content);
    }
  }

  void CheckUser(const Json& content) {
    size_t results = 0;
    for (const Json& block : content) {
      if (block.at("type") != "tool_result") break;
      const std::string id = block.at("tool_use_id");
      if (results >= waiting_.size() || waiting_[results] != id) Say("a result for no call: " + id);
      ++results;
      CheckBreakpoint(block);
      const bool error = block.value("is_error", false);
      // "content cannot be empty if `is_error` is true"
      if (error && !block.contains("content")) Say("an error that says nothing");
      if (!block.contains("content")) continue;
      if (block.at("content").empty()) Say("empty content list");
      if (error && block.at("content").dump().find(R"("type":"image")") != std::string::npos) {
        Say("an image in an error");
      }
      for (const Json& inner : block.at("content")) {
        if (error && inner.at("type") != "text") Say("an error holds texts alone");
        if (inner.at("type") != "tool_reference") CheckContent(inner);
      }
    }
    if (results != waiting_.size()) Say("a call has no result in the next message");
    waiting_.clear();
    for (size_t i = results; i < content.size(); ++i) {
      CheckContent(content[i]);
    }
  }

  void CheckAssistant(const Json& content) {
    if (!waiting_.empty()) Say("calls without results");
    waiting_.clear();
    std::set<std::string> server_calls;
    for (const Json& block : content) {
      const std::string type = block.at("type");
      if (type == "server_tool_use" || type == "mcp_tool_use") {
        server_calls.insert(block.at("id").get<std::string>());
        continue;
      }
      if (type == "web_search_tool_result" || type == "mcp_tool_result") {
        const bool called = server_calls.erase(block.at("tool_use_id").get<std::string>()) == 1;
        if (!called) Say("a result of the API's own tool without its call");
        continue;
      }
      if (type == "thinking" || type == "redacted_thinking") {
        if (block.contains("cache_control")) Say("a breakpoint on thinking");
        if (&block == &content.back()) Say("a message may not end with thinking");
        continue;
      }
      if (type == "text") {
        CheckText(block);
      } else if (type == "tool_use") {
        CheckCall(block);
      } else {
        Say("an assistant sends " + type);
      }
    }
    if (!server_calls.empty()) paused_ = at_ + 1;
  }

  void CheckCall(const Json& block) {
    CheckBreakpoint(block);
    const std::string id = block.at("id");
    if (!IsPlain(id) || !ids_.insert(id).second) Say("id " + id);
    const std::string name = block.at("name");
    if (!IsPlain(name) || name.size() > 128) Say("name " + name);
    if (!block.at("input").is_object()) Say("input is not an object");
    waiting_.push_back(id);
  }

  void CheckText(const Json& block) {
    CheckBreakpoint(block);
    if (block.at("type") != "text" || IsBlank(block.at("text"))) Say("not a text, or a blank one");
  }

  // What users and results hold.
  void CheckContent(const Json& block) {
    const std::string type = block.at("type");
    if (type == "document") return CheckDocument(block);
    if (type == "search_result") {
      CheckBreakpoint(block);
      CheckKeys(block, {"type", "source", "title", "content", "citations", "cache_control"});
      if (IsBlank(block.at("source")) || IsBlank(block.at("title")))
        Say("a search result of nothing");
      if (block.at("content").empty()) Say("a search result without text");
      for (const Json& text : block.at("content")) CheckText(text);
      return;
    }
    CheckTextOrImage(block);
  }

  void CheckDocument(const Json& block) {
    CheckBreakpoint(block);
    CheckKeys(block, {"type", "source", "title", "context", "citations", "cache_control"});
    const Json& source = block.at("source");
    const std::string type = source.at("type");
    if (type == "base64") {
      CheckKeys(source, {"type", "media_type", "data"});
      if (source.at("media_type") != "application/pdf" || !IsBase64(source.at("data")))
        Say("no PDF");
    } else if (type == "text") {
      CheckKeys(source, {"type", "media_type", "data"});
      if (source.at("media_type") != "text/plain") Say("no plain text");
    } else if (type != "url" && type != "file" && type != "content") {
      Say("a document from " + type);
    }
  }

  void CheckTextOrImage(const Json& block) {
    if (block.at("type") != "image") return CheckText(block);
    CheckBreakpoint(block);
    const Json& source = block.at("source");
    if (source.at("type") == "url" && source.at("url").get<std::string>().starts_with("https://")) {
      return;
    }
    const std::string url = source.at("type") == "url"
                                ? source.at("url").get<std::string>()
                                : "data:" + source.at("media_type").get<std::string>() +
                                      ";base64," + source.at("data").get<std::string>();
    if (!IsImageUrl(url)) Say("an image is not fine");
  }

  void CheckBreakpoint(const Json& block) {
    if (!block.contains("cache_control")) return;
    if (block.at("cache_control") != Json{{"type", "ephemeral"}}) Say("cache_control");
  }

  size_t paused_ = 0;  // one more than the message whose own tool's call has no result; 0: none
  std::vector<std::string> waiting_;
  std::set<std::string> ids_;
};

void Collect(const Json& value, std::vector<std::string>& strings) {
  if (value.is_string()) strings.push_back(value.get<std::string>());
  if (!value.is_structured()) return;
  for (const auto& inner : value) Collect(inner, strings);
}

}  // namespace

std::vector<std::string> OpenAiChatProblems(const Json& payload) {
  return ChatChecker(Server::kOpenAi).Check(payload);
}

std::vector<std::string> VllmProblems(const Json& payload) {
  return ChatChecker(Server::kVllm).Check(payload);
}

std::vector<std::string> DeepSeekProblems(const Json& payload) {
  return ChatChecker(Server::kDeepSeek).Check(payload);
}

std::vector<std::string> TemplateProblems(const Json& payload) {
  std::vector<std::string> problems;
  // The loop that the templates of Gemma and Mistral begin with.
  size_t counted = 0;
  for (const Json& message : payload.at("messages")) {
    const std::string role = message.at("role");
    if (message.contains("tool_calls")) {
      for (const Json& call : message.at("tool_calls")) {
        const std::string id = call.at("id");
        const bool plain =
            std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
        if (id.size() != 9 || !plain) problems.push_back("an id that Mistral refuses: " + id);
      }
      continue;
    }
    if (role != "user" && role != "assistant") continue;
    if ((role == "user") != (counted++ % 2 == 0)) problems.emplace_back("roles must alternate");
  }
  return problems;
}

std::vector<std::string> AnthropicProblems(const Json& payload) {
  return AnthropicChecker().Check(payload);
}

std::vector<std::string> AllStrings(const Json& payload) {
  std::vector<std::string> strings;
  Collect(payload, strings);
  return strings;
}

}  // namespace fovea::testing
