// Anthropic Messages: the results of an assistant's calls stand first in the user message right
// behind it, pictures included; leading system turns are a field of their own.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/wire/anthropic_json.h"
#include "service/wire/exchange.h"
#include "service/wire/format.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

// What the API accepts (docs.anthropic.com/en/api/messages).
constexpr CallIdRule kIdRule = {.plain = true, .max_bytes = 128};
constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxPrefixBreakpoints = 3;  // and one at the end of the tail

constexpr char kBeginNote[] = "[The conversation begins with the assistant.]";
constexpr char kOwnKind[] = "anthropic.";

std::string InputJson(const std::string& arguments) {
  if (IsBlank(arguments)) return "{}";
  if (IsJsonObject(arguments)) return arguments;
  std::string input = R"({"_raw_arguments":)";
  AppendString(TextBlock(arguments).text, input);
  return input + '}';
}

class Composer {
 public:
  Composer(bool leading, Conversation* to) : leading_(leading), to_(*to) {}

  void AddExchange(const Exchange& exchange) {
    std::vector<Block> pictures;
    if (exchange.caller != nullptr) AddCaller(exchange, pictures);
    if (exchange.pending) return;
    std::vector<Block> results;
    for (size_t i = 0; i < exchange.calls.size(); ++i) {
      results.push_back(Result(exchange.calls[i], call_ids_[i]));
    }
    std::move(pictures.begin(), pictures.end(), std::back_inserter(results));
    if (!results.empty()) Push(Role::kUser, std::move(results));
    for (const Remainder& remainder : exchange.after) AddRemainder(remainder);
  }

 private:
  void Push(Role role, std::vector<Block> blocks) {
    if (!to_.begun && role == Role::kAssistant) Push(Role::kUser, {TextBlock(kBeginNote)});
    if (blocks.empty()) blocks.push_back(TextBlock(kEmptyNote));
    to_.begun = true;
    to_.messages.push_back({.role = role, .blocks = std::move(blocks)});
  }

  // Blocks of the API's own first, then texts and pictures in order; pictures aside, if wanted.
  std::vector<Block> OwnParts(const ServedTurn& turn, const std::vector<const Part*>& parts,
                              std::vector<Block>* aside) {
    std::vector<Block> raw;
    std::vector<Block> blocks;
    for (const Part* part : parts) {
      if (const auto* text = std::get_if<TextPart>(part)) {
        if (!IsBlank(text->text)) blocks.push_back(TextBlock(text->text));
      } else if (const auto* image = std::get_if<ImagePart>(part)) {
        (aside == nullptr ? blocks : *aside)
            .push_back(OwnImageBlock(turn.turn, *image, to_.reader_takes_images));
      } else if (const auto* opaque = std::get_if<OpaquePart>(part)) {
        if (absl::StartsWith(opaque->kind, kOwnKind) && IsJsonObject(opaque->data)) {
          raw.push_back({.kind = Block::Kind::kRaw, .text = opaque->data});
        }
      }
    }
    std::move(blocks.begin(), blocks.end(), std::back_inserter(raw));
    return raw;
  }

  void AddCaller(const Exchange& exchange, std::vector<Block>& pictures) {
    std::vector<const Part*> parts;
    for (const Part& part : exchange.caller->turn->parts) parts.push_back(&part);
    std::vector<Block> blocks = OwnParts(*exchange.caller, parts, &pictures);
    call_ids_.clear();
    for (size_t i = 0; i < exchange.calls.size(); ++i) {
      const ToolCallPart& call = *exchange.calls[i].call;
      call_ids_.push_back(to_.ids.Take(call.call_id, exchange.caller->turn->seq, i));
      blocks.push_back({.kind = Block::Kind::kCall,
                        .text = InputJson(call.arguments_json),
                        .id = call_ids_.back(),
                        .name = CallName(call.name, kMaxNameBytes)});
    }
    Push(Role::kAssistant, std::move(blocks));
  }

  Block Result(const ResolvedCall& call, const std::string& id) {
    Block result{.kind = Block::Kind::kResult, .id = id};
    if (call.result.part == nullptr) {
      result.content.push_back(TextBlock(kUnansweredCallNote));
    } else {
      result.is_error = call.result.part->is_error;
      result.content = ResultContent(call.result);
    }
    return result;
  }

  std::vector<Block> ResultContent(const ResolvedResult& result) {
    std::vector<Block> content;
    if (result.turn->results_drawn) {
      content.push_back(TextBlock(DrawnResultNote(*result.turn)));
      if (result.first_of_turn) {
        for (const PlannedPage& page : result.turn->pages) content.push_back(PageBlock(page));
      }
    }
    for (const auto& item : result.part->content) {
      if (const auto* image = std::get_if<ImagePart>(&item)) {
        content.push_back(OwnImageBlock(result.turn->turn, *image, to_.reader_takes_images));
        continue;
      }
      const std::string& text = std::get<TextPart>(item).text;
      if (!result.turn->results_drawn && !IsBlank(text)) content.push_back(TextBlock(text));
    }
    return content;
  }

  void AddRemainder(const Remainder& remainder) {
    const Turn& turn = *remainder.turn->turn;
    if (turn.role == Role::kSystem) return AddSystem(remainder);
    std::vector<Block> aside;
    const bool assistant = turn.role == Role::kAssistant;
    std::vector<Block> blocks =
        OwnParts(*remainder.turn, remainder.parts, assistant ? &aside : nullptr);
    if (turn.role == Role::kTool && remainder.orphans.empty()) {
      blocks.insert(blocks.begin(), TextBlock(OrphanResultNote(turn)));
    }
    const bool own_message = assistant && (!blocks.empty() || remainder.orphans.empty());
    if (own_message) {
      Push(Role::kAssistant, std::move(blocks));
      blocks.clear();
    }
    std::move(aside.begin(), aside.end(), std::back_inserter(blocks));
    AddOrphans(remainder, blocks);
    if (!own_message || !blocks.empty()) Push(Role::kUser, std::move(blocks));
  }

  // The API has one system text, at the beginning; a later system turn is a note to the model.
  void AddSystem(const Remainder& remainder) {
    const bool is_system_text = leading_ && !to_.begun;
    std::vector<Block> blocks;
    for (const Part* part : remainder.parts) {
      if (const auto* text = std::get_if<TextPart>(part)) {
        if (IsBlank(text->text)) continue;
        blocks.push_back(
            TextBlock(is_system_text ? text->text : absl::StrCat("[system] ", text->text)));
      } else if (const auto* image = std::get_if<ImagePart>(part)) {
        blocks.push_back(TextBlock(ImageNote(*image)));
      }
    }
    if (is_system_text && remainder.orphans.empty()) {
      if (!blocks.empty()) {
        to_.messages.push_back({.role = Role::kSystem, .blocks = std::move(blocks)});
      }
      return;
    }
    AddOrphans(remainder, blocks);
    Push(Role::kUser, std::move(blocks));
  }

  void AddOrphans(const Remainder& remainder, std::vector<Block>& blocks) {
    for (const ResolvedResult& orphan : remainder.orphans) {
      blocks.push_back(TextBlock(OrphanResultNote(*orphan.turn->turn)));
      std::vector<Block> content = ResultContent(orphan);
      std::move(content.begin(), content.end(), std::back_inserter(blocks));
    }
  }

  const bool leading_;
  Conversation& to_;
  std::vector<std::string> call_ids_;  // of the caller in progress
};

// Marks the last block that may be marked; the API's own blocks may not.
void MarkEnd(Message& message) {
  auto block = std::find_if(message.blocks.rbegin(), message.blocks.rend(),
                            [](const Block& b) { return b.kind != Block::Kind::kRaw; });
  if (block != message.blocks.rend()) block->breakpoint = true;
}

class AnthropicFormat final : public JsonFormat {
 public:
  Conversation Begin(bool reader_takes_images) const override {
    Conversation conversation{CallIds(kIdRule)};
    conversation.reader_takes_images = reader_takes_images;
    return conversation;
  }

  void AddGroup(const ServedGroup& group, bool leading, Conversation* to) const override {
    for (const Exchange& exchange : ResolveGroup(group)) {
      Composer(leading, to).AddExchange(exchange);
    }
  }

  void AddHistory(const std::vector<HistoryMessage>& history, Conversation* to) const override {
    for (const HistoryMessage& message : history) {
      Message out{.role = Role::kUser};
      for (const auto& item : message.items) {
        const auto* note = std::get_if<std::string>(&item);
        if (note == nullptr) {
          out.blocks.push_back(PageBlock(std::get<PlannedPage>(item)));
        } else if (!IsBlank(*note)) {
          out.blocks.push_back(TextBlock(*note));
        }
      }
      if (out.blocks.empty()) out.blocks.push_back(TextBlock(kEmptyNote));
      to->begun = true;
      to->messages.push_back(std::move(out));
    }
  }

  // The deepest rungs move least, so their ends come first; the end of the last page covers all.
  void MarkPrefix(const std::vector<HistoryMessage>& history,
                  std::vector<Message>* messages) const override {
    const size_t first = messages->size() - history.size();
    std::vector<size_t> ends;
    for (size_t i = 0; i < history.size(); ++i) {
      if (history[i].rung_end) ends.push_back(first + i);
    }
    if (ends.size() > kMaxPrefixBreakpoints) {
      ends.erase(ends.begin() + kMaxPrefixBreakpoints - 1, ends.end() - 1);
    }
    for (size_t end : ends) MarkEnd((*messages)[end]);
  }

  void MarkTail(std::vector<Message>* messages) const override {
    if (!messages->empty()) MarkEnd(messages->back());
  }

  absl::Status Validate(const std::vector<Message>& prefix,
                        const std::vector<Message>& tail) const override {
    return ValidateAnthropicMessages(prefix, tail);
  }

  void WritePrefix(const std::vector<Message>& prefix, const PageBytes& pages,
                   std::string* out) const override {
    WriteAnthropicPrefix(prefix, pages, *out);
  }

  void WriteTail(const std::vector<Message>& prefix, const std::vector<Message>& tail,
                 const PageBytes& pages, std::string* out) const override {
    WriteAnthropicTail(prefix, tail, pages, *out);
  }
};

}  // namespace

std::unique_ptr<JsonFormat> AnthropicMessages() { return std::make_unique<AnthropicFormat>(); }

}  // namespace fovea::wire
