#include "service/wire/composer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/log/part_text.h"
#include "core/voice/notes.h"
#include "service/wire/exchange.h"
#include "service/wire/json_text.h"
#include "service/wire/part_blocks.h"

namespace fovea::wire {
namespace {

// Before an assistant's message where the user's must be the first, and between two of the
// assistant's.
constexpr char kBeginNote[] = "[The conversation begins with the assistant.]";
constexpr char kGoesOnNote[] = "[The assistant goes on.]";
// Between two messages of the user's that a template would not take in a row.
constexpr char kMoreNote[] = "[More follows.]";

using Kind = Block::Kind;

void Append(std::vector<Block>&& blocks, std::vector<Block>& to) {
  std::move(blocks.begin(), blocks.end(), std::back_inserter(to));
}

bool HasCalls(const std::vector<Block>& blocks) {
  return std::ranges::any_of(blocks, [](const Block& b) { return b.kind == Kind::kCall; });
}

bool AllRaw(const std::vector<Block>& blocks) {
  return std::ranges::all_of(blocks, [](const Block& b) { return b.kind == Kind::kRaw; });
}

class Composer {
 public:
  Composer(const ApiRules& rules, bool leading, Conversation* to)
      : rules_(rules),
        dialect_(rules.chat_templates ? to->reader.dialect : ReaderDialect{}),
        leading_(leading),
        to_(*to) {}

  void AddExchange(const Exchange& exchange) {
    lone_ = &exchange.lone;
    if (!exchange.speakers.empty()) AddStep(exchange);
    if (exchange.pending) return;
    for (const Remainder& remainder : exchange.after) AddRemainder(remainder);
  }

  bool Refused(const std::string& text) const {
    return rules_.refuses_blank_text ? IsBlank(text) : text.empty();
  }

  void Push(Role role, std::vector<Block> blocks) {
    if (role == Role::kAssistant) {
      if ((rules_.user_begins || dialect_.roles_alternate) && !to_.last_role) {
        Push(Role::kUser, {TextBlock(kBeginNote)});
      }
      if ((rules_.joins_assistants || dialect_.roles_alternate) &&
          to_.last_role == Role::kAssistant) {
        if (!to_.messages.empty()) return Append(std::move(blocks), to_.messages.back().blocks);
        // What came before is written already.
        Push(Role::kUser, {TextBlock(kGoesOnNote)});
      }
    }
    Message message{.role = role, .blocks = std::move(blocks)};
    if (dialect_.roles_alternate) {
      if (role == Role::kUser && to_.last_role == Role::kUser) {
        if (!to_.messages.empty()) {
          return Append(std::move(message.blocks), to_.messages.back().blocks);
        }
        message.continues = true;
      } else {
        TakeTurns(message);
      }
    }
    to_.last_role = role;
    to_.messages.push_back(std::move(message));
  }

 private:
  // Calls and their results do not count as anybody's turn.
  void TakeTurns(const Message& message) {
    const bool counts = message.role == Role::kUser ||
                        (message.role == Role::kAssistant && !HasCalls(message.blocks));
    if (!counts || to_.CountedRole() != message.role) return;
    const bool user = message.role == Role::kUser;
    to_.last_role = user ? Role::kAssistant : Role::kUser;
    to_.messages.push_back(
        {.role = *to_.last_role, .blocks = {TextBlock(user ? kMoreNote : kGoesOnNote)}});
  }

  PartBlocks BlocksOf(const ServedTurn& turn) {
    return PartBlocks(rules_, *turn.turn, turn.turn, *lone_, &to_);
  }

  // The step and its results; in several messages where it makes more calls than one holds.
  void AddStep(const Exchange& exchange) {
    step_seq_ = exchange.speakers.front()->turn->seq;
    call_ids_.clear();
    call_names_.clear();
    std::vector<Block> pictures;
    std::vector<Block> blocks;
    for (const ServedTurn* speaker : exchange.speakers) {
      const size_t before = blocks.size();
      AddSpeaker(*speaker, exchange.pending, blocks, pictures);
      if (before > 0 && blocks.size() > before) blocks[before].begins_turn = true;
    }
    if (exchange.calls.empty()) {
      PushAssistant(std::move(blocks));
      if (!pictures.empty()) Push(Role::kUser, std::move(pictures));
      return;
    }
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
  void AddSpeaker(const ServedTurn& turn, bool pending, std::vector<Block>& blocks,
                  std::vector<Block>& pictures) {
    PartBlocks parts = BlocksOf(turn);
    for (const Part& part : turn.turn->parts) {
      if (const auto* call = std::get_if<ToolCallPart>(&part)) {
        blocks.push_back(Call(*call, turn.turn->seq, pending));
      } else {
        parts.Add(part, blocks, pictures);
      }
    }
  }

  Block Call(const ToolCallPart& call, uint64_t seq, bool pending) {
    call_ids_.push_back(pending ? to_.ids.TakeReserved(call.call_id, seq, call_ids_.size())
                                : to_.ids.Take(call.call_id, seq, call_ids_.size()));
    call_names_.push_back(CallName(call.name, rules_.names));
    const bool custom = call.custom && TakesCustomCalls();
    Block block = TextBlock(call.custom && !custom    ? InputObject(call.arguments_json)
                            : rules_.object_arguments ? ArgumentsObject(call.arguments_json)
                                                      : call.arguments_json);
    block.kind = Kind::kCall;
    block.id = call_ids_.back();
    block.name = call_names_.back();
    block.custom = custom;
    return block;
  }

  bool TakesCustomCalls() const {
    return rules_.custom_calls && !dialect_.roles_alternate && !dialect_.wants_reasoning;
  }

  void PushAssistant(std::vector<Block> blocks) {
    if (rules_.settle != nullptr) {
      const uint32_t left_out = rules_.settle(&blocks, &to_);
      if (left_out > 0) to_.LossOf(step_seq_).opaque_omitted += left_out;
    }
    // Nobody said anything.
    if (blocks.empty()) return;
    Push(Role::kAssistant, std::move(blocks));
  }

  void AddResults(const Exchange& exchange, size_t first, size_t calls,
                  std::vector<Block> pictures) {
    std::vector<Block> results;
    for (size_t i = first; i < first + calls; ++i) {
      const ResolvedCall& call = exchange.calls[i];
      Block result{.kind = Kind::kResult,
                   .id = call_ids_[i],
                   .name = call_names_[i],
                   .custom = call.call->custom && TakesCustomCalls()};
      if (call.result.part == nullptr) {
        result.content.push_back(TextBlock(kUnansweredCallNote));
      } else {
        result.is_error = call.result.part->is_error;
        result.content = ResultContent(call.result, pictures);
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

  // The blocks that stand in the result. Pictures that may not stand there go to `pictures`. With
  // `apart`, the result stands in a user's message, without its call.
  std::vector<Block> ResultContent(const ResolvedResult& result, std::vector<Block>& pictures,
                                   bool apart = false) {
    std::vector<Block> content;
    const ServedTurn& turn = *result.turn;
    const bool error = result.part->is_error;
    const bool inside = rules_.pictures_in_results && !(rules_.errors_are_text && error);
    if (error && !rules_.has_error_field) {
      content.push_back(
          TextBlock(result.part->content.empty() ? kErrorNote : absl::StrCat(kErrorNote, "\n")));
    }
    if (turn.results_drawn) {
      content.push_back(TextBlock(DrawnResultNote(turn)));
      std::vector<Block>& pages = inside ? content : pictures;
      if (result.first_of_turn) {
        for (const PlannedPage& page : turn.pages) pages.push_back(PageBlock(page));
      }
    }
    PartBlocks parts = BlocksOf(turn);
    for (const ResultItem& item : result.part->content) {
      const auto* reference = std::get_if<ToolReferencePart>(&item);
      if (apart && reference != nullptr) {
        content.push_back(TextBlock(ToolReferenceNote(*reference)));
        continue;
      }
      parts.Add(item, inside, /*texts=*/!turn.results_drawn, content, pictures);
    }
    if (content.empty() && error) content.push_back(TextBlock(kErrorNote));
    return content;
  }

  void AddRemainder(const Remainder& remainder) {
    const ServedTurn& served = *remainder.turn;
    const Turn& turn = *served.turn;
    const bool one_system_text = rules_.one_system_text || dialect_.roles_alternate;
    if (turn.role == Role::kSystem && one_system_text) return AddSystemText(remainder);
    std::vector<Block> blocks;
    std::vector<Block> others;
    PartBlocks parts = BlocksOf(served);
    const bool users = turn.role == Role::kUser || turn.role == Role::kTool;
    for (const Part* part : remainder.parts) parts.Add(*part, blocks, users ? blocks : others);
    if (turn.role == Role::kTool && remainder.orphans.empty() && !AllRaw(blocks)) {
      blocks.insert(blocks.begin(), TextBlock(OrphanResultNote(turn, "")));
    }
    AddOrphans(remainder, users ? blocks : others);
    if (blocks.empty() && others.empty()) blocks.push_back(TextBlock(EmptyNote(turn)));
    // An assistant's turn is a step: here are its orphaned results alone. A system turn holds
    // texts.
    if (!blocks.empty()) Push(users ? Role::kUser : Role::kSystem, std::move(blocks));
    if (!others.empty()) Push(Role::kUser, std::move(others));
  }

  static std::string EmptyNote(const Turn& turn) {
    return absl::StrCat("[#", turn.seq, ": empty]");
  }

  void AddSystemText(const Remainder& remainder) {
    const ServedTurn& served = *remainder.turn;
    const bool is_system_text = leading_ && !to_.last_role;
    std::vector<Block> blocks;
    PartBlocks parts = BlocksOf(served);
    for (const Part* part : remainder.parts) {
      const size_t before = blocks.size();
      std::vector<Block> media;
      parts.Add(*part, blocks, media);
      if (const auto* image = std::get_if<ImagePart>(part); image != nullptr && !media.empty()) {
        ++to_.LossOf(served.turn->seq).images_omitted;
        blocks.push_back(TextBlock(ImageNote(*image)));
      }
      if (is_system_text) continue;
      for (size_t i = before; i < blocks.size(); ++i) blocks[i].text.insert(0, "[system] ");
    }
    if (!is_system_text || !remainder.orphans.empty()) {
      AddOrphans(remainder, blocks);
      if (blocks.empty()) blocks.push_back(TextBlock(EmptyNote(*served.turn)));
      return Push(Role::kUser, std::move(blocks));
    }
    if (blocks.empty()) return;
    if (to_.messages.empty()) to_.messages.push_back({.role = Role::kSystem});
    Append(std::move(blocks), to_.messages.back().blocks);
  }

  void AddOrphans(const Remainder& remainder, std::vector<Block>& blocks) {
    for (const ResolvedResult& orphan : remainder.orphans) {
      std::vector<Block> pictures;
      blocks.push_back(TextBlock(OrphanResultNote(*orphan.turn->turn, orphan.part->call_id)));
      if (orphan.part->is_error && rules_.has_error_field) blocks.push_back(TextBlock(kErrorNote));
      Append(ResultContent(orphan, pictures, /*apart=*/true), blocks);
      Append(std::move(pictures), blocks);
    }
  }

  const ApiRules& rules_;
  const ReaderDialect dialect_;
  const bool leading_;
  Conversation& to_;
  const absl::flat_hash_set<const Part*>* lone_ = nullptr;  // of the exchange in progress
  uint64_t step_seq_ = 0;                                   // of the step in progress
  std::vector<std::string> call_ids_;
  std::vector<std::string> call_names_;
};

}  // namespace

Conversation ComposedFormat::Begin(const ReaderTraits& reader) const {
  CallIdRule ids = rules_.call_ids;
  ids.nine_characters = rules_.chat_templates && reader.dialect.nine_character_ids;
  Conversation conversation{CallIds(ids)};
  conversation.reader = reader;
  return conversation;
}

void ComposedFormat::AddGroup(const ServedGroup& group, Place place, Conversation* to) const {
  for (const Exchange& exchange : ResolveGroup(group, place == Place::kNewest)) {
    Composer(rules_, place == Place::kHead, to).AddExchange(exchange);
  }
}

void ComposedFormat::Reserve(const ServedGroup& newest, Conversation* to) const {
  for (const Exchange& exchange : ResolveGroup(newest, true)) {
    if (!exchange.pending) continue;
    for (const ResolvedCall& call : exchange.calls) to->ids.Reserve(call.call->call_id);
  }
}

// What is served has a message at least; and where the assistant's is the last, it ends with a
// letter: what follows is the model's.
void ComposedFormat::End(Conversation* to) const {
  if (!to->last_role) {
    return Composer(rules_, false, to).Push(Role::kUser, {TextBlock(kNothingNote)});
  }
  if (!rules_.trims_last || to->last_role != Role::kAssistant || to->messages.empty()) return;
  Block& last = to->messages.back().blocks.back();
  if (last.kind == Block::Kind::kText) last.text.resize(TrimmedBytes(last.text));
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
    if (blocks.empty()) blocks.push_back(TextBlock(kNothingNote));
    composer.Push(Role::kUser, std::move(blocks));
  }
}

void ComposedFormat::MarkPrefix(const std::vector<HistoryMessage>&, Conversation*) const {}
void ComposedFormat::MarkTail(Conversation*) const {}

std::string ArgumentsObject(const std::string& arguments) {
  if (IsBlank(arguments)) return "{}";
  if (IsJsonObject(arguments)) return arguments;
  std::string object = R"({"_raw_arguments":)";
  AppendString(TextBlock(arguments).text, object);
  return object + '}';
}

std::string InputObject(const std::string& input) {
  std::string object = R"({"input":)";
  AppendString(TextBlock(input).text, object);
  return object + '}';
}

}  // namespace fovea::wire
