#include <utility>

#include "core/base/status_macros.h"
#include "core/context/context.h"
#include "core/forgetting/plan.h"

namespace fovea {
namespace {

absl::StatusOr<TurnPtr> ReadOne(const TurnSource& turns, uint64_t seq) {
  FOVEA_ASSIGN_OR_RETURN(auto read, turns.Turns({seq, seq}));
  if (read.size() != 1) return absl::InternalError("the turn source gave another range");
  return read.front();
}

// One pass over the sheet.
class Assembler {
 public:
  Assembler(const Planner& planner, const TurnSource& turns)
      : plan_(planner.plan()), ladder_(planner.ladder()), turns_(turns) {}

  absl::StatusOr<Context> Assemble() {
    const Sheet& sheet = plan_.sheet;
    absl::Status status = AddHead(sheet.head());
    if (status.ok() && sheet.latent() != nullptr) {
      context_.history.push_back({.items = {sheet.latent()->note}});
    }
    if (status.ok()) status = AddRuns(sheet.runs());
    if (status.ok()) status = AddPins(sheet.pins());
    if (status.ok()) status = AddTail(sheet.tail());
    if (!status.ok()) return status;
    return std::move(context_);
  }

 private:
  absl::Status AddHead(const Sheet::Parts& head) {
    for (const SheetPart& part : head) {
      FOVEA_ASSIGN_OR_RETURN(auto turn, ReadOne(turns_, part.turns.first));
      ServedGroup group;
      group.turns.push_back({.turn = std::move(turn)});
      context_.head.push_back(std::move(group));
    }
    return absl::OkStatus();
  }

  absl::Status AddRuns(const Sheet::Parts& runs) {
    for (size_t i = 0; i < runs.size(); ++i) {
      FOVEA_ASSIGN_OR_RETURN(auto message, MessageOf(runs[i]));
      context_.history.push_back(std::move(message));
      context_.history.back().rung_end = i + 1 == runs.size() || runs[i + 1].rung != runs[i].rung;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<HistoryMessage> MessageOf(const SheetPart& run) const {
    if (!run.on_pages) {
      FOVEA_ASSIGN_OR_RETURN(auto read, turns_.Turns(run.turns));
      return HistoryMessage{.items = {TurnsNote(read, run.elision)}};
    }
    HistoryMessage message{.rung = ladder_[run.rung].name};
    if (!run.note.empty()) message.items.emplace_back(run.note);
    for (const PlannedPage& page : run.drawn.pages) message.items.emplace_back(page);
    std::string sidecar = SidecarNote(run.turns, run.sidecar.text);
    if (!sidecar.empty()) message.items.emplace_back(std::move(sidecar));
    return message;
  }

  absl::Status AddPins(const Sheet::Parts& pins) {
    if (pins.empty()) return absl::OkStatus();
    HistoryMessage message;
    for (const SheetPart& pin : pins) {
      FOVEA_ASSIGN_OR_RETURN(auto turn, ReadOne(turns_, pin.turns.first));
      message.items.emplace_back(TurnNote(*turn));
    }
    context_.history.push_back(std::move(message));
    return absl::OkStatus();
  }

  absl::Status AddTail(const Sheet::Parts& tail) {
    if (tail.empty()) return absl::OkStatus();
    FOVEA_ASSIGN_OR_RETURN(auto read,
                           turns_.Turns({tail.front().turns.first, tail.back().turns.last}));
    size_t at = 0;
    for (const Group& group : plan_.tail_groups) {
      ServedGroup served{.unanswered = group.waiting_calls,
                         .open = group.open && &group == &plan_.tail_groups.back(),
                         .orphan_result = group.orphan_result};
      for (; at < tail.size() && tail[at].turns.last <= group.turns.last; ++at) {
        served.turns.push_back(
            {.turn = read[at], .results_drawn = tail[at].on_pages, .pages = tail[at].drawn.pages});
      }
      context_.tail.push_back(std::move(served));
    }
    return absl::OkStatus();
  }

  const Plan& plan_;
  const std::vector<Rung>& ladder_;
  const TurnSource& turns_;
  Context context_;
};

}  // namespace

std::string DrawnResultNote(const ServedTurn& turn) {
  return DrawnResultNote(turn.turn->seq, turn.pages.size());
}

absl::StatusOr<Context> AssembleContext(const Planner& planner, const TurnSource& turns) {
  return Assembler(planner, turns).Assemble();
}

}  // namespace fovea
