// OpenAI Responses: a flat list of items. A call and its output are items of their own, outputs
// hold pictures too, and a reasoning item stands directly before the item that it led to.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"
#include "core/log/part_text.h"
#include "nlohmann/json.hpp"
#include "service/wire/composer.h"
#include "service/wire/marks.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

// A request writes four, and the API's own at the newest message is one of them.
constexpr int kMaxBreakpoints = 3;
constexpr size_t kMaxIdBytes = 64;

// Items of the model's: those that stand alone or, as reasoning does, before another one, and those
// in pairs with an output, which a client gives.
constexpr std::array<std::string_view, 15> kModelItems = {"reasoning",
                                                          "compaction",
                                                          "web_search_call",
                                                          "file_search_call",
                                                          "mcp_call",
                                                          "image_generation_call",
                                                          "code_interpreter_call",
                                                          "mcp_list_tools",
                                                          "mcp_approval_request",
                                                          "custom_tool_call",
                                                          "local_shell_call",
                                                          "shell_call",
                                                          "apply_patch_call",
                                                          "computer_call",
                                                          "tool_search_call"};
constexpr std::array<std::string_view, 7> kClientItems = {
    "mcp_approval_response",  "custom_tool_call_output", "local_shell_call_output",
    "shell_call_output",      "apply_patch_call_output", "computer_call_output",
    "tool_search_call_output"};
constexpr std::array<std::string_view, 2> kUserContent = {"input_file", "input_image"};

template <size_t n>
bool Contains(const std::array<std::string_view, n>& types, const std::string& type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool IsItem(const Block& block) {
  return block.kind == Block::Kind::kRaw && !Contains(kUserContent, block.name);
}

std::optional<Block> OwnItem(const OpaquePart& part, Role role, const ReaderTraits& /*reader*/) {
  if (!absl::StartsWith(part.kind, "openai.") || !IsJsonObject(part.data)) return std::nullopt;
  const auto item = ParseBoundedJson(part.data);
  if (item.is_discarded()) return std::nullopt;
  const auto text = [&item](const char* key) {
    const auto field = item.find(key);
    return field != item.end() && field->is_string() ? field->get<std::string>() : "";
  };
  Block block{.kind = Block::Kind::kRaw, .text = part.data, .id = text("id"), .name = text("type")};
  const bool users = role == Role::kUser || role == Role::kTool;
  const bool known =
      role == Role::kAssistant
          ? Contains(kModelItems, block.name) || Contains(kClientItems, block.name)
          : users && (Contains(kClientItems, block.name) || Contains(kUserContent, block.name));
  if (!known || block.id.size() > kMaxIdBytes) return std::nullopt;
  // One of a pair names it.
  const bool paired = absl::EndsWith(block.name, "_output") || block.name == "custom_tool_call" ||
                      block.name == "local_shell_call" || block.name == "shell_call" ||
                      block.name == "apply_patch_call" || block.name == "computer_call";
  if (paired && text("call_id").empty() && block.id.empty()) return std::nullopt;
  block.is_document = Contains(kUserContent, block.name);
  block.media = block.is_document ? 1 : 0;
  return block;
}

std::optional<Block> InputFile(const DocumentPart& part, const ReaderTraits& reader) {
  if (IsTextDocument(part) || !reader.takes_images) return std::nullopt;
  Block block{.kind = Block::Kind::kRaw, .name = "input_file", .is_document = true, .media = 1};
  const bool image = absl::StartsWith(part.media_type, "image/");
  const bool address = absl::StartsWith(part.uri, "https://");
  if (!part.uri.empty()) {
    if (!address && !absl::StartsWith(part.uri, "file-")) return std::nullopt;
    block.name = image ? "input_image" : "input_file";
    block.text = absl::StrCat(R"({"type":")", block.name, R"(",")",
                              !address ? "file_id"
                              : image  ? "image_url"
                                       : "file_url",
                              "\":");
    AppendString(TextBlock(part.uri).text, block.text);
  } else if (part.media_type == "application/pdf") {
    block.text = R"({"type":"input_file","filename":)";
    AppendString(TextBlock(part.name.empty() ? "document.pdf" : part.name).text, block.text);
    block.text += R"(,"file_data":"data:application/pdf;base64,)";
    AppendBase64(part.data, block.text);
    block.text += '"';
  } else {
    return std::nullopt;
  }
  block.text += '}';
  return block;
}

// Takes out what the API would refuse: an item that was sent before, and reasoning that leads to
// nothing.
uint32_t Settle(std::vector<Block>* blocks, Conversation* conversation) {
  const size_t before = blocks->size();
  std::vector<Block> kept;
  for (Block& block : *blocks) {
    const bool item = block.kind == Block::Kind::kRaw && !block.id.empty();
    if (item && !conversation->item_ids.insert(block.id).second) continue;
    kept.push_back(std::move(block));
  }
  while (!kept.empty() && kept.back().name == "reasoning" &&
         kept.back().kind == Block::Kind::kRaw) {
    kept.pop_back();
  }
  *blocks = std::move(kept);
  return static_cast<uint32_t>(before - blocks->size());
}

// What the API accepts (platform.openai.com/docs/api-reference/responses).
constexpr ApiRules kRules = {.call_ids = {.plain = false, .max_bytes = kMaxIdBytes},
                             .names = {.max_bytes = 64},
                             .custom_calls = true,
                             .pictures_in_results = true,
                             .own_block = OwnItem,
                             .document = InputFile,
                             .settle = Settle};

class Writer {
 public:
  Writer(const PageBytes& pages, bool first, std::string* out)
      : pages_(pages), first_(first), out_(*out) {}

  void Write(const Message& message) {
    switch (message.role) {
      case Role::kTool:
        return WriteOutput(message.blocks.front());
      case Role::kAssistant:
        for (const Block& block : message.blocks) WriteAssistantItem(block);
        return;
      default:
        return WriteInput(message);
    }
  }

 private:
  void Begin(std::string_view opening) {
    if (!std::exchange(first_, false)) out_ += ',';
    out_ += opening;
  }

  // Items stand alone; what is between them is a message.
  void WriteInput(const Message& message) {
    std::vector<Block> content;
    const auto end = [&] {
      if (content.empty()) return;
      Begin(R"({"type":"message","role":")");
      absl::StrAppend(&out_, RoleName(message.role), R"(","content":)");
      WriteContent(content);
      out_ += '}';
      content.clear();
    };
    for (const Block& block : message.blocks) {
      if (!IsItem(block)) {
        content.push_back(block);
        continue;
      }
      end();
      Begin(block.text);
    }
    end();
  }

  void WriteAssistantItem(const Block& block) {
    if (block.kind == Block::Kind::kRaw) return Begin(block.text);
    if (block.kind == Block::Kind::kText) {
      Begin(R"({"type":"message","role":"assistant","content":)");
      AppendString(block.text, out_);
      if (!block.phase.empty()) {
        out_ += R"(,"phase":)";
        AppendString(block.phase, out_);
      }
      out_ += '}';
      return;
    }
    if (block.custom) {
      Begin(R"({"type":"custom_tool_call","call_id":)");
      AppendString(block.id, out_);
      out_ += R"(,"name":)";
      AppendString(block.name, out_);
      out_ += R"(,"input":)";
      AppendString(block.text, out_);
      out_ += '}';
      return;
    }
    Begin(R"({"type":"function_call","call_id":)");
    AppendString(block.id, out_);
    out_ += R"(,"name":)";
    AppendString(block.name, out_);
    out_ += R"(,"arguments":)";
    AppendString(block.text, out_);
    out_ += '}';
  }

  void WriteOutput(const Block& result) {
    Begin(result.custom ? R"({"type":"custom_tool_call_output","call_id":)"
                        : R"({"type":"function_call_output","call_id":)");
    AppendString(result.id, out_);
    out_ += R"(,"output":)";
    const std::vector<Block>& content = result.content;
    if (content.empty()) {
      out_ += R"("")";
    } else if (content.size() == 1 && content.front().kind == Block::Kind::kText) {
      AppendString(content.front().text, out_);
    } else {
      WriteContent(content);
    }
    out_ += '}';
  }

  void WriteContent(const std::vector<Block>& blocks) {
    out_ += '[';
    for (const Block& block : blocks) {
      if (&block != &blocks.front()) out_ += ',';
      if (block.kind == Block::Kind::kRaw) {
        out_ += block.text;
        continue;
      }
      if (block.kind == Block::Kind::kImage) {
        WriteImage(block.image);
      } else {
        out_ += R"({"type":"input_text","text":)";
        AppendString(block.text, out_);
      }
      if (block.breakpoint) out_ += R"(,"prompt_cache_breakpoint":{"mode":"explicit"})";
      out_ += '}';
    }
    out_ += ']';
  }

  void WriteImage(const Image& image) {
    out_ += R"({"type":"input_image","image_url":")";
    AppendImageUrl(image, pages_, out_);
    absl::StrAppend(&out_, R"(","detail":")",
                    IsDetail(image.resolution) ? image.resolution : "auto", "\"");
  }

  const PageBytes& pages_;
  bool first_;
  std::string& out_;
};

class ResponsesFormat final : public ComposedFormat {
 public:
  ResponsesFormat() : ComposedFormat(kRules) {}

  void MarkPrefix(const std::vector<HistoryMessage>& history, Conversation* to) const override {
    const int most = std::min(kMaxBreakpoints, to->reader.max_breakpoints);
    to->breakpoints = MarkRungEnds(history, static_cast<size_t>(std::max(0, most)), &to->messages);
  }

  absl::Status Validate(const std::vector<Message>& prefix,
                        const std::vector<Message>& tail) const override {
    return ValidateOpenAiResponses(prefix, tail);
  }

  void WritePrefix(const std::vector<Message>& prefix, const PageBytes& pages,
                   std::string* out) const override {
    *out += R"({"input":[)";
    Writer writer(pages, /*first=*/true, out);
    for (const Message& message : prefix) writer.Write(message);
  }

  void WriteTail(const std::vector<Message>& prefix, const std::vector<Message>& tail,
                 const PageBytes& pages, std::string* out) const override {
    Writer writer(pages, /*first=*/prefix.empty(), out);
    for (const Message& message : tail) writer.Write(message);
    *out += "]}";
  }
};

}  // namespace

std::unique_ptr<JsonFormat> OpenAiResponses() { return std::make_unique<ResponsesFormat>(); }

}  // namespace fovea::wire
