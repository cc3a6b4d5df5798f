#include "core/context/context.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fovea {
namespace {

absl::StatusOr<TurnPtr> ReadOne(const TurnSource& turns, uint64_t seq) {
  auto read = turns.Turns({seq, seq});
  if (!read.ok()) return read.status();
  if (read->size() != 1) return absl::InternalError("the turn source gave another range");
  return read->front();
}

class Assembler {
 public:
  Assembler(const Planner& planner, const TurnSource& turns)
      : plan_(planner.plan()), ladder_(planner.ladder()), turns_(turns) {}

  absl::StatusOr<Context> Assemble() {
    for (auto part :
         {&Assembler::AddHead, &Assembler::AddRuns, &Assembler::AddPins, &Assembler::AddTail}) {
      absl::Status status = (this->*part)();
      if (!status.ok()) return status;
    }
    return std::move(context_);
  }

 private:
  absl::Status AddHead() {
    for (uint64_t seq : plan_.head) {
      auto turn = ReadOne(turns_, seq);
      if (!turn.ok()) return turn.status();
      ServedGroup group;
      group.turns.push_back({.turn = *std::move(turn)});
      context_.head.push_back(std::move(group));
    }
    return absl::OkStatus();
  }

  absl::Status AddRuns() {
    if (plan_.latent_turns > 0) context_.history.push_back({.items = {LatentNote(plan_)}});
    for (size_t i = 0; i < plan_.runs.size(); ++i) {
      const Run& run = plan_.runs[i];
      absl::Status status = run.as_text ? AddTextRun(run) : AddPageRun(run);
      if (!status.ok()) return status;
      const bool last_at_rung = i + 1 == plan_.runs.size() || plan_.runs[i + 1].rung != run.rung;
      context_.history.back().rung_end = last_at_rung;
    }
    return absl::OkStatus();
  }

  absl::Status AddPageRun(const Run& run) {
    HistoryMessage message{.rung = ladder_[run.rung].name};
    message.items.emplace_back(RunIntroduction(run, ladder_[run.rung]));
    for (const PlannedPage& page : run.pages) message.items.emplace_back(page);
    if (!run.sidecar.text.empty()) message.items.emplace_back(RunSidecarNote(run));
    context_.history.push_back(std::move(message));
    return absl::OkStatus();
  }

  absl::Status AddTextRun(const Run& run) {
    auto read = turns_.Turns(run.turns);
    if (!read.ok()) return read.status();
    context_.history.push_back({.items = {TextRunNote(run, *read)}});
    return absl::OkStatus();
  }

  absl::Status AddPins() {
    if (plan_.served_pins.empty()) return absl::OkStatus();
    HistoryMessage message;
    for (const auto& [seq, pin] : plan_.served_pins) {
      auto turn = ReadOne(turns_, seq);
      if (!turn.ok()) return turn.status();
      message.items.emplace_back(TurnNote(**turn));
    }
    context_.history.push_back(std::move(message));
    return absl::OkStatus();
  }

  absl::Status AddTail() {
    if (plan_.tail.empty()) return absl::OkStatus();
    auto read = turns_.Turns({plan_.tail.front().seq, plan_.tail.back().seq});
    if (!read.ok()) return read.status();
    size_t at = 0;
    for (const TailGroup& tail_group : plan_.tail_groups) {
      ServedGroup group{.unanswered = tail_group.group.waiting_calls,
                        .open = tail_group.group.open && &tail_group == &plan_.tail_groups.back(),
                        .orphan_result = tail_group.group.orphan_result};
      for (; at < plan_.tail.size() && plan_.tail[at].seq <= tail_group.group.turns.last; ++at) {
        const TailTurn& turn = plan_.tail[at];
        group.turns.push_back({.turn = (*read)[at],
                               .results_drawn = turn.drawn,
                               .pages = turn.drawing.drawing.pages});
      }
      context_.tail.push_back(std::move(group));
    }
    return absl::OkStatus();
  }

  const Plan& plan_;
  const std::vector<Rung>& ladder_;
  const TurnSource& turns_;
  Context context_;
};

}  // namespace

std::string OrphanResultNote(const Turn& turn) {
  return absl::StrCat("[#", turn.seq, ": a tool result whose call is not known]");
}

std::string DrawnResultNote(const ServedTurn& turn) {
  return absl::StrCat("[#", turn.turn->seq, ": this result is drawn on ", turn.pages.size(),
                      turn.pages.size() == 1 ? " page." : " pages.", " Recall #", turn.turn->seq,
                      " for its exact text.]");
}

absl::StatusOr<Context> AssembleContext(const Planner& planner, const TurnSource& turns) {
  return Assembler(planner, turns).Assemble();
}

}  // namespace fovea
