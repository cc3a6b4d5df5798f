// OpenAI Responses: a flat list of items. A call and its output are items of their own, outputs
// hold pictures too, and a reasoning item stands directly before the item that it led to.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"
#include "nlohmann/json.hpp"
#include "service/wire/composer.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

// A request writes four, and the API's own at the newest message is one of them.
constexpr int kMaxBreakpoints = 3;
constexpr size_t kMaxIdBytes = 64;

// Items that stand alone or, as reasoning does, before another one. The others come in pairs with
// an output, which only the client has.
constexpr std::array<std::string_view, 8> kOwnTypes = {"reasoning",
                                                       "compaction",
                                                       "web_search_call",
                                                       "file_search_call",
                                                       "mcp_call",
                                                       "image_generation_call",
                                                       "code_interpreter_call",
                                                       "mcp_list_tools"};

std::optional<Block> OwnItem(const OpaquePart& part, Role role) {
  const bool own = role == Role::kAssistant && absl::StartsWith(part.kind, "openai.");
  if (!own || !IsJsonObject(part.data)) return std::nullopt;
  const auto item = ParseBoundedJson(part.data);
  if (item.is_discarded()) return std::nullopt;
  const auto text = [&item](const char* key) {
    const auto field = item.find(key);
    return field != item.end() && field->is_string() ? field->get<std::string>() : "";
  };
  Block block{.kind = Block::Kind::kRaw, .text = part.data, .id = text("id"), .name = text("type")};
  const bool known = std::find(kOwnTypes.begin(), kOwnTypes.end(), block.name) != kOwnTypes.end();
  if (!known || block.id.size() > kMaxIdBytes) return std::nullopt;
  return block;
}

// Takes out what the API would refuse: an item that was sent before, and reasoning that leads to
// nothing.
void Settle(std::vector<Block>* blocks, Conversation* conversation) {
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
}

// What the API accepts (platform.openai.com/docs/api-reference/responses).
constexpr ApiRules kRules = {.call_ids = {.plain = false, .max_bytes = kMaxIdBytes},
                             .max_name_bytes = 64,
                             .pictures_in_results = true,
                             .keeps_order = true,
                             .own_block = OwnItem,
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
        Begin(R"({"type":"message","role":")");
        absl::StrAppend(&out_, RoleName(message.role), R"(","content":)");
        WriteContent(message.blocks);
        out_ += '}';
    }
  }

 private:
  void Begin(std::string_view opening) {
    if (!std::exchange(first_, false)) out_ += ',';
    out_ += opening;
  }

  void WriteAssistantItem(const Block& block) {
    if (block.kind == Block::Kind::kRaw) return Begin(block.text);
    if (block.kind == Block::Kind::kText) {
      Begin(R"({"type":"message","role":"assistant","content":)");
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
    Begin(R"({"type":"function_call_output","call_id":)");
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
    MarkRungEnds(history, static_cast<size_t>(std::max(0, most)), &to->messages);
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
