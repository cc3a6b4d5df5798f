// OpenAI Chat Completions, and what vLLM and DeepSeek make of it. Pictures stand in user messages
// only, each call is answered by a tool message of its own right behind its assistant message, and
// every such message is plain text.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"
#include "nlohmann/json.hpp"
#include "service/wire/composer.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

// What the API accepts (platform.openai.com/docs/api-reference/chat).
constexpr CallIdRule kIdRule = {.plain = false, .max_bytes = 40};
constexpr size_t kMaxCalls = 128;
constexpr ApiRules kOpenAiRules = {.call_ids = kIdRule, .max_calls = kMaxCalls};

// vLLM parses arguments as JSON objects, and the chat templates of Qwen and others refuse a system
// message that is not the first, and a conversation without a user.
constexpr ApiRules kVllmRules = {
    .call_ids = kIdRule, .object_arguments = true, .one_system_text = true, .user_begins = true};

// The text of a part of kind "deepseek.": that of its field reasoning_content, or all of it.
std::optional<Block> Reasoning(const OpaquePart& part, Role role) {
  if (role != Role::kAssistant || !absl::StartsWith(part.kind, "deepseek.")) return std::nullopt;
  Block block = TextBlock(part.data);
  const auto json = ParseBoundedJson(part.data);
  if (json.is_object()) {
    const auto field = json.find("reasoning_content");
    if (field == json.end() || !field->is_string()) return std::nullopt;
    block = TextBlock(field->get<std::string>());
  } else if (json.is_string()) {
    block = TextBlock(json.get<std::string>());
  }
  block.kind = Block::Kind::kRaw;
  return block;
}

constexpr ApiRules kDeepSeekRules = {
    .call_ids = kIdRule, .object_arguments = true, .own_block = Reasoning};

enum class Dialect : uint8_t { kOpenAi = 1, kVllm = 2, kDeepSeek = 3 };

const ApiRules& RulesOf(Dialect dialect) {
  switch (dialect) {
    case Dialect::kVllm:
      return kVllmRules;
    case Dialect::kDeepSeek:
      return kDeepSeekRules;
    case Dialect::kOpenAi:
      break;
  }
  return kOpenAiRules;
}

class ChatFormat final : public ComposedFormat {
 public:
  explicit ChatFormat(Dialect dialect) : ComposedFormat(RulesOf(dialect)), dialect_(dialect) {}

  absl::Status Validate(const std::vector<Message>& prefix,
                        const std::vector<Message>& tail) const override {
    switch (dialect_) {
      case Dialect::kVllm:
        return ValidateVllmChat(prefix, tail);
      case Dialect::kDeepSeek:
        return ValidateDeepSeekChat(prefix, tail);
      case Dialect::kOpenAi:
        break;
    }
    return ValidateOpenAiChat(prefix, tail);
  }

  void WritePrefix(const std::vector<Message>& prefix, const PageBytes& pages,
                   std::string* out) const override {
    *out += R"({"messages":[)";
    for (const Message& message : prefix) {
      if (&message != &prefix.front()) *out += ',';
      WriteMessage(message, pages, *out);
    }
  }

  void WriteTail(const std::vector<Message>& prefix, const std::vector<Message>& tail,
                 const PageBytes& pages, std::string* out) const override {
    bool first = prefix.empty();
    for (const Message& message : tail) {
      if (!std::exchange(first, false)) *out += ',';
      WriteMessage(message, pages, *out);
    }
    *out += "]}";
  }

 private:
  static std::string Joined(const std::vector<Block>& blocks, Block::Kind kind,
                            std::string_view between = "") {
    std::string text;
    bool any = false;
    for (const Block& block : blocks) {
      if (block.kind != kind) continue;
      if (std::exchange(any, true)) text += between;
      text += block.text;
    }
    return text;
  }

  void WriteMessage(const Message& message, const PageBytes& pages, std::string& out) const {
    if (message.role == Role::kTool) return WriteResult(message.blocks.front(), out);
    absl::StrAppend(&out, R"({"role":")", RoleName(message.role), R"(","content":)");
    if (message.role == Role::kUser) {
      WriteUserContent(message.blocks, pages, out);
    } else {
      // vLLM's one system message holds what were several.
      const bool joins = dialect_ == Dialect::kVllm && message.role == Role::kSystem;
      const std::string text = Joined(message.blocks, Block::Kind::kText, joins ? "\n\n" : "");
      if (text.empty()) {
        out += "null";
      } else {
        AppendString(text, out);
      }
    }
    if (dialect_ == Dialect::kDeepSeek && message.role == Role::kAssistant) {
      WriteReasoning(message.blocks, out);
    }
    WriteCalls(message.blocks, out);
    out += '}';
  }

  static void WriteResult(const Block& result, std::string& out) {
    out += R"({"role":"tool","tool_call_id":)";
    AppendString(result.id, out);
    out += R"(,"content":)";
    AppendString(Joined(result.content, Block::Kind::kText), out);
    out += '}';
  }

  // A thinking model refuses an assistant message without reasoning, and newer ones an empty one;
  // a space is what every one takes, and other models ignore the field.
  static void WriteReasoning(const std::vector<Block>& blocks, std::string& out) {
    const std::string reasoning = Joined(blocks, Block::Kind::kRaw);
    out += R"(,"reasoning_content":)";
    AppendString(reasoning.empty() ? " " : reasoning, out);
  }

  void WriteUserContent(const std::vector<Block>& blocks, const PageBytes& pages,
                        std::string& out) const {
    if (blocks.size() == 1 && blocks.front().kind == Block::Kind::kText) {
      return AppendString(blocks.front().text, out);
    }
    out += '[';
    for (const Block& block : blocks) {
      if (&block != &blocks.front()) out += ',';
      if (block.kind == Block::Kind::kImage) {
        WriteImage(block.image, pages, out);
        continue;
      }
      out += R"({"type":"text","text":)";
      AppendString(block.text, out);
      out += '}';
    }
    out += ']';
  }

  void WriteImage(const Image& image, const PageBytes& pages, std::string& out) const {
    out += R"({"type":"image_url","image_url":{"url":")";
    AppendImageUrl(image, pages, out);
    out += '"';
    // "original" is what is meant where it is left out, and no value of this API.
    if (IsDetail(image.resolution) && image.resolution != "original") {
      absl::StrAppend(&out, R"(,"detail":")", image.resolution, "\"");
    }
    out += '}';
    // The key of vLLM's cache of what an image becomes: a page's id names its pixels.
    if (dialect_ == Dialect::kVllm && !image.page_id.empty()) {
      absl::StrAppend(&out, R"(,"uuid":")", image.page_id, "\"");
    }
    out += '}';
  }

  static void WriteCalls(const std::vector<Block>& blocks, std::string& out) {
    bool any = false;
    for (const Block& block : blocks) {
      if (block.kind != Block::Kind::kCall) continue;
      out += std::exchange(any, true) ? "," : R"(,"tool_calls":[)";
      out += R"({"id":)";
      AppendString(block.id, out);
      out += R"(,"type":"function","function":{"name":)";
      AppendString(block.name, out);
      out += R"(,"arguments":)";
      AppendString(block.text, out);
      out += "}}";
    }
    if (any) out += ']';
  }

  const Dialect dialect_;
};

}  // namespace

std::unique_ptr<JsonFormat> OpenAiChat() { return std::make_unique<ChatFormat>(Dialect::kOpenAi); }
std::unique_ptr<JsonFormat> VllmChat() { return std::make_unique<ChatFormat>(Dialect::kVllm); }
std::unique_ptr<JsonFormat> DeepSeekChat() {
  return std::make_unique<ChatFormat>(Dialect::kDeepSeek);
}

}  // namespace fovea::wire
