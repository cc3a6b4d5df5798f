#include "core/forgetting/planner.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/forgetting/checkpoint_access.h"
#include "core/forgetting/checkpoint_bytes.h"
#include "core/forgetting/checkpoint_fields.h"
#include "core/forgetting/floor.h"
#include "core/forgetting/memory.h"
#include "core/forgetting/mentions.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/prefix.h"
#include "core/forgetting/room.h"
#include "core/forgetting/setting.h"
#include "core/forgetting/step.h"
#include "core/forgetting/tail.h"
#include "core/voice/notes.h"

namespace fovea {

using Section = Sheet::Section;

// A session's life so far, in one setting.
class Planner::Life {
 public:
  explicit Life(std::unique_ptr<const Setting> setting)
      : setting_(std::move(setting)),
        tail_(*setting_, plan_),
        prefix_(*setting_, plan_, memory_),
        room_(*setting_, plan_) {}

  absl::Status Append(const Turn& turn);
  absl::Status Apply(const LogEvent& event);
  int64_t spare_tokens() const {
    if (plan_.required_tokens > 0 || plan_.cache_is_cold || prefix_.HasUnservedPin()) return 0;
    return room_.tokens_before_step();
  }
  const Setting& setting() const { return *setting_; }
  const Plan& plan() const { return plan_; }
  const Memory& memory() const { return memory_; }

  // The state, without what it was made of.
  template <class Archive, class Self>
  static void Fields(Archive& archive, Self& self) {
    auto& [setting, plan, memory, tail, prefix, room, opening_seq, last_request_us, recall_calls] =
        self;
    archive(plan, memory, tail, opening_seq, last_request_us, recall_calls);
  }

 private:
  bool TakeAsHead(const Turn& turn);
  void NoteTime(const Turn& turn);
  void PinTurn(const Turn& turn);
  void NoteMentions(const Turn& turn);
  absl::Status Pin(const LogEvent& event);
  absl::Status Review();
  absl::Status TakeStep(std::string reason, bool even_if_it_fits) {
    return Step(*setting_, plan_, memory_).Take(std::move(reason), even_if_it_fits);
  }

  const std::unique_ptr<const Setting> setting_;
  Plan plan_;
  Memory memory_;
  Tail tail_;
  Prefix prefix_;
  const Room room_;
  uint64_t opening_seq_ = 0;
  int64_t last_request_us_ = 0;
  std::vector<std::string> recall_calls_;  // ids, of the newest assistant turn
};

absl::StatusOr<std::unique_ptr<Planner>> Planner::Create(PlannerInputs inputs) {
  FOVEA_ASSIGN_OR_RETURN(auto setting, Setting::Create(std::move(inputs)));
  return std::unique_ptr<Planner>(new Planner(std::make_unique<Life>(std::move(setting))));
}

absl::StatusOr<std::unique_ptr<Planner>> Planner::Restore(PlannerInputs inputs,
                                                          std::string_view saved) {
  auto planner = Create(std::move(inputs));
  if (!planner.ok()) return planner.status();
  CheckpointReader reader(saved);
  Life::Fields(reader, *(*planner)->life_);
  if (reader.ok() && reader.at_end()) return planner;
  return absl::InvalidArgumentError("these bytes are no planner");
}

std::string Planner::Save() const {
  CheckpointWriter writer;
  Life::Fields(writer, std::as_const(*life_));
  return writer.TakeBytes();
}

Planner::Planner(std::unique_ptr<Life> life) : life_(std::move(life)) {}
Planner::~Planner() = default;

absl::Status Planner::Append(const Turn& turn) { return life_->Append(turn); }
absl::Status Planner::Apply(const LogEvent& event) { return life_->Apply(event); }
const Plan& Planner::plan() const { return life_->plan(); }
const PlannerInputs& Planner::inputs() const { return life_->setting().inputs(); }
const std::vector<Rung>& Planner::ladder() const { return life_->setting().ladder(); }
const Marks& Planner::marks() const { return life_->setting().marks(); }
const CostForecast& Planner::forecast() const { return life_->setting().forecast(); }
int64_t Planner::tokens() const { return life_->plan().sheet.tokens(); }
int64_t Planner::spare_tokens() const { return life_->spare_tokens(); }
uint64_t Planner::index_bytes() const { return life_->memory().bytes(); }

absl::Status Planner::Life::Append(const Turn& turn) {
  if (turn.seq != plan_.last_seq + 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("turn ", turn.seq, " does not follow turn ", plan_.last_seq));
  }
  plan_.last_seq = turn.seq;
  memory_.calls.Add(turn);
  memory_.uses.Add(turn);
  NoteTime(turn);
  NoteMentions(turn);
  if (!TakeAsHead(turn)) {
    FOVEA_RETURN_IF_ERROR(tail_.Append(turn, AnswersAnyOf(recall_calls_, turn)));
    // An opening task that does not open the session is kept as text by a pin.
    if (turn.seq == opening_seq_) PinTurn(turn);
  }
  return Review();
}

// A request is sent when the assistant answers; the cache lives for a while from then on.
void Planner::Life::NoteTime(const Turn& turn) {
  const int64_t lifetime_us = setting_->reader().cache.lifetime_seconds * 1'000'000;
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
void Planner::Life::NoteMentions(const Turn& turn) {
  if (turn.role != Role::kAssistant) return;
  recall_calls_.clear();
  for (const Part& part : turn.parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      if (CallHistory::IsRecall(*call)) recall_calls_.push_back(call->call_id);
    }
    const auto* text = std::get_if<TextPart>(&part);
    if (text == nullptr) continue;
    for (const uint64_t seq : SeqsNamedIn(text->text)) {
      if (seq >= 1 && seq < turn.seq) prefix_.MarkRecalled({seq, seq});
    }
  }
}

// The head is what the conversation opens with: system turns, then the task.
bool Planner::Life::TakeAsHead(const Turn& turn) {
  const bool still_head = plan_.sheet.head().size() + 1 == turn.seq;
  const bool opening = turn.role == Role::kUser && opening_seq_ == 0;
  if (opening) opening_seq_ = turn.seq;
  if (!still_head || !(turn.role == Role::kSystem || opening)) return false;
  if (turn.role == Role::kSystem && opening_seq_ != 0) return false;
  plan_.sheet.Add(Section::kHead, HeadPart(*setting_, turn));
  ExactStringCollector collector;
  collector.Add(turn);
  for (const ExactString& string : collector.strings()) memory_.head_strings.insert(string.text);
  return true;
}

absl::Status Planner::Life::Apply(const LogEvent& event) {
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
      prefix_.MarkRecalled(event.turns);
      return absl::OkStatus();
    case LogEvent::Kind::kCompact:
      if (plan_.required_tokens > 0) return absl::OkStatus();
      return TakeStep("forgetting was asked for", true);
  }
  return absl::InvalidArgumentError("unknown kind of event");
}

void Planner::Life::PinTurn(const Turn& turn) {
  plan_.pinned[turn.seq] = {.tokens = setting_->counter().Text(TurnNote(turn)) + 1,
                            .characters = TurnCharacters(turn)};
}

absl::Status Planner::Life::Pin(const LogEvent& event) {
  if (event.turns.empty() || event.turns.last > plan_.last_seq) {
    return absl::OutOfRangeError(absl::StrCat("turns ", event.turns.first, " to ", event.turns.last,
                                              " are not all in the log"));
  }
  FOVEA_ASSIGN_OR_RETURN(const auto turns, setting_->inputs().turns->Turns(event.turns));
  for (const TurnPtr& turn : turns) {
    if (turn->seq > plan_.sheet.head().size()) PinTurn(*turn);
  }
  return Review();
}

// Decides whether the epoch ends. Late: only when the tail is over its share and a whole step of it
// can move, or when the context is over the budget. A context that cannot fit at all changes
// nothing: it fails now, and the next turn may fit again.
absl::Status Planner::Life::Review() {
  plan_.required_tokens = 0;
  const bool over = room_.IsOverLimits();
  const int64_t high = room_.tail_high_tokens();
  const int64_t step = std::max<int64_t>(1, high - room_.tail_low_tokens());
  const bool tail_due = plan_.sheet.totals(Section::kTail).verbatim_tokens > high &&
                        room_.movable_verbatim_tokens() >= step;
  const bool pins_due = prefix_.HasUnservedPin();
  const bool cold_due = plan_.cache_is_cold && room_.WorthAColdStep();
  if (!over && !tail_due && !pins_due && !cold_due) return absl::OkStatus();
  if (over || pins_due) {
    const uint64_t staying = room_.first_staying_seq();
    FOVEA_ASSIGN_OR_RETURN(auto floor, FloorOf(*setting_, plan_, staying));
    if (floor > setting_->budget()) {
      // A larger budget has larger chunks, and keeps more of them in the tail.
      const uint64_t coarse = plan_.coarse_filling_seq;
      FOVEA_ASSIGN_OR_RETURN(
          auto enough,
          FloorOf(*setting_, plan_, coarse == 0 ? staying : std::min(coarse, staying)));
      plan_.required_tokens = enough;
      return absl::OkStatus();
    }
  }
  if (pins_due) return TakeStep("an older turn was pinned", false);
  if (cold_due) return TakeStep("the cache was cold: drawing again costs nothing", true);
  return TakeStep(
      tail_due ? "the verbatim tail was over its share" : "the context was over its budget", false);
}

}  // namespace fovea
