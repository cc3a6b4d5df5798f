#include "service/wire/composer.h"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/image_size.h"
#include "core/log/part_text.h"
#include "service/wire/exchange.h"
#include "service/wire/json_text.h"

namespace fovea::wire {
namespace {

constexpr char kBeginNote[] = "[The conversation begins with the assistant.]";
constexpr char kGoesOnNote[] = "[The assistant goes on.]";

using Kind = Block::Kind;

void Append(std::vector<Block>&& blocks, std::vector<Block>& to) {
  std::move(blocks.begin(), blocks.end(), std::back_inserter(to));
}

class Composer {
 public:
  Composer(const ApiRules& rules, bool leading, Conversation* to)
      : rules_(rules), leading_(leading), to_(*to) {}

  void AddExchange(const Exchange& exchange) {
    if (exchange.caller != nullptr) AddCaller(exchange);
    if (exchange.pending) return;
    for (const Remainder& remainder : exchange.after) AddRemainder(remainder);
  }

  bool Refused(const std::string& text) const {
    return rules_.refuses_blank_text ? IsBlank(text) : text.empty();
  }

  void Push(Role role, std::vector<Block> blocks) {
    if (blocks.empty()) blocks.push_back(TextBlock(kEmptyNote));
    if (role == Role::kAssistant) {
      if (rules_.user_begins && !to_.last_role) Push(Role::kUser, {TextBlock(kBeginNote)});
      if (rules_.joins_assistants && to_.last_role == Role::kAssistant) {
        if (!to_.messages.empty()) return Append(std::move(blocks), to_.messages.back().blocks);
        // What came before is written already.
        Push(Role::kUser, {TextBlock(kGoesOnNote)});
      }
    }
    to_.last_role = role;
    to_.messages.push_back({.role = role, .blocks = std::move(blocks)});
  }

 private:
  bool IsSendable(const ImagePart& image) const {
    return to_.reader.takes_images && TakesPicture(to_.reader.picture, image.data) &&
           (rules_.takes_gifs || ImageMediaType(image.data) != "image/gif");
  }

  Block Picture(const TurnPtr& owner, const ImagePart& image) const {
    return IsSendable(image) ? OwnImageBlock(owner, image) : TextBlock(ImageNote(image));
  }

  // The blocks of a turn that calls nothing, the API's own first; pictures aside, if wanted.
  std::vector<Block> PlainBlocks(const ServedTurn& turn, const std::vector<const Part*>& parts,
                                 std::vector<Block>* aside) const {
    std::vector<Block> own;
    std::vector<Block> blocks;
    for (const Part* part : parts) {
      if (const auto* text = std::get_if<TextPart>(part)) {
        if (!Refused(text->text)) blocks.push_back(TextBlock(text->text));
      } else if (const auto* image = std::get_if<ImagePart>(part)) {
        (aside == nullptr ? blocks : *aside).push_back(Picture(turn.turn, *image));
      } else if (const auto* opaque = std::get_if<OpaquePart>(part)) {
        if (auto block = OwnBlock(*opaque, turn.turn->role)) own.push_back(*std::move(block));
      } else {
        Append(Described(*part), blocks);
      }
    }
    Append(std::move(blocks), own);
    return own;
  }

  // A note of what a part was, and its texts.
  template <typename AnyPart>
  std::vector<Block> Described(const AnyPart& part) const {
    std::vector<Block> blocks;
    if (const auto* document = std::get_if<DocumentPart>(&part)) {
      blocks.push_back(TextBlock(DocumentNote(*document)));
    } else if (const auto* found = std::get_if<SearchResultPart>(&part)) {
      blocks.push_back(TextBlock(SearchResultNote(*found)));
    }
    if constexpr (std::is_same_v<AnyPart, Part>) {
      if (const auto* audio = std::get_if<AudioPart>(&part)) {
        blocks.push_back(TextBlock(AudioNote(*audio)));
      }
    } else if (const auto* tool = std::get_if<ToolReferencePart>(&part)) {
      blocks.push_back(TextBlock(ToolReferenceNote(*tool)));
    }
    // In one expression: TextsOf only refers to its visitor.
    std::visit(TextsOf([&](std::string_view text) {
                 if (!Refused(std::string(text))) blocks.push_back(TextBlock(std::string(text)));
               }),
               part);
    return blocks;
  }

  std::optional<Block> OwnBlock(const OpaquePart& part, Role role) const {
    return rules_.own_block == nullptr ? std::nullopt : rules_.own_block(part, role);
  }

  // The caller and its results; in several steps where it makes more calls than a message holds.
  void AddCaller(const Exchange& exchange) {
    call_ids_.clear();
    call_names_.clear();
    const ServedTurn& caller = *exchange.caller;
    std::vector<const Part*> parts;
    for (const Part& part : caller.turn->parts) parts.push_back(&part);
    std::vector<Block> pictures;
    std::vector<Block> blocks = AssistantBlocks(caller, parts, pictures);
    const size_t most = exchange.pending || rules_.max_calls == 0 ? SIZE_MAX : rules_.max_calls;
    for (size_t first = 0; first < exchange.calls.size(); first += most) {
      const size_t calls = std::min(most, exchange.calls.size() - first);
      PushAssistant(TakeCalls(calls, blocks));
      if (exchange.pending) return;
      AddResults(exchange, first, calls, std::exchange(pictures, {}));
    }
  }

  // The blocks up to the last before the call after the first `calls`.
  static std::vector<Block> TakeCalls(size_t calls, std::vector<Block>& blocks) {
    auto end = blocks.begin();
    for (; end != blocks.end(); ++end) {
      if (end->kind == Kind::kCall && calls-- == 0) break;
    }
    std::vector<Block> taken(std::make_move_iterator(blocks.begin()), std::make_move_iterator(end));
    blocks.erase(blocks.begin(), end);
    return taken;
  }

  // In the turn's order. An assistant's pictures go aside: no API takes them.
  std::vector<Block> AssistantBlocks(const ServedTurn& turn, const std::vector<const Part*>& parts,
                                     std::vector<Block>& pictures) {
    std::vector<Block> blocks;
    for (const Part* part : parts) {
      if (const auto* call = std::get_if<ToolCallPart>(part)) {
        blocks.push_back(Call(*call, turn.turn->seq));
      } else {
        Append(PlainBlocks(turn, {part}, &pictures), blocks);
      }
    }
    return blocks;
  }

  Block Call(const ToolCallPart& call, uint64_t seq) {
    call_ids_.push_back(to_.ids.Take(call.call_id, seq, call_ids_.size()));
    call_names_.push_back(Name(call.name));
    Block block = TextBlock(rules_.object_arguments ? ArgumentsObject(call.arguments_json)
                                                    : call.arguments_json);
    block.kind = Kind::kCall;
    block.id = call_ids_.back();
    block.name = call_names_.back();
    return block;
  }

  std::string Name(const std::string& name) const {
    std::string plain = CallName(name, rules_.max_name_bytes);
    const bool letter = absl::ascii_isalpha(static_cast<unsigned char>(plain.front())) != 0;
    if (!rules_.name_begins_with_letter || letter || plain.front() == '_') return plain;
    return CallName(absl::StrCat("_", plain), rules_.max_name_bytes);
  }

  void PushAssistant(std::vector<Block> blocks) {
    if (!rules_.keeps_order) {
      const auto rank = [](const Block& block) {
        return block.kind == Kind::kRaw ? 0 : block.kind == Kind::kCall ? 2 : 1;
      };
      std::stable_sort(blocks.begin(), blocks.end(),
                       [&rank](const Block& a, const Block& b) { return rank(a) < rank(b); });
    }
    if (rules_.settle != nullptr) rules_.settle(&blocks, &to_);
    // A message of the API's own blocks alone says nothing, and some refuse it.
    const bool silent = std::all_of(blocks.begin(), blocks.end(),
                                    [](const Block& block) { return block.kind == Kind::kRaw; });
    if (silent) blocks.push_back(TextBlock(kEmptyNote));
    Push(Role::kAssistant, std::move(blocks));
  }

  void AddResults(const Exchange& exchange, size_t first, size_t calls,
                  std::vector<Block> pictures) {
    std::vector<Block> results;
    for (size_t i = first; i < first + calls; ++i) {
      Block result{.kind = Kind::kResult, .id = call_ids_[i], .name = call_names_[i]};
      const ResolvedResult& answer = exchange.calls[i].result;
      if (answer.part == nullptr) {
        result.content.push_back(TextBlock(kUnansweredCallNote));
      } else {
        result.is_error = answer.part->is_error;
        result.content = ResultContent(answer, pictures);
      }
      results.push_back(std::move(result));
    }
    if (!rules_.results_in_one_message) {
      for (Block& result : results) Push(Role::kTool, {std::move(result)});
      results.clear();
    }
    Append(std::move(pictures), results);
    if (!results.empty()) Push(Role::kUser, std::move(results));
  }

  // What stands in the result; `pictures` gets those that may not.
  std::vector<Block> ResultContent(const ResolvedResult& result, std::vector<Block>& pictures) {
    std::vector<Block> content;
    const bool inside = rules_.pictures_in_results && !IsErrorOfText(*result.part);
    if (result.turn->results_drawn) {
      content.push_back(TextBlock(DrawnResultNote(*result.turn)));
      std::vector<Block>& pages = inside ? content : pictures;
      if (result.first_of_turn) {
        for (const PlannedPage& page : result.turn->pages) pages.push_back(PageBlock(page));
      }
    }
    for (const auto& item : result.part->content) {
      if (const auto* image = std::get_if<ImagePart>(&item)) {
        AddResultPicture(result.turn->turn, *image, inside, content, pictures);
        continue;
      }
      if (!result.turn->results_drawn) Append(Described(item), content);
    }
    if (content.empty() && IsErrorOfText(*result.part)) content.push_back(TextBlock(kEmptyNote));
    return content;
  }

  bool IsErrorOfText(const ToolResultPart& part) const {
    return rules_.errors_are_text && part.is_error;
  }

  void AddResultPicture(const TurnPtr& owner, const ImagePart& image, bool inside,
                        std::vector<Block>& content, std::vector<Block>& pictures) const {
    if (inside) return content.push_back(Picture(owner, image));
    content.push_back(TextBlock(absl::StrCat(content.empty() ? "" : "\n", ImageNote(image))));
    if (IsSendable(image)) pictures.push_back(OwnImageBlock(owner, image));
  }

  void AddRemainder(const Remainder& remainder) {
    const Turn& turn = *remainder.turn->turn;
    if (turn.role == Role::kSystem && rules_.one_system_text) return AddSystemText(remainder);
    if (turn.role == Role::kAssistant || turn.role == Role::kSystem) return AddOther(remainder);
    std::vector<Block> blocks = PlainBlocks(*remainder.turn, remainder.parts, nullptr);
    if (turn.role == Role::kTool && remainder.orphans.empty()) {
      blocks.insert(blocks.begin(), TextBlock(OrphanResultNote(turn)));
    }
    AddOrphans(remainder, blocks);
    Push(Role::kUser, std::move(blocks));
  }

  // A turn of a role that holds texts alone: its pictures and orphans follow as the user's.
  void AddOther(const Remainder& remainder) {
    const bool assistant = remainder.turn->turn->role == Role::kAssistant;
    std::vector<Block> others;
    std::vector<Block> blocks = assistant
                                    ? AssistantBlocks(*remainder.turn, remainder.parts, others)
                                    : PlainBlocks(*remainder.turn, remainder.parts, &others);
    if (blocks.empty() && !remainder.orphans.empty()) {
      // The orphans say it all.
    } else if (assistant) {
      PushAssistant(std::move(blocks));
    } else {
      Push(Role::kSystem, std::move(blocks));
    }
    AddOrphans(remainder, others);
    if (!others.empty()) Push(Role::kUser, std::move(others));
  }

  void AddSystemText(const Remainder& remainder) {
    const bool is_system_text = leading_ && !to_.last_role;
    std::vector<Block> blocks;
    for (const Part* part : remainder.parts) {
      if (const auto* text = std::get_if<TextPart>(part)) {
        if (Refused(text->text)) continue;
        blocks.push_back(
            TextBlock(is_system_text ? text->text : absl::StrCat("[system] ", text->text)));
      } else if (const auto* image = std::get_if<ImagePart>(part)) {
        blocks.push_back(TextBlock(ImageNote(*image)));
      } else {
        Append(Described(*part), blocks);
      }
    }
    if (!is_system_text || !remainder.orphans.empty()) {
      AddOrphans(remainder, blocks);
      return Push(Role::kUser, std::move(blocks));
    }
    if (blocks.empty()) return;
    if (to_.messages.empty()) to_.messages.push_back({.role = Role::kSystem});
    Append(std::move(blocks), to_.messages.back().blocks);
  }

  void AddOrphans(const Remainder& remainder, std::vector<Block>& blocks) {
    for (const ResolvedResult& orphan : remainder.orphans) {
      std::vector<Block> pictures;
      blocks.push_back(TextBlock(OrphanResultNote(*orphan.turn->turn)));
      Append(ResultContent(orphan, pictures), blocks);
      Append(std::move(pictures), blocks);
    }
  }

  const ApiRules& rules_;
  const bool leading_;
  Conversation& to_;
  std::vector<std::string> call_ids_;  // of the caller in progress
  std::vector<std::string> call_names_;
};

}  // namespace

Conversation ComposedFormat::Begin(const ReaderTraits& reader) const {
  Conversation conversation{CallIds(rules_.call_ids)};
  conversation.reader = reader;
  return conversation;
}

void ComposedFormat::AddGroup(const ServedGroup& group, Place place, Conversation* to) const {
  for (const Exchange& exchange : ResolveGroup(group, place == Place::kNewest)) {
    Composer(rules_, place == Place::kHead, to).AddExchange(exchange);
  }
}

// What is served has a message at least; and where the assistant's is the last, it ends with a
// letter: what follows is the model's.
void ComposedFormat::End(Conversation* to) const {
  if (!to->last_role) return Composer(rules_, false, to).Push(Role::kUser, {});
  if (!rules_.trims_last || to->last_role != Role::kAssistant || to->messages.empty()) return;
  Block& last = to->messages.back().blocks.back();
  if (last.kind == Kind::kText) last.text.resize(TrimmedBytes(last.text));
}

void ComposedFormat::AddHistory(const std::vector<HistoryMessage>& history,
                                Conversation* to) const {
  Composer composer(rules_, false, to);
  for (const HistoryMessage& message : history) {
    std::vector<Block> blocks;
    for (const auto& item : message.items) {
      const auto* note = std::get_if<std::string>(&item);
      if (note == nullptr) {
        blocks.push_back(PageBlock(std::get<PlannedPage>(item)));
      } else if (!composer.Refused(*note)) {
        blocks.push_back(TextBlock(*note));
      }
    }
    composer.Push(Role::kUser, std::move(blocks));
  }
}

void ComposedFormat::MarkPrefix(const std::vector<HistoryMessage>&, Conversation*) const {}
void ComposedFormat::MarkTail(Conversation*) const {}

void MarkRungEnds(const std::vector<HistoryMessage>& history, size_t most,
                  std::vector<Message>* messages) {
  const size_t first = messages->size() - history.size();
  std::vector<size_t> ends;
  for (size_t i = 0; i < history.size(); ++i) {
    if (history[i].rung_end) ends.push_back(first + i);
  }
  if (most == 0) return;
  if (ends.size() > most) ends.erase(ends.begin() + static_cast<long>(most) - 1, ends.end() - 1);
  for (size_t end : ends) MarkEnd(&(*messages)[end]);
}

void MarkEnd(Message* message) {
  auto block = std::find_if(message->blocks.rbegin(), message->blocks.rend(),
                            [](const Block& b) { return b.kind != Kind::kRaw; });
  if (block != message->blocks.rend()) block->breakpoint = true;
}

std::string ArgumentsObject(const std::string& arguments) {
  if (IsBlank(arguments)) return "{}";
  if (IsJsonObject(arguments)) return arguments;
  std::string object = R"({"_raw_arguments":)";
  AppendString(TextBlock(arguments).text, object);
  return object + '}';
}

}  // namespace fovea::wire
