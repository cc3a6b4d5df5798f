// The strategies that draw pages.
#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/context/context.h"
#include "core/forgetting/planner.h"
#include "core/tokens/token_counter.h"
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
    auto content = StripContent(strip, setting_.session.source);
    if (!content.ok()) return content.status();
    const Rung& rung = setting_.reader.ladder.front();
    auto laid_out = LayOutStrip(strip, *content, rung, setting_.reader, setting_.renderer);
    if (!laid_out.ok()) return laid_out.status();
    for (const PlannedPage& planned : laid_out->pages) {
      auto page = setting_.book.Page(planned, rung);
      if (!page.ok()) return page.status();
      pages_.push_back(*page);
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
      : setting_(setting),
        counter_(setting.reader),
        planner_(std::move(planner)),
        checker_(setting.session.turns) {}

  absl::Status Append(const Turn& turn) override { return planner_->Append(turn); }

  absl::StatusOr<Served> Serve() override {
    const Plan& plan = planner_->plan();
    if (plan.required_tokens > 0) return Served{.refused = true};
    auto context = AssembleContext(*planner_, setting_.session.source);
    if (!context.ok()) return context.status();
    Served served{.turns = std::vector<TurnView>(plan.last_seq, TurnView::kHidden),
                  .epoch = static_cast<int64_t>(plan.epoch()),
                  .claims = checker_.Check(*context)};
    for (const uint64_t seq : plan.head) {
      AddTurn(seq, TurnView::kText, setting_.costs.tokens[seq - 1], served);
    }
    const size_t latent_note = served.prompt.size();
    if (plan.latent_turns > 0) {
      const SeenNote* note = AddNote(LatentNote(plan), 0, served);
      if (plan.latent_sidecar.included > 0) served.sidecars.push_back(note);
    }
    for (const Run& run : plan.runs) {
      absl::Status status = run.as_text ? AddTextRun(run, served) : AddPageRun(run, served);
      if (!status.ok()) return status;
    }
    for (const auto& [seq, pin] : plan.served_pins)
      AddTurn(seq, TurnView::kText, pin.tokens, served);
    absl::Status status = AddTail(served);
    if (!status.ok()) return status;
    // What is left is the framing of what has no length of its own here: the latent note, pins.
    int64_t rest = planner_->tokens();
    for (const Segment& segment : served.prompt) rest -= segment.tokens;
    if (rest < 0) return absl::InternalError("the parts of a context cost more than the whole");
    if (rest > 0) served.prompt[std::min(latent_note, served.prompt.size() - 1)].tokens += rest;
    return served;
  }

 private:
  static void AddTurn(uint64_t seq, TurnView view, int64_t tokens, Served& served) {
    served.turns[seq - 1] = view;
    served.prompt.push_back({Segment::Kind::kTurn, seq * 4 + static_cast<uint64_t>(view), tokens});
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
      auto page = setting_.book.Page(planned, *rung);
      if (!page.ok()) return page.status();
      served.pages.push_back(*page);
      served.prompt.push_back(PageSegment(**page));
    }
    return absl::OkStatus();
  }

  absl::Status AddPageRun(const Run& run, Served& served) {
    const std::string sidecar = RunSidecarNote(run);
    const int64_t sidecar_tokens = counter_.Text(sidecar);
    AddNote(RunIntroduction(run, planner_->ladder()[run.rung]),
            run.tokens - run.page_tokens - sidecar_tokens, served);
    absl::Status status = AddPages(run.pages, served);
    if (!sidecar.empty()) served.sidecars.push_back(AddNote(sidecar, sidecar_tokens, served));
    return status;
  }

  absl::Status AddTextRun(const Run& run, Served& served) {
    if (run.elided_characters > 0) {
      // Of its strings those count that it holds; its characters do not count as shown.
      auto turns = setting_.session.source.Turns(run.turns);
      if (!turns.ok()) return turns.status();
      served.sidecars.push_back(AddNote(TextRunNote(run, *turns), run.tokens, served));
      return absl::OkStatus();
    }
    for (uint64_t seq = run.turns.first; seq <= run.turns.last; ++seq) {
      served.turns[seq - 1] = TurnView::kText;
    }
    AddNote(absl::StrCat("text of ", run.turns.first, " to ", run.turns.last), run.tokens, served);
    return absl::OkStatus();
  }

  absl::Status AddTail(Served& served) {
    const Plan& plan = planner_->plan();
    auto group = plan.tail_groups.begin();
    for (const TailTurn& turn : plan.tail) {
      AddTurn(turn.seq, turn.drawn ? TurnView::kTextWithoutResults : TurnView::kText,
              turn.tokens() - turn.drawing.drawing.tokens, served);
      absl::Status status = AddPages(turn.drawing.drawing.pages, served);
      if (!status.ok()) return status;
      while (group != plan.tail_groups.end() && group->group.turns.last < turn.seq) ++group;
      if (group != plan.tail_groups.end() && group->group.turns.last == turn.seq) {
        served.prompt.back().tokens += group->note_tokens;
      }
    }
    return absl::OkStatus();
  }

  const Setting setting_;
  const TokenCounter counter_;
  const std::unique_ptr<Planner> planner_;
  ClaimChecker checker_;
};

}  // namespace

std::unique_ptr<Strategy> TextOrImageGrid(const Setting& setting) {
  return std::make_unique<GridStrategy>(setting);
}

absl::StatusOr<std::unique_ptr<Strategy>> Fovea(const Setting& setting) {
  auto planner = Planner::Create({.reader = setting.reader,
                                  .policy = setting.policy,
                                  .token_budget = setting.budget,
                                  .renderer = &setting.renderer,
                                  .turns = &setting.session.source});
  if (!planner.ok()) return planner.status();
  return std::make_unique<FoveaStrategy>(setting, *std::move(planner));
}

}  // namespace fovea::replay
