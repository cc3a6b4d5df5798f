// The strategies that draw pages.
#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/context/context.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/planner.h"
#include "core/voice/notes.h"
#include "replay/strategy.h"

namespace fovea::replay {
namespace {

constexpr uint64_t kGridTurns = 50;

Segment PageSegment(const SeenPage& page) {
  return {Segment::Kind::kPage, page.number, page.planned.tokens};
}

class GridStrategy final : public Strategy {
 public:
  explicit GridStrategy(const Setting& setting) : setting_(setting) {}

  absl::Status Append(const Turn& turn) override {
    last_ = turn.seq;
    if (last_ % kGridTurns != 0 || setting_.reader.ladder.empty()) return absl::OkStatus();
    // Whole groups: the newest, which may wait for results, stays text.
    const uint64_t edge = setting_.session.group_of[last_ - 1].first;
    const uint64_t begin = std::max(drawn_until_, setting_.session.head + 1);
    if (begin >= edge) return absl::OkStatus();
    const Strip strip{.turns = {begin, edge - 1}};
    drawn_until_ = edge;
    ++strips_;
    return Draw(strip);
  }

  absl::StatusOr<Served> Serve() override {
    Served served{.turns = std::vector<TurnView>(last_, TurnView::kHidden),
                  .pages = pages_,
                  .epoch = strips_};
    for (uint64_t seq = 1; seq <= setting_.session.head && seq <= last_; ++seq) Add(seq, served);
    for (const SeenPage* page : pages_) served.prompt.push_back(PageSegment(*page));
    const uint64_t first = std::max(drawn_until_, setting_.session.head + 1);
    for (uint64_t seq = first; seq <= last_; ++seq) Add(seq, served);
    return served;
  }

 private:
  absl::Status Draw(const Strip& strip) {
    FOVEA_ASSIGN_OR_RETURN(auto content, StripContent(strip, setting_.session.source));
    const Rung& rung = setting_.reader.ladder.front();
    FOVEA_ASSIGN_OR_RETURN(auto laid_out,
                           LayOutStrip(strip, content, rung, setting_.reader, setting_.renderer));
    for (const PlannedPage& planned : laid_out.pages) {
      FOVEA_ASSIGN_OR_RETURN(auto page, setting_.book.Page(planned, rung));
      pages_.push_back(page);
    }
    return absl::OkStatus();
  }

  void Add(uint64_t seq, Served& served) const {
    served.turns[seq - 1] = TurnView::kText;
    served.prompt.push_back({Segment::Kind::kTurn, seq, setting_.costs.tokens[seq - 1]});
  }

  const Setting setting_;
  std::vector<const SeenPage*> pages_;
  uint64_t drawn_until_ = 1;  // the first turn that is not on pages
  int64_t strips_ = 0;
  uint64_t last_ = 0;
};

class FoveaStrategy final : public Strategy {
 public:
  FoveaStrategy(const Setting& setting, std::unique_ptr<Planner> planner)
      : setting_(setting), planner_(std::move(planner)), checker_(setting.session.turns) {}

  absl::Status Append(const Turn& turn) override { return planner_->Append(turn); }

  absl::StatusOr<Served> Serve() override {
    const Plan& plan = planner_->plan();
    if (plan.required_tokens > 0) return Served{.refused = true};
    FOVEA_ASSIGN_OR_RETURN(auto context, AssembleContext(*planner_, setting_.session.source));
    Served served{.turns = std::vector<TurnView>(plan.last_seq, TurnView::kHidden),
                  .epoch = static_cast<int64_t>(plan.epoch()),
                  .characters = CountCharacters(plan.sheet),
                  .claims = checker_.Check(context)};
    std::vector<const SheetPart*> parts = plan.sheet.prefix();
    for (const SheetPart& part : plan.sheet.tail()) parts.push_back(&part);
    for (const SheetPart* part : parts) {
      FOVEA_RETURN_IF_ERROR(Add(*part, served));
    }
    return served;
  }

 private:
  absl::Status Add(const SheetPart& part, Served& served) {
    switch (part.section) {
      case SheetSection::kLatent:
        return AddLatent(part, served);
      case SheetSection::kRuns:
        return part.on_pages ? AddPageRun(part, served) : AddTextRun(part, served);
      case SheetSection::kHead:
      case SheetSection::kPins:
      case SheetSection::kTail:
        return AddTurn(part, served);
    }
    return absl::InternalError("a part of no section");
  }

  absl::Status AddLatent(const SheetPart& part, Served& served) {
    const SeenNote* note = AddNote(part.note, part.tokens, served);
    if (part.sidecar.included > 0) served.sidecars.push_back(note);
    return absl::OkStatus();
  }

  absl::Status AddTurn(const SheetPart& part, Served& served) {
    const TurnView view = part.on_pages ? TurnView::kTextWithoutResults : TurnView::kText;
    const uint64_t seq = part.turns.first;
    served.turns[seq - 1] = view;
    served.prompt.push_back({Segment::Kind::kTurn, seq * 4 + static_cast<uint64_t>(view),
                             part.tokens - part.drawn.tokens});
    return AddPages(part.drawn.pages, served);
  }

  const SeenNote* AddNote(const std::string& text, int64_t tokens, Served& served) {
    const SeenNote* note = setting_.book.Note(text);
    served.prompt.push_back({Segment::Kind::kNote, note->number, tokens});
    return note;
  }

  absl::Status AddPages(const std::vector<PlannedPage>& pages, Served& served) {
    for (const PlannedPage& planned : pages) {
      const auto& ladder = planner_->ladder();
      const auto rung = std::ranges::find(ladder, planned.rung, &Rung::name);
      if (rung == ladder.end()) return absl::InternalError("a page of an unknown rung");
      FOVEA_ASSIGN_OR_RETURN(auto page, setting_.book.Page(planned, *rung));
      served.pages.push_back(page);
      served.prompt.push_back(PageSegment(*page));
    }
    return absl::OkStatus();
  }

  absl::Status AddPageRun(const SheetPart& run, Served& served) {
    AddNote(run.note, run.tokens - run.drawn.tokens - run.sidecar_tokens, served);
    absl::Status status = AddPages(run.drawn.pages, served);
    const std::string sidecar = SidecarNote(run.turns, run.sidecar.text);
    if (!sidecar.empty()) served.sidecars.push_back(AddNote(sidecar, run.sidecar_tokens, served));
    return status;
  }

  absl::Status AddTextRun(const SheetPart& run, Served& served) {
    if (run.elided_characters > 0) {
      // Of its strings those count that it holds.
      FOVEA_ASSIGN_OR_RETURN(auto turns, setting_.session.source.Turns(run.turns));
      served.sidecars.push_back(AddNote(TurnsNote(turns, run.elision), run.tokens, served));
      return absl::OkStatus();
    }
    for (uint64_t seq = run.turns.first; seq <= run.turns.last; ++seq) {
      served.turns[seq - 1] = TurnView::kText;
    }
    AddNote(absl::StrCat("text of ", run.turns.first, " to ", run.turns.last), run.tokens, served);
    return absl::OkStatus();
  }

  const Setting setting_;
  const std::unique_ptr<Planner> planner_;
  ClaimChecker checker_;
};

}  // namespace

std::unique_ptr<Strategy> TextOrImageGrid(const Setting& setting) {
  return std::make_unique<GridStrategy>(setting);
}

absl::StatusOr<std::unique_ptr<Strategy>> Fovea(const Setting& setting) {
  FOVEA_ASSIGN_OR_RETURN(auto planner, Planner::Create({.reader = setting.reader,
                                                        .policy = setting.policy,
                                                        .token_budget = setting.budget,
                                                        .renderer = &setting.renderer,
                                                        .turns = &setting.session.source}));
  return std::make_unique<FoveaStrategy>(setting, std::move(planner));
}

}  // namespace fovea::replay
