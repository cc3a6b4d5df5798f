// OpenAI Chat Completions, and what vLLM and DeepSeek make of it. Pictures stand in user messages
// only, each call is answered by a tool message of its own right behind its assistant message, and
// every such message is plain text.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"
#include "core/log/part_text.h"
#include "nlohmann/json.hpp"
#include "service/wire/composer.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

// What the API accepts (platform.openai.com/docs/api-reference/chat).
constexpr CallIdRule kIdRule = {.plain = false, .max_bytes = 40};
constexpr size_t kMaxCalls = 128;
constexpr char kReasoning[] = "reasoning_content";

// The text of a part of kind "*.reasoning_content": that of its field of this name, or all of it.
std::optional<Block> Reasoning(const OpaquePart& part, Role role) {
  const bool reasoning = absl::EndsWith(part.kind, absl::StrCat(".", kReasoning)) ||
                         absl::StartsWith(part.kind, "deepseek.");
  if (role != Role::kAssistant || !reasoning) return std::nullopt;
  Block block = TextBlock(part.data);
  const auto json = ParseBoundedJson(part.data);
  if (json.is_object()) {
    const auto field = json.find(kReasoning);
    if (field == json.end() || !field->is_string()) return std::nullopt;
    block = TextBlock(field->get<std::string>());
  } else if (json.is_string()) {
    block = TextBlock(json.get<std::string>());
  }
  block.kind = Block::Kind::kRaw;
  block.name = kReasoning;
  return block;
}

std::optional<Block> ReasoningOfDeepSeek(const OpaquePart& part, Role role,
                                         const ReaderTraits& /*reader*/) {
  return Reasoning(part, role);
}

// Reasoning where the model wants it back.
std::optional<Block> ReasoningIfWanted(const OpaquePart& part, Role role,
                                       const ReaderTraits& reader) {
  return reader.dialect.wants_reasoning ? Reasoning(part, role) : std::nullopt;
}

// A user's content that is written from nothing else: files and sound.
std::optional<Block> OwnContent(const OpaquePart& part, Role role, const ReaderTraits& reader) {
  if (role == Role::kAssistant) return ReasoningIfWanted(part, role, reader);
  const bool own = role == Role::kUser && absl::StartsWith(part.kind, "openai.");
  if (!own || !IsJsonObject(part.data)) return std::nullopt;
  const auto json = ParseBoundedJson(part.data);
  if (json.is_discarded()) return std::nullopt;
  const auto type = json.find("type");
  const bool taken = type != json.end() && type->is_string() &&
                     (*type == "file" || *type == "input_audio" || *type == "image_url") &&
                     json.contains(type->get<std::string>());
  if (!taken) return std::nullopt;
  return Block{.kind = Block::Kind::kRaw,
               .text = part.data,
               .is_document = true,
               .media = *type == "image_url" ? 1U : 0U};
}

std::optional<Block> File(const DocumentPart& part, const ReaderTraits& reader) {
  const bool file = part.media_type == "application/pdf" || absl::StartsWith(part.uri, "file-");
  const bool image =
      absl::StartsWith(part.media_type, "image/") && absl::StartsWith(part.uri, "https://");
  if (!reader.takes_images || IsTextDocument(part) || !(file || image)) return std::nullopt;
  Block block{.kind = Block::Kind::kRaw, .is_document = true, .media = 1};
  if (image) {
    block.text = R"({"type":"image_url","image_url":{"url":)";
    AppendString(TextBlock(part.uri).text, block.text);
  } else if (!part.uri.empty()) {
    if (!absl::StartsWith(part.uri, "file-")) return std::nullopt;
    block.text = R"({"type":"file","file":{"file_id":)";
    AppendString(TextBlock(part.uri).text, block.text);
  } else {
    block.text = R"({"type":"file","file":{"filename":)";
    AppendString(TextBlock(part.name.empty() ? "document.pdf" : part.name).text, block.text);
    block.text += R"(,"file_data":"data:application/pdf;base64,)";
    AppendBase64(part.data, block.text);
    block.text += '"';
  }
  block.text += "}}";
  return block;
}

// A model that wants its reasoning back refuses a call without any; a space will do.
uint32_t Settle(std::vector<Block>* blocks, Conversation* conversation) {
  const auto is = [](Block::Kind kind) {
    return [kind](const Block& block) { return block.kind == kind; };
  };
  if (conversation->reader.dialect.wants_reasoning &&
      std::ranges::any_of(*blocks, is(Block::Kind::kCall)) &&
      std::ranges::none_of(*blocks, is(Block::Kind::kRaw))) {
    blocks->push_back({.kind = Block::Kind::kRaw, .text = " ", .name = kReasoning});
  }
  // Reasoning alone is no message.
  if (!std::ranges::all_of(*blocks, is(Block::Kind::kRaw))) return 0;
  const auto left_out = static_cast<uint32_t>(blocks->size());
  blocks->clear();
  return left_out;
}

constexpr ApiRules kOpenAiRules = {.call_ids = kIdRule,
                                   .names = {.max_bytes = 64},
                                   .custom_calls = true,
                                   .documents_behind_results = true,
                                   .max_calls = kMaxCalls,
                                   .chat_templates = true,
                                   .own_block = OwnContent,
                                   .document = File,
                                   .settle = Settle};

// vLLM parses arguments as JSON objects, and the chat templates of Qwen and others refuse a system
// message that is not the first, and a conversation without a user.
constexpr ApiRules kVllmRules = {.call_ids = kIdRule,
                                 .names = {.max_bytes = 64},
                                 .object_arguments = true,
                                 .one_system_text = true,
                                 .user_begins = true,
                                 .chat_templates = true,
                                 .own_block = ReasoningIfWanted,
                                 .settle = Settle};

constexpr ApiRules kDeepSeekRules = {.call_ids = kIdRule,
                                     .names = {.max_bytes = 64},
                                     .object_arguments = true,
                                     .chat_templates = true,
                                     .own_block = ReasoningOfDeepSeek,
                                     .settle = Settle};

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

  // Where roles take turns, the prefix's last message is left open for what the user says next.
  void MarkPrefix(const std::vector<HistoryMessage>& /*history*/, Conversation* to) const override {
    if (!to->reader.dialect.roles_alternate || to->messages.empty()) return;
    to->messages.back().open = to->messages.back().role == Role::kUser;
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
    const bool open = !prefix.empty() && prefix.back().open;
    bool first = prefix.empty();
    if (open && (tail.empty() || !tail.front().continues)) *out += "]}";
    for (const Message& message : tail) {
      if (!std::exchange(first, false)) *out += ',';
      if (open && message.continues) {
        WriteBlocks(message.blocks, pages, *out);
        *out += "]}";
      } else {
        WriteMessage(message, pages, *out);
      }
    }
    *out += "]}";
  }

 private:
  static std::string Joined(const std::vector<Block>& blocks, Block::Kind kind,
                            std::string_view between = "") {
    std::string text;
    bool any = false;
    for (const Block& block : blocks) {
      if (block.kind != kind || block.refusal) continue;
      if (std::exchange(any, true)) text += block.begins_turn ? "\n\n" : between;
      text += block.text;
    }
    return text;
  }

  void WriteMessage(const Message& message, const PageBytes& pages, std::string& out) const {
    if (message.role == Role::kTool) return WriteResult(message.blocks.front(), out);
    absl::StrAppend(&out, R"({"role":")", RoleName(message.role), R"(","content":)");
    if (message.role == Role::kUser) {
      WriteUserContent(message, pages, out);
      if (message.open) return;
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
    if (message.role == Role::kAssistant) {
      WriteRefusal(message.blocks, out);
      WriteReasoning(message.blocks, out);
    }
    WriteCalls(message.blocks, out);
    out += '}';
  }

  static void WriteRefusal(const std::vector<Block>& blocks, std::string& out) {
    std::string text;
    for (const Block& block : blocks) {
      if (block.refusal) text += block.text;
    }
    if (text.empty()) return;
    out += R"(,"refusal":)";
    AppendString(text, out);
  }

  static void WriteResult(const Block& result, std::string& out) {
    out += R"({"role":"tool","tool_call_id":)";
    AppendString(result.id, out);
    out += R"(,"content":)";
    AppendString(Joined(result.content, Block::Kind::kText), out);
    out += '}';
  }

  // A thinking model of DeepSeek's refuses an assistant message without reasoning, and newer ones
  // an empty one; a space is what every one takes, and other models ignore the field.
  void WriteReasoning(const std::vector<Block>& blocks, std::string& out) const {
    const std::string reasoning = Joined(blocks, Block::Kind::kRaw);
    if (dialect_ != Dialect::kDeepSeek && reasoning.empty()) return;
    absl::StrAppend(&out, ",\"", kReasoning, "\":");
    AppendString(reasoning.empty() ? " " : reasoning, out);
  }

  void WriteUserContent(const Message& message, const PageBytes& pages, std::string& out) const {
    const std::vector<Block>& blocks = message.blocks;
    if (!message.open && blocks.size() == 1 && blocks.front().kind == Block::Kind::kText) {
      return AppendString(blocks.front().text, out);
    }
    out += '[';
    bool first = true;
    for (const Block& block : blocks) {
      if (!std::exchange(first, false)) out += ',';
      WriteContent(block, pages, out);
    }
    if (!message.open) out += ']';
  }

  // The content of a message that goes on with one that is open.
  void WriteBlocks(const std::vector<Block>& blocks, const PageBytes& pages,
                   std::string& out) const {
    bool first = true;
    for (const Block& block : blocks) {
      // Its comma stands before it already.
      if (!std::exchange(first, false)) out += ',';
      WriteContent(block, pages, out);
    }
  }

  void WriteContent(const Block& block, const PageBytes& pages, std::string& out) const {
    if (block.kind == Block::Kind::kRaw) {
      out += block.text;
    } else if (block.kind == Block::Kind::kImage) {
      WriteImage(block.image, pages, out);
    } else {
      out += R"({"type":"text","text":)";
      AppendString(block.text, out);
      out += '}';
    }
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
      out += block.custom ? R"(,"type":"custom","custom":{"name":)"
                          : R"(,"type":"function","function":{"name":)";
      AppendString(block.name, out);
      out += block.custom ? R"(,"input":)" : R"(,"arguments":)";
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
