// What the planner does at the edges: limits, notes, times, pins, and what a cache keeps.
#include <algorithm>
#include <set>

#include "core/context/diff.h"
#include "core/voice/notes.h"
#include "tests/core/forgetting/planner_fixture.h"
#include "tests/support/pictures.h"

namespace fovea::testing {
namespace {

constexpr int64_t kSecond = 1'000'000;

std::string Words(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += "word ";
  return text;
}

class PlannerEdges : public PlannerTest {
 protected:
  const Sheet& sheet() const { return planner_->plan().sheet; }
  ReaderProfile Claude() const { return **readers_.Find("claude"); }
};

// A limit on a request's bytes presses as the budget does: pages count by their bytes.
TEST_F(PlannerEdges, BytesOfPagesCountAgainstTheLimitOnARequest) {
  const auto text_bytes = [this] { return 5.0 * static_cast<double>(planner_->tokens()); };
  const auto image_bytes = [this] {
    uint64_t bytes = 0;
    for (const SheetPart& run : sheet().runs()) bytes += run.drawn.bytes;
    EXPECT_EQ(sheet().totals().bytes, bytes);
    return 4.0 / 3 * static_cast<double>(bytes);
  };
  for (int i = 0; i < 150; ++i) AddCall(400);
  ReaderProfile reader = Claude();
  reader.limits.max_images = 0;
  reader.limits.max_body_bytes = 0;
  PlanFor(reader, 32'000);
  ASSERT_GT(image_bytes(), 0);
  // So that text alone would be within it.
  const double limit = text_bytes() + image_bytes() / 2;
  reader.limits.max_body_bytes = static_cast<uint64_t>(limit);
  PlanFor(reader, 32'000);
  EXPECT_GT(image_bytes(), 0);
  EXPECT_LE(text_bytes() + image_bytes(), limit);
}

// What must stay is over the limit on images by itself: nothing is forgotten for it.
TEST_F(PlannerEdges, HistoryIsNotThrownAwayForWhatStaysOverALimit) {
  ReaderProfile reader = Claude();
  reader.limits.max_images = 30;
  for (int i = 0; i < 60; ++i) AddCall(400);
  PlanFor(reader, 32'000);
  ASSERT_FALSE(sheet().runs().empty());
  ASSERT_EQ(sheet().latent(), nullptr);
  const SeqRange oldest = sheet().runs().front().turns;
  const Place place = sheet().runs().front().place;
  AddCall(10);
  for (int i = 0; i < 40; ++i) {
    std::get<ToolResultPart>(turns_.back().parts[0])
        .content.emplace_back(ImagePart{"image/png", PngHeader(16, 16)});
  }
  GoOn();
  ASSERT_EQ(planner_->plan().required_tokens, 0);
  EXPECT_GT(sheet().totals().images, 30U);
  EXPECT_EQ(sheet().latent(), nullptr);
  EXPECT_EQ(sheet().runs().front().turns, oldest);
  EXPECT_EQ(sheet().runs().front().place, place);
}

// A turn without a time says nothing about the cache.
TEST_F(PlannerEdges, UntimedTurnsDoNotCoolTheCache) {
  AddCall(10);
  turns_[2].time_us = 1'000 * kSecond;
  AddCall(10);
  Add(Role::kUser, TextPart{"Go on."});
  Plan("claude", 16'000);
  EXPECT_FALSE(planner_->plan().cache_is_cold) << "the user's turn has no time";
  Add(Role::kUser, TextPart{"Well?"}).time_us = 1'299 * kSecond;
  GoOn();
  EXPECT_FALSE(planner_->plan().cache_is_cold);
  Add(Role::kUser, TextPart{"Well?"}).time_us = 1'302 * kSecond;
  GoOn();
  EXPECT_TRUE(planner_->plan().cache_is_cold)
      << "the last request with a time was 302 seconds before";
  Add(Role::kUser, TextPart{"Hello?"});
  GoOn();
  EXPECT_TRUE(planner_->plan().cache_is_cold) << "it stays cold until a request is sent";
  Add(Role::kAssistant, TextPart{"Yes."});
  GoOn();
  EXPECT_FALSE(planner_->plan().cache_is_cold);
}

TEST_F(PlannerEdges, NotesArePriced) {
  const TokenCounter counter(Claude());
  AddCall(100);
  Add(Role::kTool, ToolResultPart{"nobody", {TextPart{"What is this?"}}});
  Add(Role::kAssistant, ToolCallPart{"a", "run", "{}"});
  Plan("claude", 16'000);
  const Sheet::Parts& tail = sheet().tail();
  ASSERT_EQ(tail.size(), 4U);
  EXPECT_EQ(tail[1].tokens, counter.Turn(turns_[3]));
  EXPECT_EQ(tail[2].tokens, counter.Turn(turns_[4]) + kOrphanNoteTokens);
  EXPECT_EQ(tail[3].tokens, counter.Turn(turns_[5]) + UnansweredCallTokens(counter));
  Add(Role::kTool, ToolResultPart{"a", {TextPart{"Done."}}});
  GoOn();
  EXPECT_EQ(tail[3].tokens, counter.Turn(turns_[5])) << "the result has come";
  EXPECT_EQ(tail[4].tokens, counter.Turn(turns_[6]));
}

// Each result would fit the share, but not all of them together.
TEST_F(PlannerEdges, ParallelResultsAreDrawnWhereTheyAreTooLargeTogether) {
  Turn& calls = Add(Role::kAssistant, ToolCallPart{"a", "run", "{}"});
  calls.parts.emplace_back(ToolCallPart{"b", "run", "{\"x\": 1}"});
  calls.parts.emplace_back(ToolCallPart{"c", "run", "{\"x\": 2}"});
  for (const char* id : {"a", "b", "c"}) {
    Add(Role::kTool, ToolResultPart{id, {TextPart{Words(3'000)}}});
  }
  Plan("claude", 18'500, {.tail_high_permille = 300});
  const Sheet::Parts& tail = sheet().tail();
  ASSERT_EQ(tail.size(), 4U);
  ASSERT_LE(tail[1].result_tokens, 5'500) << "the share";
  ASSERT_LE(2 * tail[1].tokens, 9'000) << "half of what is available";
  EXPECT_FALSE(tail[1].on_pages);
  EXPECT_FALSE(tail[2].on_pages);
  EXPECT_TRUE(tail[3].on_pages);
}

// Law 4 counts what it costs to write pages to the cache.
TEST_F(PlannerEdges, AResultIsNotDrawnWhereWritingItsPagesIsDear) {
  for (const double write_price : {1.0, 30.0}) {
    turns_.resize(2);
    AddCall(6'000);
    ReaderProfile reader = Claude();
    reader.cache.write_price = write_price;
    PlanFor(reader, 16'000);
    EXPECT_EQ(sheet().tail().back().on_pages, write_price == 1.0) << write_price;
  }
}

TEST_F(PlannerEdges, AnOpeningTaskBehindAGreetingStaysPinned) {
  turns_.pop_back();
  Add(Role::kAssistant, TextPart{"Hello."});
  Add(Role::kUser, TextPart{"Mend the build."});
  for (int i = 0; i < 100; ++i) AddCall(400);
  Plan("claude", 16'000);
  EXPECT_EQ(sheet().pins().size(), 1U);
  ASSERT_TRUE(Apply(LogEvent::Kind::kUnpin, {3, 3}).ok());
  EXPECT_EQ(planner_->plan().pinned.count(3), 1U) << "it cannot be unpinned";
  for (int i = 0; i < 100; ++i) AddCall(400);
  GoOn();
  ASSERT_EQ(sheet().pins().size(), 1U);
  EXPECT_EQ(sheet().pins().front().turns.first, 3U);
}

TEST_F(PlannerEdges, NothingIsForgottenOnRequestWhereNothingFits) {
  for (int i = 0; i < 20; ++i) AddCall(300);
  Plan("claude", 16'000);
  Add(Role::kUser, TextPart{Words(30'000)});
  GoOn();
  ASSERT_GT(planner_->plan().required_tokens, 16'000);
  const uint64_t epoch = planner_->plan().epoch();
  ASSERT_TRUE(Apply(LogEvent::Kind::kCompact, {1, turns_.size()}).ok());
  EXPECT_EQ(planner_->plan().epoch(), epoch);
  EXPECT_GT(planner_->plan().required_tokens, 16'000);
}

// A run takes over the pages that its results were drawn on in the tail: they stay cached.
TEST_F(PlannerEdges, DrawnResultsKeepTheirPagesInARun) {
  AddCall(9'000);
  Plan("claude", 32'000, {.entry_rung = 0});
  const uint64_t seq = turns_.size();
  ASSERT_TRUE(sheet().tail().back().on_pages);
  std::set<std::string> drawn;
  for (const PlannedPage& page : sheet().tail().back().drawn.pages) drawn.insert(page.page_id);
  for (int i = 0; i < 60 && sheet().HomeOf(seq)->section == SheetSection::kTail; ++i) {
    AddCall(400);
    GoOn();
  }
  const SheetPart& run = *sheet().HomeOf(seq);
  ASSERT_EQ(run.section, SheetSection::kRuns);
  ASSERT_EQ(run.rung, 0U);
  std::set<std::string> pages;
  for (const PlannedPage& page : run.drawn.pages) pages.insert(page.page_id);
  EXPECT_TRUE(std::ranges::includes(pages, drawn));
}

// What two parts have in common that a cache could keep.
bool IsSame(const SheetPart& a, const SheetPart& b) {
  return a.section == b.section && a.turns == b.turns && a.place == b.place && a.note == b.note &&
         a.sidecar.text == b.sidecar.text && a.tokens == b.tokens &&
         std::ranges::equal(a.drawn.pages, b.drawn.pages, {}, &PlannedPage::page_id,
                            &PlannedPage::page_id);
}

// Of the pages that two runs begin with alike: the last ones may have been completed.
int64_t SamePagesTokens(const SheetPart& a, const SheetPart& b) {
  if (a.section != SheetSection::kRuns || b.section != SheetSection::kRuns) return 0;
  int64_t tokens = 0;
  const size_t pages = std::min(a.drawn.pages.size(), b.drawn.pages.size());
  for (size_t i = 0; i < pages && a.drawn.pages[i].page_id == b.drawn.pages[i].page_id; ++i) {
    tokens += b.drawn.pages[i].tokens;
  }
  return tokens;
}

// Law 3: what an epoch says to have kept is the part of the prefix that is the same as before.
TEST_F(PlannerEdges, KeptTokensAreThoseOfTheCommonPrefix) {
  Plan("claude", 8'000, {.pressure_low_permille = 800, .entry_rung = 1});
  size_t with_latent = 0;
  size_t moved = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<SheetPart> before;
    for (const SheetPart* part : sheet().prefix()) before.push_back(*part);
    const uint64_t epoch = planner_->plan().epoch();
    AddCall(400);
    GoOn();
    if (planner_->plan().epoch() != epoch + 1) continue;
    int64_t kept = 0;
    size_t same = 0;
    const std::vector<const SheetPart*> after = sheet().prefix();
    while (same < std::min(before.size(), after.size()) && IsSame(before[same], *after[same])) {
      kept += after[same++]->tokens;
    }
    if (same < std::min(before.size(), after.size())) {
      kept += SamePagesTokens(before[same], *after[same]);
    }
    ASSERT_EQ(planner_->plan().epochs.back().kept_tokens, kept) << "epoch " << epoch + 1;
    with_latent += sheet().latent() != nullptr && same > 2 ? 1 : 0;
    moved += same < before.size() ? 1 : 0;
  }
  EXPECT_GT(with_latent, 0U);
  EXPECT_GT(moved, 0U);
}

// Breakpoints stand at the ends of rungs.
TEST_F(PlannerEdges, TheLastMessageOfEachRungIsItsEnd) {
  for (int i = 0; i < 300; ++i) AddCall(400);
  Plan("claude", 16'000, {.entry_rung = 0});
  const auto context = AssembleContext(*planner_, *source_);
  ASSERT_TRUE(context.ok());
  std::vector<HistoryMessage> runs = context->history;
  if (sheet().latent() != nullptr) runs.erase(runs.begin());
  ASSERT_EQ(runs.size(), sheet().runs().size());
  size_t ends = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    const bool last = i + 1 == runs.size() || runs[i + 1].rung != runs[i].rung;
    EXPECT_EQ(runs[i].rung_end, last) << i;
    ends += runs[i].rung_end ? 1 : 0;
  }
  EXPECT_GT(ends, 1U);
  EXPECT_LT(ends, runs.size());
  EXPECT_FALSE(context->history.front().rung_end && sheet().latent() != nullptr);
}

// Each chunk's moves are said in the epoch in which they were made, and the epochs between.
TEST_F(PlannerEdges, ADiffSaysWhatMovedBetweenTwoEpochs) {
  for (int i = 0; i < 120; ++i) AddCall(400);
  Plan("claude", 16'000);
  const fovea::Plan& plan = planner_->plan();
  ASSERT_GT(plan.epoch(), 4U);
  for (uint64_t from = 0; from < plan.epoch(); ++from) {
    const uint64_t to = std::min(from + 2, plan.epoch());
    const auto diff = DiffEpochs(*planner_, from, to);
    ASSERT_TRUE(diff.ok());
    std::vector<uint64_t> epochs;
    for (const EpochRecord& epoch : diff->epochs) epochs.push_back(epoch.epoch);
    std::vector<uint64_t> between;
    for (uint64_t epoch = from + 1; epoch <= to; ++epoch) between.push_back(epoch);
    EXPECT_EQ(epochs, between);
    std::set<uint64_t> moved;
    for (const EpochDiff::Move& move : diff->moves) {
      for (uint64_t seq = move.range.first; seq <= move.range.last; ++seq) moved.insert(seq);
    }
    std::set<uint64_t> expected;
    for (const Chunk& chunk : plan.chunks) {
      const bool moves = std::ranges::any_of(chunk.history, [&](const ChunkStep& step) {
        return step.epoch > from && step.epoch <= to;
      });
      for (uint64_t seq = chunk.turns.first; moves && seq <= chunk.turns.last; ++seq) {
        expected.insert(seq);
      }
    }
    EXPECT_EQ(moved, expected) << from;
  }
}

}  // namespace
}  // namespace fovea::testing
