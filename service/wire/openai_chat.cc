// OpenAI Chat Completions: pictures stand in user messages only, each call is answered by a tool
// message of its own right behind its assistant message, and every such message is plain text.
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/wire/exchange.h"
#include "service/wire/format.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

// What the API accepts (platform.openai.com/docs/api-reference/chat).
constexpr CallIdRule kIdRule = {.plain = false, .max_bytes = 40};
constexpr size_t kMaxNameBytes = 64;

class Composer {
 public:
  explicit Composer(Conversation* to) : to_(*to) {}

  void AddExchange(const Exchange& exchange) {
    std::vector<Block> pictures;
    if (exchange.caller != nullptr) AddCaller(exchange, pictures);
    if (exchange.pending) return;
    for (size_t i = 0; i < exchange.calls.size(); ++i) {
      AddResult(exchange.calls[i], call_ids_[i], pictures);
    }
    if (!pictures.empty()) Push(Role::kUser, std::move(pictures));
    for (const Remainder& remainder : exchange.after) AddRemainder(remainder);
  }

 private:
  void Push(Role role, std::vector<Block> blocks) {
    if (blocks.empty()) blocks.push_back(TextBlock(kEmptyNote));
    to_.begun = true;
    to_.messages.push_back({.role = role, .blocks = std::move(blocks)});
  }

  // A turn's own texts; its pictures too, or, where the role may not hold them, aside.
  std::vector<Block> OwnParts(const ServedTurn& turn, const std::vector<const Part*>& parts,
                              std::vector<Block>* aside) {
    std::vector<Block> blocks;
    for (const Part* part : parts) {
      if (const auto* text = std::get_if<TextPart>(part)) {
        if (!text->text.empty()) blocks.push_back(TextBlock(text->text));
      } else if (const auto* image = std::get_if<ImagePart>(part)) {
        (aside == nullptr ? blocks : *aside)
            .push_back(OwnImageBlock(turn.turn, *image, to_.reader_takes_images));
      }
    }
    return blocks;
  }

  void AddCaller(const Exchange& exchange, std::vector<Block>& pictures) {
    std::vector<const Part*> parts;
    for (const Part& part : exchange.caller->turn->parts) parts.push_back(&part);
    std::vector<Block> blocks = OwnParts(*exchange.caller, parts, &pictures);
    call_ids_.clear();
    for (size_t i = 0; i < exchange.calls.size(); ++i) {
      const ToolCallPart& call = *exchange.calls[i].call;
      call_ids_.push_back(to_.ids.Take(call.call_id, exchange.caller->turn->seq, i));
      Block block = TextBlock(call.arguments_json);
      block.kind = Block::Kind::kCall;
      block.id = call_ids_.back();
      block.name = CallName(call.name, kMaxNameBytes);
      blocks.push_back(std::move(block));
    }
    Push(Role::kAssistant, std::move(blocks));
  }

  void AddResult(const ResolvedCall& call, const std::string& id, std::vector<Block>& pictures) {
    Block result{.kind = Block::Kind::kResult, .id = id};
    if (call.result.part == nullptr) {
      result.content.push_back(TextBlock(kUnansweredCallNote));
    } else {
      result.is_error = call.result.part->is_error;
      result.content = ResultTexts(call.result, pictures);
    }
    Push(Role::kTool, {std::move(result)});
  }

  // A result's texts; a note stands for each picture, which goes to `pictures`.
  std::vector<Block> ResultTexts(const ResolvedResult& result, std::vector<Block>& pictures) {
    std::vector<Block> texts;
    if (result.turn->results_drawn) {
      texts.push_back(TextBlock(DrawnResultNote(*result.turn)));
      if (result.first_of_turn) {
        for (const PlannedPage& page : result.turn->pages) pictures.push_back(PageBlock(page));
      }
    }
    for (const auto& item : result.part->content) {
      if (const auto* text = std::get_if<TextPart>(&item)) {
        if (!result.turn->results_drawn) texts.push_back(TextBlock(text->text));
        continue;
      }
      const auto& image = std::get<ImagePart>(item);
      texts.push_back(TextBlock(absl::StrCat(texts.empty() ? "" : "\n", ImageNote(image))));
      if (to_.reader_takes_images)
        pictures.push_back(OwnImageBlock(result.turn->turn, image, true));
    }
    return texts;
  }

  void AddRemainder(const Remainder& remainder) {
    const ServedTurn& turn = *remainder.turn;
    std::vector<Block> aside;
    const Role role = turn.turn->role == Role::kTool ? Role::kUser : turn.turn->role;
    std::vector<Block> blocks =
        OwnParts(turn, remainder.parts, role == Role::kUser ? nullptr : &aside);
    if (turn.turn->role == Role::kTool && remainder.orphans.empty()) {
      blocks.insert(blocks.begin(), TextBlock(OrphanResultNote(*turn.turn)));
    }
    const bool own_message = role != Role::kUser && (!blocks.empty() || remainder.orphans.empty());
    if (own_message) {
      Push(role, std::move(blocks));
      blocks.clear();
    }
    std::move(aside.begin(), aside.end(), std::back_inserter(blocks));
    for (const ResolvedResult& orphan : remainder.orphans) AddOrphan(orphan, blocks);
    if (!own_message || !blocks.empty()) Push(Role::kUser, std::move(blocks));
  }

  void AddOrphan(const ResolvedResult& orphan, std::vector<Block>& blocks) {
    std::vector<Block> pictures;
    blocks.push_back(TextBlock(OrphanResultNote(*orphan.turn->turn)));
    for (Block& text : ResultTexts(orphan, pictures)) {
      if (!text.text.empty()) blocks.push_back(std::move(text));
    }
    std::move(pictures.begin(), pictures.end(), std::back_inserter(blocks));
  }

  Conversation& to_;
  std::vector<std::string> call_ids_;  // of the caller in progress
};

class OpenAiChatFormat final : public JsonFormat {
 public:
  Conversation Begin(bool reader_takes_images) const override {
    Conversation conversation{CallIds(kIdRule)};
    conversation.reader_takes_images = reader_takes_images;
    return conversation;
  }

  void AddGroup(const ServedGroup& group, bool /*leading*/, Conversation* to) const override {
    for (const Exchange& exchange : ResolveGroup(group)) Composer(to).AddExchange(exchange);
  }

  void AddHistory(const std::vector<HistoryMessage>& history, Conversation* to) const override {
    for (const HistoryMessage& message : history) {
      Message out{.role = Role::kUser};
      for (const auto& item : message.items) {
        const auto* note = std::get_if<std::string>(&item);
        if (note != nullptr && note->empty()) continue;
        out.blocks.push_back(note != nullptr ? TextBlock(*note)
                                             : PageBlock(std::get<PlannedPage>(item)));
      }
      if (out.blocks.empty()) out.blocks.push_back(TextBlock(kEmptyNote));
      to->messages.push_back(std::move(out));
    }
  }

  void MarkPrefix(const std::vector<HistoryMessage>&, std::vector<Message>*) const override {}
  void MarkTail(std::vector<Message>*) const override {}

  absl::Status Validate(const std::vector<Message>& prefix,
                        const std::vector<Message>& tail) const override {
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
  static std::string Joined(const std::vector<Block>& blocks) {
    std::string text;
    for (const Block& block : blocks) {
      if (block.kind == Block::Kind::kText) text += block.text;
    }
    return text;
  }

  static void WriteMessage(const Message& message, const PageBytes& pages, std::string& out) {
    if (message.role == Role::kTool) {
      const Block& result = message.blocks.front();
      out += R"({"role":"tool","tool_call_id":)";
      AppendString(result.id, out);
      out += R"(,"content":)";
      AppendString(Joined(result.content), out);
      out += '}';
      return;
    }
    absl::StrAppend(&out, R"({"role":")", RoleName(message.role), R"(","content":)");
    if (message.role == Role::kUser) {
      WriteUserContent(message.blocks, pages, out);
    } else {
      const std::string text = Joined(message.blocks);
      if (text.empty()) {
        out += "null";
      } else {
        AppendString(text, out);
      }
    }
    WriteCalls(message.blocks, out);
    out += '}';
  }

  static void WriteUserContent(const std::vector<Block>& blocks, const PageBytes& pages,
                               std::string& out) {
    if (blocks.size() == 1 && blocks.front().kind == Block::Kind::kText) {
      return AppendString(blocks.front().text, out);
    }
    out += '[';
    for (const Block& block : blocks) {
      if (&block != &blocks.front()) out += ',';
      if (block.kind == Block::Kind::kText) {
        out += R"({"type":"text","text":)";
        AppendString(block.text, out);
        out += '}';
        continue;
      }
      out += R"({"type":"image_url","image_url":{"url":")";
      AppendImageUrl(block.image, pages, out);
      out += '"';
      const std::string& detail = block.image.resolution;
      if (detail == "low" || detail == "high" || detail == "original" || detail == "auto") {
        out += R"(,"detail":")" + detail + '"';
      }
      out += "}}";
    }
    out += ']';
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
};

}  // namespace

std::unique_ptr<JsonFormat> OpenAiChat() { return std::make_unique<OpenAiChatFormat>(); }

}  // namespace fovea::wire
