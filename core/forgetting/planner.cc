// The planner's bookkeeping: head, groups, chunks and the tail.
#include "core/forgetting/planner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/log/part_text.h"

namespace fovea {
namespace {

// What a turn costs beside its pages when its results are drawn in place: the note in the result,
// and a message for the pages where the API wants them in one of their own.
constexpr int64_t kDrawnNoteTokens = 80;
// A result without a call goes out as a user's note that says so.
constexpr int64_t kOrphanNoteTokens = 40;
// Bytes of a request: pages go out as base64, text as JSON strings.
constexpr double kBase64 = 4.0 / 3;
constexpr double kTextBytesPerToken = 5;

std::vector<Rung> UsableLadder(const PlannerInputs& inputs) {
  std::vector<Rung> ladder;
  for (const Rung& rung : inputs.reader.ladder) {
    if (inputs.policy.forbid_unmeasured_rungs && rung.evidence == Evidence::kAssumed) continue;
    ladder.push_back(rung);
  }
  return ladder;
}

void ForEachResultText(const Turn& turn, TextVisitor visit) {
  for (const Part& part : turn.parts) {
    if (std::holds_alternative<ToolResultPart>(part)) ForEachText(part, visit);
  }
}

}  // namespace

int64_t TailTurn::tokens() const {
  return drawn ? verbatim_tokens() + drawing.drawing.tokens + kDrawnNoteTokens : text_tokens;
}

absl::StatusOr<std::unique_ptr<Planner>> Planner::Create(PlannerInputs inputs) {
  absl::Status status = ValidatePolicy(inputs.policy);
  if (!status.ok()) return status;
  if (inputs.token_budget < kMinBudget || inputs.token_budget > kMaxBudget) {
    return absl::InvalidArgumentError(absl::StrCat(
        "token_budget is ", inputs.token_budget, "; it must be ", kMinBudget, " to ", kMaxBudget));
  }
  auto planner = std::unique_ptr<Planner>(new Planner(std::move(inputs)));
  for (const Rung& rung : planner->ladder_) {
    const PagePaper& paper = rung.papers.front();
    auto tokens = ImageTokens(planner->inputs_.reader, paper.box.width, paper.box.max_height,
                              paper.flat_tokens);
    if (!tokens.ok()) return tokens.status();
    planner->characters_per_token_.push_back(double{1} * paper.box.width * paper.box.max_height /
                                             rung.pixels_per_character /
                                             static_cast<double>(*tokens));
  }
  planner->ChooseMarks();
  return planner;
}

Planner::Planner(PlannerInputs inputs)
    : inputs_(std::move(inputs)),
      ladder_(UsableLadder(inputs_)),
      counter_(inputs_.reader),
      picture_limits_(PictureLimitsOf(inputs_.reader)) {}

void Planner::ChooseMarks() {
  // Agents' text has so many characters a token of o200k_base (docs/forgetting.md).
  constexpr double kCharactersPerToken = 3.6;
  const double characters = kCharactersPerToken / inputs_.reader.text_token_factor;
  std::vector<double> page_tokens;
  for (const double of_page : characters_per_token_) page_tokens.push_back(characters / of_page);
  const CostModel model(inputs_.reader, ladder_, std::move(page_tokens), inputs_.token_budget);
  if (ladder_.empty()) return;
  marks_ = model.Cheapest(inputs_.policy);
  forecast_ = model.Forecast(marks_);
}

int64_t Planner::tokens() const {
  return plan_.head_tokens + latent_note_tokens_ + runs_tokens_ + pins_tokens(plan_.served_pins) +
         tail_tokens_;
}

uint64_t Planner::index_bytes() const {
  constexpr uint64_t kCallBytes = 32;     // a slot of a table that is half full
  constexpr uint64_t kUseBytes = 48;      // likewise
  constexpr uint64_t kStringBytes = 160;  // text and label on the heap
  return kCallBytes * calls_.size() + kUseBytes * uses_.size() +
         kStringBytes * (head_strings_.size() + latent_strings_.size());
}

int64_t Planner::pins_tokens(const std::map<uint64_t, PinnedTurn>& pins) const {
  int64_t tokens = pins.empty() ? 0 : TokenCounter::kMessageTokens;
  for (const auto& [seq, pin] : pins) tokens += pin.tokens;
  return tokens;
}

absl::Status Planner::Append(const Turn& turn) {
  if (turn.seq != plan_.last_seq + 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("turn ", turn.seq, " does not follow turn ", plan_.last_seq));
  }
  plan_.last_seq = turn.seq;
  calls_.Add(turn);
  uses_.Add(turn);
  NoteTime(turn);
  NoteMentions(turn);
  if (!TakeAsHead(turn)) {
    absl::Status status = AddToTail(turn);
    if (!status.ok()) return status;
  }
  return Review();
}

// A request is sent when the assistant answers; the cache lives for a while from then on.
void Planner::NoteTime(const Turn& turn) {
  const int64_t lifetime_us = inputs_.reader.cache.lifetime_seconds * 1'000'000;
  if (turn.role == Role::kAssistant) {
    plan_.last_request_seq = turn.seq;
    plan_.cache_is_cold = false;
    if (turn.time_us > 0) last_request_us_ = turn.time_us;
    return;
  }
  plan_.cache_is_cold =
      plan_.cache_is_cold || (lifetime_us > 0 && turn.time_us > 0 && last_request_us_ > 0 &&
                              turn.time_us - last_request_us_ > lifetime_us);
}

// What the agent names by its number, as pages and notes do, it still works with.
void Planner::NoteMentions(const Turn& turn) {
  if (turn.role != Role::kAssistant) return;
  recall_calls_.clear();
  for (const Part& part : turn.parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      if (CallHistory::IsRecall(*call)) recall_calls_.push_back(call->call_id);
    }
    const auto* text = std::get_if<TextPart>(&part);
    if (text == nullptr) continue;
    for (size_t at = text->text.find('#'); at != std::string::npos;
         at = text->text.find('#', at + 1)) {
      const size_t end =
          std::min(text->text.find_first_not_of("0123456789", at + 1), text->text.size());
      uint64_t seq = 0;
      if (!absl::SimpleAtoi(text->text.substr(at + 1, end - at - 1), &seq)) continue;
      if (seq >= 1 && seq < turn.seq) MarkRecalled({seq, seq});
    }
  }
}

void Planner::MarkRecalled(SeqRange turns) {
  for (Run& run : plan_.runs) {
    run.recalled |= turns.first <= run.turns.last && run.turns.first <= turns.last;
  }
}

bool Planner::HasRecalledText(const Turn& turn) const {
  return std::ranges::any_of(turn.parts, [this](const Part& part) {
    const auto* result = std::get_if<ToolResultPart>(&part);
    return result != nullptr &&
           std::ranges::find(recall_calls_, result->call_id) != recall_calls_.end();
  });
}

// The head is what the conversation opens with: system turns, then the task.
bool Planner::TakeAsHead(const Turn& turn) {
  const bool still_head = plan_.head.size() + 1 == turn.seq;
  const bool opening = turn.role == Role::kUser && opening_seq_ == 0;
  if (opening) opening_seq_ = turn.seq;
  if (!still_head || !(turn.role == Role::kSystem || opening)) return false;
  if (turn.role == Role::kSystem && opening_seq_ != 0) return false;
  plan_.head.push_back(turn.seq);
  plan_.head_tokens += counter_.Turn(turn);
  plan_.head_characters += TurnCharacters(turn);
  ExactStringCollector collector;
  collector.Add(turn);
  for (const ExactString& string : collector.strings()) head_strings_.insert(string.text);
  for (const ImagePart* image : TurnImages(turn)) {
    if (!TakesPicture(picture_limits_, image->data)) continue;
    ++head_images_;
    head_image_bytes_ += image->data.size();
  }
  return true;
}

absl::Status Planner::AddToTail(const Turn& turn) {
  const GroupTracker::Step step = groups_.Add(turn);
  if (!step.joined && !plan_.tail_groups.empty()) CloseGroup();
  const Group& group = groups_.newest();
  if (!step.joined) plan_.tail_groups.push_back({});
  TailGroup& tail_group = plan_.tail_groups.back();
  tail_group.group = group;
  const int64_t note_tokens = static_cast<int64_t>(group.waiting_calls.size()) *
                              (TokenCounter::kResultTokens + counter_.Text(kUnansweredCallNote));
  tail_tokens_ += note_tokens - tail_group.note_tokens;
  tail_group.note_tokens = note_tokens;

  TailTurn tail_turn{
      .seq = turn.seq, .text_tokens = counter_.Turn(turn), .characters = TurnCharacters(turn)};
  tail_turn.recalled = HasRecalledText(turn);
  if (HasToolResult(turn) && step.answered_calls == 0) tail_turn.text_tokens += kOrphanNoteTokens;
  ForEachResultText(turn, [&](std::string_view text) {
    tail_turn.result_tokens += counter_.Text(text);
    tail_turn.result_characters += CountCharacters(text);
  });
  for (const ImagePart* image : TurnImages(turn)) {
    if (!TakesPicture(picture_limits_, image->data)) continue;  // a note goes out in its place
    ++tail_turn.images;
    tail_turn.image_bytes += image->data.size();
  }
  absl::Status status = DrawIfTooLarge(tail_turn);
  if (!status.ok()) return status;
  tail_tokens_ += tail_turn.tokens();
  tail_verbatim_tokens_ += tail_turn.verbatim_tokens();
  plan_.tail.push_back(std::move(tail_turn));

  // An opening task that does not open the session is kept as text by a pin.
  if (turn.seq == opening_seq_) {
    plan_.pinned[turn.seq] = {.tokens = counter_.Text(TurnNote(turn)),
                              .characters = TurnCharacters(turn)};
  }
  return absl::OkStatus();
}

// The group before the newest one is final: it joins the chunk that is being filled.
void Planner::CloseGroup() {
  const SeqRange turns = plan_.tail_groups.back().group.turns;
  if (filling_.turns.empty()) filling_.turns.first = turns.first;
  filling_.turns.last = turns.last;
  int64_t tokens = 0;
  for (auto turn = plan_.tail.rbegin(); turn != plan_.tail.rend() && turn->seq >= turns.first;
       ++turn) {
    tokens += turn->text_tokens;
    filling_.characters += turn->characters;
  }
  filling_.text_tokens += tokens;
  const int64_t cell = grid_tokens_ / kChunkTokens;
  grid_tokens_ += tokens;
  if (grid_tokens_ / kChunkTokens == cell) return;
  plan_.chunks.push_back(std::exchange(filling_, Chunk{}));
}

absl::StatusOr<DrawnResult> Planner::DrawResultOf(uint64_t seq, size_t rung) const {
  const Strip strip{.turns = {seq, seq}, .parts = Strip::Parts::kResults};
  auto content = StripContent(strip, *inputs_.turns);
  if (!content.ok()) return content.status();
  auto drawing = LayOutStrip(strip, *content, ladder_[rung], inputs_.reader, *inputs_.renderer);
  if (!drawing.ok()) return drawing.status();
  return DrawnResult{.seq = seq, .rung = rung, .drawing = *std::move(drawing)};
}

// A new tool result that is too large for the verbatim share is drawn in its place, on the sharpest
// pages that fit the share.
absl::Status Planner::DrawIfTooLarge(TailTurn& turn) {
  if (ladder_.empty() || inputs_.policy.forbid_drawn_results) return absl::OkStatus();
  // What was recalled was asked for as text.
  if (turn.result_tokens < kMinDrawnTokens || turn.recalled) return absl::OkStatus();
  const int64_t high = tail_high_tokens();
  if (turn.result_tokens <= high && staying_tokens() + turn.text_tokens <= available() / 2) {
    return absl::OkStatus();
  }
  for (size_t rung = 0; rung < ladder_.size(); ++rung) {
    auto drawing = DrawResultOf(turn.seq, rung);
    if (!drawing.ok()) return drawing.status();
    const int64_t tokens = drawing->drawing.tokens;
    if (tokens > high && rung + 1 < ladder_.size()) continue;
    const double price = static_cast<double>(tokens) * inputs_.reader.cache.write_price;
    if (price + kDrawnNoteTokens < static_cast<double>(turn.result_tokens)) {
      turn.drawn = true;
      turn.drawing = *std::move(drawing);
    }
    break;
  }
  return absl::OkStatus();
}

void Planner::SetDrawing(TailTurn& turn, DrawnResult drawing) {
  tail_tokens_ -= turn.tokens();
  tail_verbatim_tokens_ -= turn.verbatim_tokens();
  turn.drawn = true;
  turn.drawing = std::move(drawing);
  tail_tokens_ += turn.tokens();
  tail_verbatim_tokens_ += turn.verbatim_tokens();
}

absl::Status Planner::Apply(const LogEvent& event) {
  if (event.index != plan_.last_event + 1 || event.after_seq != plan_.last_seq) {
    return absl::InvalidArgumentError(
        absl::StrCat("event ", event.index, " after turn ", event.after_seq,
                     " does not follow event ", plan_.last_event, " after turn ", plan_.last_seq));
  }
  plan_.last_event = event.index;
  switch (event.kind) {
    case LogEvent::Kind::kPin:
      return Pin(event);
    case LogEvent::Kind::kUnpin:
      // What is in the pins section stays until the next epoch: nothing served changes now.
      for (uint64_t seq = event.turns.first; seq <= event.turns.last; ++seq) {
        if (seq != opening_seq_) plan_.pinned.erase(seq);
      }
      return absl::OkStatus();
    case LogEvent::Kind::kRecall:
      MarkRecalled(event.turns);
      return absl::OkStatus();
    case LogEvent::Kind::kCompact:
      if (plan_.required_tokens > 0) return absl::OkStatus();
      return Step("forgetting was asked for", true);
  }
  return absl::InvalidArgumentError("unknown kind of event");
}

absl::Status Planner::Pin(const LogEvent& event) {
  if (event.turns.empty() || event.turns.last > plan_.last_seq) {
    return absl::OutOfRangeError(absl::StrCat("turns ", event.turns.first, " to ", event.turns.last,
                                              " are not all in the log"));
  }
  auto turns = inputs_.turns->Turns(event.turns);
  if (!turns.ok()) return turns.status();
  for (const TurnPtr& turn : *turns) {
    if (turn->seq <= plan_.head.size()) continue;
    plan_.pinned[turn->seq] = {.tokens = counter_.Text(TurnNote(*turn)) + 1,
                               .characters = TurnCharacters(*turn)};
  }
  return Review();
}

uint64_t Planner::first_staying_seq() const {
  if (!filling_.turns.empty()) return filling_.turns.first;
  return plan_.tail_groups.empty() ? plan_.last_seq + 1
                                   : plan_.tail_groups.back().group.turns.first;
}

int64_t Planner::staying_tokens() const {
  const uint64_t first = first_staying_seq();
  int64_t tokens = 0;
  for (auto turn = plan_.tail.rbegin(); turn != plan_.tail.rend() && turn->seq >= first; ++turn) {
    tokens += turn->tokens();
  }
  for (auto group = plan_.tail_groups.rbegin();
       group != plan_.tail_groups.rend() && group->group.turns.first >= first; ++group) {
    tokens += group->note_tokens;
  }
  return tokens;
}

int64_t Planner::movable_verbatim_tokens() const {
  const uint64_t first = first_staying_seq();
  int64_t staying = 0;
  for (auto turn = plan_.tail.rbegin(); turn != plan_.tail.rend() && turn->seq >= first; ++turn) {
    staying += turn->verbatim_tokens();
  }
  return tail_verbatim_tokens_ - staying;
}

// Of the tail from `first` on, and the head; of the pages too if `with_pages`.
double Planner::LoadFrom(uint64_t first, bool with_pages) const {
  const ReaderProfile& reader = inputs_.reader;
  const bool own = reader.image_rule.kind != ImageTokenRule::Kind::kNone;
  size_t images = (with_pages ? pages_ : 0) + (own ? head_images_ : 0);
  uint64_t bytes = (with_pages ? page_bytes_ : 0) + (own ? head_image_bytes_ : 0);
  for (auto turn = plan_.tail.rbegin(); turn != plan_.tail.rend() && turn->seq >= first; ++turn) {
    images += turn->drawing.drawing.pages.size() + (own ? turn->images : 0);
    bytes += turn->drawing.drawing.bytes + (own ? turn->image_bytes : 0);
  }
  double load = 0;
  if (reader.limits.max_images > 0) {
    load = static_cast<double>(images) / reader.limits.max_images;
  }
  if (reader.limits.max_body_bytes > 0) {
    const int64_t text = with_pages ? tokens() : plan_.head_tokens + staying_tokens();
    const double body =
        kBase64 * static_cast<double>(bytes) + kTextBytesPerToken * static_cast<double>(text);
    load = std::max(load, body / static_cast<double>(reader.limits.max_body_bytes));
  }
  return load;
}

double Planner::request_load() const { return LoadFrom(0, true); }

// Where what must stay is over a limit on its own, forgetting the rest would not help: the request
// is refused when it is written, and history is not thrown away for it.
bool Planner::load_over(double most) const {
  return request_load() > most && LoadFrom(first_staying_seq(), false) <= most;
}

bool Planner::over_limits() const { return tokens() > inputs_.token_budget || load_over(1); }

RunBuilder Planner::run_builder() const {
  return {.reader = inputs_.reader,
          .ladder = ladder_,
          .renderer = *inputs_.renderer,
          .turns = *inputs_.turns,
          .counter = counter_,
          .calls = calls_,
          .uses = uses_,
          .thin_from_rung = std::max(entry_rung() + 1, ladder_.empty() ? 0 : ladder_.size() - 1)};
}

std::string LatentNote(const Plan& plan) {
  if (plan.latent_turns == 0) return "";
  return absl::StrCat("[", plan.latent_turns, " turns between #", plan.latent.first, " and #",
                      plan.latent.last,
                      " are not shown. Recall #n or search by words for their exact text.]",
                      plan.latent_sidecar.text.empty() ? "" : "\n[Exact strings of them]\n",
                      plan.latent_sidecar.text);
}

}  // namespace fovea
