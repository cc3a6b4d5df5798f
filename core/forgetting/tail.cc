#include "core/forgetting/tail.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/status_macros.h"
#include "core/log/part_text.h"
#include "core/voice/notes.h"

namespace fovea {
namespace {

constexpr auto kTail = Sheet::Section::kTail;

// Without notes for results that did not come.
int64_t ServedTokens(const SheetPart& turn) { return turn.tokens - turn.unanswered_tokens; }

void ForEachResultText(const Turn& turn, TextVisitor visit) {
  for (const Part& part : turn.parts) {
    if (std::holds_alternative<ToolResultPart>(part)) ForEachText(part, visit);
  }
}

// Counts the agent's own pictures that go out with the turn.
void CountPictures(const Setting& setting, const Turn& turn, SheetPart& part) {
  if (!setting.sends_pictures()) return;
  for (const ImagePart* image : TurnImages(turn)) {
    if (!TakesPicture(setting.picture_limits(), image->data)) continue;  // a note goes out instead
    ++part.own_images;
    part.own_image_bytes += image->data.size();
  }
}

}  // namespace

absl::Status Tail::Append(const Turn& turn, bool recalled) {
  const TokenCounter& counter = setting_.counter();
  const GroupTracker::Step step = groups_.Add(turn);
  if (!step.joined && !plan_.tail_groups.empty()) CloseGroup();
  if (!step.joined) plan_.tail_groups.emplace_back();
  const Group& group = groups_.newest();
  plan_.tail_groups.back() = group;
  const int64_t unanswered =
      static_cast<int64_t>(group.waiting_calls.size()) * UnansweredCallTokens(counter);
  // They go behind this turn.
  if (step.joined) SetUnansweredTokens(0);

  const TokenCounter::TurnTokens tokens = counter.Count(turn);
  SheetPart part{.turns = {turn.seq, turn.seq},
                 .count = 1,
                 .text_tokens = tokens.all,
                 .characters = TurnCharacters(turn),
                 .result_tokens = tokens.result_texts,
                 .recalled = recalled};
  part.text_tokens += step.orphan_results * kOrphanNoteTokens;
  ForEachResultText(
      turn, [&](std::string_view text) { part.result_characters += CountCharacters(text); });
  part.tokens = part.text_tokens;
  CountPictures(setting_, turn, part);
  FOVEA_RETURN_IF_ERROR(DrawIfTooLarge(Room(setting_, plan_).staying_tokens() + unanswered, part));
  plan_.sheet.Add(kTail, std::move(part));
  SetUnansweredTokens(unanswered);
  return absl::OkStatus();
}

void Tail::SetUnansweredTokens(int64_t tokens) {
  const size_t last = plan_.sheet.tail().size() - 1;
  if (plan_.sheet.tail()[last].unanswered_tokens == tokens) return;
  plan_.sheet.Change(kTail, last, [tokens](SheetPart& part) {
    part.tokens += tokens - part.unanswered_tokens;
    part.unanswered_tokens = tokens;
  });
}

// The group before the newest one is final: it joins the chunk that is being filled.
void Tail::CloseGroup() {
  const SeqRange turns = plan_.tail_groups.back().turns;
  Chunk& filling = plan_.filling;
  if (filling.turns.empty()) filling.turns.first = turns.first;
  filling.turns.last = turns.last;
  int64_t tokens = 0;
  const Sheet::Parts& tail = plan_.sheet.tail();
  for (auto turn = tail.rbegin(); turn != tail.rend() && turn->turns.first >= turns.first; ++turn) {
    tokens += turn->text_tokens;
    filling.characters += turn->characters;
  }
  filling.text_tokens += tokens;
  if (plan_.coarse_filling_seq == 0) plan_.coarse_filling_seq = turns.first;
  if ((grid_tokens_ + tokens) / Planner::kChunkTokens > grid_tokens_ / Planner::kChunkTokens) {
    plan_.coarse_filling_seq = turns.last + 1;
  }
  const int64_t cell = grid_tokens_ / setting_.chunk_tokens();
  grid_tokens_ += tokens;
  if (grid_tokens_ / setting_.chunk_tokens() == cell) return;
  plan_.chunks.push_back(std::exchange(filling, Chunk{}));
}

// On the sharpest pages that fit the share.
absl::Status Tail::DrawIfTooLarge(int64_t staying_tokens, SheetPart& turn) const {
  const std::vector<Rung>& ladder = setting_.ladder();
  if (ladder.empty() || setting_.policy().forbid_drawn_results) return absl::OkStatus();
  // What was recalled was asked for as text.
  if (turn.result_tokens < kMinDrawnTokens || turn.recalled) return absl::OkStatus();
  const Room room(setting_, plan_);
  const int64_t high = room.tail_high_tokens();
  if (turn.result_tokens <= high && staying_tokens + turn.text_tokens <= room.available() / 2) {
    return absl::OkStatus();
  }
  for (size_t rung = 0; rung < ladder.size(); ++rung) {
    FOVEA_ASSIGN_OR_RETURN(auto drawing, DrawResultOf(setting_, turn.turns.first, rung));
    const int64_t tokens = drawing.drawing.tokens;
    if (tokens > high && rung + 1 < ladder.size()) continue;
    const double price = static_cast<double>(tokens) * setting_.reader().cache.write_price;
    if (price + kDrawnNoteTokens < static_cast<double>(turn.result_tokens)) {
      SetDrawing(std::move(drawing), turn);
    }
    break;
  }
  return absl::OkStatus();
}

SheetPart HeadPart(const Setting& setting, const Turn& turn) {
  SheetPart part{.turns = {turn.seq, turn.seq},
                 .count = 1,
                 .tokens = setting.counter().Turn(turn),
                 .characters = TurnCharacters(turn)};
  part.text_tokens = part.tokens;
  CountPictures(setting, turn, part);
  return part;
}

absl::StatusOr<DrawnResult> DrawResultOf(const Setting& setting, uint64_t seq, size_t rung) {
  const PlannerInputs& inputs = setting.inputs();
  const Strip strip{.turns = {seq, seq},
                    .parts = Strip::Parts::kResults,
                    .colour_codes = inputs.policy.show_colour_codes};
  FOVEA_ASSIGN_OR_RETURN(auto content, StripContent(strip, *inputs.turns));
  FOVEA_ASSIGN_OR_RETURN(auto drawing, LayOutStrip(strip, content, setting.ladder()[rung],
                                                   inputs.reader, *inputs.renderer));
  return DrawnResult{.seq = seq, .rung = rung, .drawing = std::move(drawing)};
}

void SetDrawing(DrawnResult drawing, SheetPart& turn) {
  turn.on_pages = true;
  turn.rung = drawing.rung;
  turn.drawn = std::move(drawing.drawing);
  turn.tokens =
      turn.verbatim_tokens() + turn.drawn.tokens + kDrawnNoteTokens + turn.unanswered_tokens;
}

absl::Status FindFloor(const Setting& setting, SheetPart& turn) {
  if (turn.floor_tokens >= 0) return absl::OkStatus();
  turn.floor_tokens = ServedTokens(turn);
  if (setting.ladder().empty() || setting.policy().forbid_drawn_results) return absl::OkStatus();
  if (turn.result_tokens < kMinDrawnTokens) return absl::OkStatus();
  FOVEA_ASSIGN_OR_RETURN(auto drawing,
                         DrawResultOf(setting, turn.turns.first, setting.ladder().size() - 1));
  SheetPart deepest = turn;
  SetDrawing(std::move(drawing), deepest);
  turn.floor_tokens = std::min(ServedTokens(turn), ServedTokens(deepest));
  return absl::OkStatus();
}

std::vector<DrawnResult> TakeFromTail(uint64_t last, Plan& plan) {
  std::vector<DrawnResult> drawn;
  while (!plan.sheet.tail().empty() && plan.sheet.tail().front().turns.last <= last) {
    SheetPart turn = plan.sheet.TakeFirst(kTail);
    if (!turn.on_pages) continue;
    drawn.push_back({.seq = turn.turns.first, .rung = turn.rung, .drawing = std::move(turn.drawn)});
  }
  while (!plan.tail_groups.empty() && plan.tail_groups.front().turns.last <= last) {
    plan.tail_groups.pop_front();
  }
  return drawn;
}

}  // namespace fovea
