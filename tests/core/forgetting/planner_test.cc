// What the planner does, by example.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/context/diff.h"
#include "core/exact/string_uses.h"
#include "core/forgetting/call_history.h"
#include "core/forgetting/run_builder.h"
#include "tests/core/forgetting/planner_fixture.h"
#include "tests/support/pictures.h"

namespace fovea::testing {
namespace {

TEST_F(PlannerTest, AShortSessionIsAllText) {
  AddCall(100);
  Plan("claude", 16'000);
  EXPECT_EQ(planner_->plan().epoch(), 0);
  EXPECT_TRUE(planner_->plan().sheet.runs().empty());
  EXPECT_EQ(SummarizeContext(*planner_).characters.pages, 0);
  ASSERT_EQ(planner_->plan().sheet.head().size(), 2);
  EXPECT_EQ(planner_->plan().sheet.HomeOf(2), &planner_->plan().sheet.head().back());
}

TEST_F(PlannerTest, HistoryAgesDownTheLadderOldestFirst) {
  for (int i = 0; i < 900; ++i) AddCall(400);
  Plan("claude", 8'000, {.pressure_low_permille = 800, .entry_rung = 1});
  EXPECT_LE(planner_->tokens(), 8'000);
  const ContextSummary summary = SummarizeContext(*planner_);
  // Oldest first; a step may just have emptied a rung between the others.
  const std::vector<std::string> order = {"latent", "gist", "trace", "faint", "soft", "verbatim"};
  auto at = order.begin();
  for (const RungShare& share : summary.rungs) {
    at = std::find(at, order.end(), share.rung);
    ASSERT_NE(at, order.end()) << share.rung;
  }
  EXPECT_GE(summary.rungs.size(), order.size() - 1);
  EXPECT_EQ(RungOf(1), "verbatim");
  EXPECT_EQ(RungOf(2), "verbatim");
  EXPECT_EQ(RungOf(5), "latent");
  EXPECT_EQ(RungOf(turns_.size()), "verbatim");
  uint64_t last = 0;
  for (const SheetPart& run : planner_->plan().sheet.runs()) {
    EXPECT_GT(run.turns.first, last);
    last = run.turns.last;
  }
}

TEST_F(PlannerTest, TextOnlyGetsNoPages) {
  for (int i = 0; i < 600; ++i) AddCall(400);
  Plan("text-only", 16'000);
  const ContextSummary summary = SummarizeContext(*planner_);
  EXPECT_TRUE(summary.pages.empty());
  EXPECT_GT(summary.characters.elided, 0) << "of what is older the gist is shown";
  EXPECT_GT(summary.characters.latent, 0);
  EXPECT_LE(planner_->tokens(), 16'000);
}

// Law 4: pages that would cost more than their text are served as text.
TEST_F(PlannerTest, PagesThatAreNotCheaperStayText) {
  for (int i = 0; i < 40; ++i) AddCall(400);
  ReaderProfile dear = **readers_.Find("claude");
  dear.name = "dear";
  dear.image_rule.overhead_tokens = 50'000;
  readers_.Add(dear);
  Plan("dear", 16'000);
  ASSERT_FALSE(planner_->plan().sheet.runs().empty());
  for (const SheetPart& run : planner_->plan().sheet.runs()) {
    EXPECT_FALSE(run.on_pages);
    EXPECT_TRUE(run.drawn.pages.empty());
  }
  EXPECT_LE(planner_->tokens(), 16'000);
  EXPECT_EQ(SummarizeContext(*planner_).characters.pages, 0);
}

TEST_F(PlannerTest, AHugeNewResultIsDrawnInItsPlace) {
  AddCall(30'000);
  Plan("claude", 16'000);
  ASSERT_EQ(planner_->plan().required_tokens, 0);
  ASSERT_TRUE(planner_->plan().sheet.tail().back().on_pages);
  const auto context = AssembleContext(*planner_, *source_);
  ASSERT_TRUE(context.ok());
  const ServedTurn& served = context->tail.back().turns.back();
  EXPECT_TRUE(served.results_drawn);
  EXPECT_FALSE(served.pages.empty());
  EXPECT_EQ(SummarizeContext(*planner_).loss.size(), 1);
}

TEST_F(PlannerTest, AHugeNewResultIsRefusedWhereThePolicyForbidsDrawing) {
  AddCall(30'000);
  Plan("claude", 16'000, {.forbid_drawn_results = true});
  EXPECT_GT(planner_->plan().required_tokens, 30'000);
}

TEST_F(PlannerTest, AContextThatCannotFitForgetsNothingForIt) {
  for (int i = 0; i < 20; ++i) AddCall(400);
  Plan("claude", 16'000);
  const uint64_t epoch = planner_->plan().epoch();
  std::string essay;
  for (int i = 0; i < 20'000; ++i) essay += "word ";
  Add(Role::kUser, TextPart{essay});
  Add(Role::kAssistant, TextPart{"I have read it."});
  Add(Role::kUser, TextPart{"Good."});
  Plan("claude", 16'000);
  EXPECT_EQ(planner_->plan().required_tokens, 0);
  EXPECT_LE(planner_->tokens(), 16'000);
  EXPECT_EQ(SummarizeContext(*planner_).characters.latent, 0);
  EXPECT_GT(planner_->plan().epoch(), epoch);
}

TEST_F(PlannerTest, APinnedTurnIsTextAtOnceAndStays) {
  for (int i = 0; i < 200; ++i) AddCall(400);
  Plan("claude", 16'000);
  const uint64_t epoch = planner_->plan().epoch();
  ASSERT_NE(RungOf(20), "verbatim");
  ASSERT_TRUE(Apply(LogEvent::Kind::kPin, {20, 20}).ok());
  EXPECT_EQ(planner_->plan().epoch(), epoch + 1);
  EXPECT_EQ(planner_->plan().sheet.pins().size(), 1);
  EXPECT_LE(planner_->tokens(), 16'000);
  const auto context = AssembleContext(*planner_, *source_);
  ASSERT_TRUE(context.ok());
  EXPECT_EQ(std::get<std::string>(context->history.back().items.front()), TurnNote(turns_[19]));

  ASSERT_TRUE(Apply(LogEvent::Kind::kUnpin, {20, 20}).ok());
  EXPECT_EQ(planner_->plan().sheet.pins().size(), 1) << "nothing served changes within an epoch";
}

TEST_F(PlannerTest, ARecalledRunIsPassedOverOnce) {
  for (int i = 0; i < 60; ++i) AddCall(400);
  Plan("claude", 16'000);
  ASSERT_FALSE(planner_->plan().sheet.runs().empty());
  const SheetPart oldest = planner_->plan().sheet.runs().front();
  ASSERT_TRUE(Apply(LogEvent::Kind::kRecall, {oldest.turns.first, oldest.turns.first}).ok());
  EXPECT_TRUE(planner_->plan().sheet.runs().front().recalled);
  bool still = true;
  for (int i = 0; i < 200 && still; ++i) {
    AddCall(400);
    GoOn();
    still = planner_->plan().sheet.runs().front().recalled;
  }
  ASSERT_FALSE(still) << "no pressure came";
  EXPECT_EQ(planner_->plan().sheet.runs().front().turns, oldest.turns);
  EXPECT_EQ(planner_->plan().sheet.runs().front().place, oldest.place);
  bool deeper = false;
  for (const SheetPart& run : planner_->plan().sheet.runs()) deeper |= run.place > oldest.place;
  EXPECT_TRUE(deeper) << "the step took others";
}

// What a recall brought is not drawn in its place, however long it is, and what repeats it later
// takes no room on pages.
TEST_F(PlannerTest, RecalledTextStaysText) {
  Add(Role::kAssistant, ToolCallPart{"r1", "recall", R"({"seq": 2})"});
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "word ";
  Add(Role::kTool, ToolResultPart{"r1", {TextPart{text}}});
  Plan("claude", 16'000);
  EXPECT_FALSE(planner_->plan().sheet.tail().back().on_pages);
  Add(Role::kAssistant, ToolCallPart{"c1", "run", "{}"});
  Add(Role::kTool, ToolResultPart{"c1", {TextPart{text}}});
  Plan("claude", 16'000);
  EXPECT_TRUE(planner_->plan().sheet.tail().back().on_pages) << "another tool's result is";
}

// An agent that names an old turn still works with it: the next step passes it over.
TEST_F(PlannerTest, ATurnThatIsNamedIsKeptSharper) {
  for (int i = 0; i < 60; ++i) AddCall(400);
  Plan("claude", 16'000);
  const SeqRange oldest = planner_->plan().sheet.runs().front().turns;
  Add(Role::kAssistant, TextPart{absl::StrCat("As #", oldest.first, " said, and #999999 and #x.")});
  GoOn();
  EXPECT_TRUE(planner_->plan().sheet.runs().front().recalled);
  // Another session that says nothing of it forgets more of it in the steps that follow.
  const auto places = [&] {
    std::vector<Place> all;
    for (int i = 0; i < 400; ++i) {
      AddCall(400);
      GoOn();
      all.push_back(planner_->plan().sheet.HomeOf(oldest.first)->place);
    }
    return all;
  };
  const std::vector<Place> named = places();
  turns_.resize(2);
  for (int i = 0; i < 60; ++i) AddCall(400);
  Add(Role::kAssistant, TextPart{"As the first said, and #999999 and #x."});
  Plan("claude", 16'000);
  const std::vector<Place> unnamed = places();
  size_t sharper = 0;
  for (size_t i = 0; i < named.size(); ++i) {
    EXPECT_LE(named[i], unnamed[i]) << i;
    sharper += named[i] < unnamed[i] ? 1 : 0;
  }
  EXPECT_GT(sharper, 0);
}

// When the cache's lifetime has passed between the last request and the next turn, drawing again
// costs nothing: half a step is then worth taking.
TEST_F(PlannerTest, AColdCacheIsATimeToForget) {
  constexpr int64_t kSecond = 1'000'000;
  int64_t now = 1'700'000'000 * kSecond;
  const auto live = [&](int64_t pause) {
    turns_.resize(2);
    now = 1'700'000'000 * kSecond;
    for (int i = 0; i < 6; ++i) {
      AddCall(400);
      turns_[turns_.size() - 2].time_us = now += kSecond;
      turns_.back().time_us = now += kSecond;
    }
    Add(Role::kUser, TextPart{"Go on."}).time_us = now += pause;
    Plan("claude", 20'000, {.tail_high_permille = 250, .tail_low_permille = 20});
  };
  live(299 * kSecond);
  EXPECT_FALSE(planner_->plan().cache_is_cold);
  EXPECT_EQ(planner_->plan().epoch(), 0);
  EXPECT_GT(SummarizeContext(*planner_).cost.cached_tokens, 0);
  live(302 * kSecond);
  EXPECT_TRUE(planner_->plan().cache_is_cold);
  ASSERT_EQ(planner_->plan().epoch(), 1);
  EXPECT_EQ(planner_->plan().epochs.back().reason,
            "the cache was cold: drawing again costs nothing");
  const ContextCost cost = SummarizeContext(*planner_).cost;
  EXPECT_TRUE(cost.cache_is_cold);
  EXPECT_EQ(cost.cached_tokens, 0);
  EXPECT_EQ(cost.written_tokens, planner_->tokens());
}

TEST_F(PlannerTest, ForgettingCanBeAskedFor) {
  for (int i = 0; i < 8; ++i) AddCall(400);
  Plan("claude", 32'000, {.tail_high_permille = 250, .tail_low_permille = 20});
  ASSERT_EQ(planner_->plan().epoch(), 0);
  ASSERT_TRUE(Apply(LogEvent::Kind::kCompact, {1, turns_.size()}).ok());
  EXPECT_EQ(planner_->plan().epoch(), 1);
  EXPECT_FALSE(planner_->plan().sheet.runs().empty());
  ASSERT_TRUE(Apply(LogEvent::Kind::kCompact, {1, turns_.size()}).ok());
  EXPECT_EQ(planner_->plan().epoch(), 1) << "there was nothing left to do";
}

// Under an exact policy a history that fits is text, and text comes before pages afterwards, too.
TEST_F(PlannerTest, AnExactPolicyDrawsNothingThatFits) {
  uint64_t drawn_at = 0;
  for (int i = 0; i < 60; ++i) {
    AddCall(400);
    Plan("claude", 16'000, {.name = PolicyName::kExact});
    if (planner_->plan().epoch() > 0) {
      drawn_at = planner_->plan().epochs.front().since_seq;
      break;
    }
    EXPECT_TRUE(planner_->plan().sheet.runs().empty());
  }
  ASSERT_GT(drawn_at, 0);
  EXPECT_GT(planner_->plan().epochs.front().tokens_before, 16'000);
  EXPECT_GT(planner_->plan().sheet.totals(Sheet::Section::kTail).verbatim_tokens, 6'000);
  Plan("claude", 16'000, {.name = PolicyName::kFrugal});
  EXPECT_LT(planner_->plan().epochs.front().since_seq, drawn_at);
}

// What a cache keeps of a request whose context has changed: all up to the first change.
TEST_F(PlannerTest, CostsKnowWhatIsCached) {
  for (int i = 0; i < 200; ++i) {
    AddCall(400);
    Plan("claude", 16'000, {.name = PolicyName::kFrugal});
    const ContextCost cost = SummarizeContext(*planner_).cost;
    ASSERT_EQ(cost.cached_tokens + cost.written_tokens, planner_->tokens());
    ASSERT_LE(cost.next, cost.now);
    const fovea::Plan& plan = planner_->plan();
    const bool stepped = plan.epoch() > 0 && plan.epochs.back().since_seq >= plan.last_request_seq;
    if (stepped) {
      ASSERT_LE(cost.cached_tokens, plan.epochs.back().kept_tokens);
    } else if (i > 0) {
      ASSERT_GT(cost.cached_tokens, planner_->tokens() * 3 / 4);
    }
    i += 7;
    for (int more = 0; more < 7; ++more) AddCall(400);
  }
}

// The last that is shown of a run: its ends, its calls, and what was left out by count.
TEST_F(PlannerTest, AGistKeepsCallsAndEnds) {
  for (int i = 0; i < 400; ++i) AddCall(400);
  Plan("claude", 16'000, {.entry_rung = 1});
  const SheetPart& gist = planner_->plan().sheet.runs().front();
  ASSERT_TRUE(gist.place.is_gist());
  EXPECT_EQ(gist.rung, 3U) << "drawn at the deepest rung that is read";
  EXPECT_GT(gist.elided_characters, gist.characters / 2);
  EXPECT_LE(gist.characters - gist.elided_characters, gist.origin.gist_characters)
      << "superseded results show less";
  const auto content = StripContent({.turns = gist.turns, .elision = gist.elision}, *source_);
  ASSERT_TRUE(content.ok());
  const auto holds = [&](std::string_view text) {
    return std::any_of(content->blocks.begin(), content->blocks.end(), [&](const PageBlock& block) {
      return block.text.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(holds("make"));
  EXPECT_TRUE(holds("characters left out: recall #"));
  EXPECT_EQ(RungOf(gist.turns.first), "gist");
}

// A result that a later call has again fades first: at the last rung its beginning alone is shown.
TEST_F(PlannerTest, SupersededResultsFadeFaster) {
  bool deeper = false;
  for (int calls = 0; calls < 600 && !deeper; calls += 50) {
    for (int i = 0; i < 50; ++i) AddCall(400);  // the same call each time
    Plan("claude", 8'000, {.entry_rung = 0});
    for (const SheetPart& run : planner_->plan().sheet.runs()) {
      if (!run.on_pages || run.place.is_gist()) continue;
      if (run.rung + 1 < planner_->ladder().size()) {
        EXPECT_EQ(run.elided_characters, 0U);
        continue;
      }
      // But where all fitted whole.
      deeper = deeper || run.elided_characters > run.characters / 2;
    }
  }
  EXPECT_TRUE(deeper);
}

// The bound of docs/forgetting.md where steps are large: a step a chunk would be far over it.
TEST_F(PlannerTest, EpochsAreFew) {
  for (int i = 0; i < 800; ++i) AddCall(1'000);
  Plan("claude", 128'000);
  int64_t appended = 0;
  for (const Chunk& chunk : planner_->plan().chunks) appended += chunk.text_tokens;
  const int64_t available = 128'000 - planner_->plan().sheet.totals(Sheet::Section::kHead).tokens;
  const Marks& marks = planner_->marks();
  const int64_t step = available * (marks.tail_high_permille - marks.tail_low_permille) / 1000;
  const int64_t freed = available * (1000 - marks.pressure_low_permille) / 2000;
  const int64_t bound = appended / step + appended / freed + 2;
  EXPECT_LE(planner_->plan().epochs.size(), bound);
  EXPECT_GT(planner_->plan().epochs.size(), bound / 8);
}

// A caller waits for what a step redraws: it stops early, and the context fits all the same.
TEST_F(PlannerTest, AStepRedrawsOnlySoMuch) {
  for (int i = 0; i < 1'500; ++i) AddCall(1'000);
  Plan("deepseek-flash", 64'000);
  const fovea::Plan& plan = planner_->plan();
  std::map<uint64_t, uint64_t> redrawn;
  for (const Chunk& chunk : plan.chunks) {
    for (size_t i = 1; i < chunk.history.size(); ++i) {
      if (!chunk.history[i].place.is_latent()) redrawn[chunk.history[i].epoch] += chunk.characters;
    }
  }
  // A run moves as a whole, and goes a little over.
  constexpr uint64_t kMax = Planner::kRedrawnCharacters * 8 / 5;
  size_t stopped_early = 0;
  for (const auto& [epoch, characters] : redrawn) {
    EXPECT_LE(characters, kMax) << "in epoch " << epoch;
    EXPECT_LE(plan.epochs[epoch - 1].tokens_after, 64'000);
    stopped_early += characters >= Planner::kRedrawnCharacters ? 1 : 0;
  }
  EXPECT_GT(stopped_early, 0);
}

// The agent's own pictures count against the reader's limit on images: older ones leave with their
// turns, and what must stay is not pressed for.
TEST_F(PlannerTest, OwnPicturesCountAgainstTheLimitOnImages) {
  // What goes out as a note is on no side of the limits, however large.
  std::string huge;
  huge.resize(20'000'000, 'n');
  turns_[1].parts.emplace_back(ImagePart{"image/png", std::move(huge)});
  for (int i = 0; i < 160; ++i) {
    AddCall(200);
    std::get<ToolResultPart>(turns_.back().parts[0])
        .content.emplace_back(ImagePart{"image/png", PngHeader(640, 480)});
  }
  Plan("claude", 1'000'000);  // no limit but the 100 images presses
  size_t images = 0;
  for (const SheetPart& run : planner_->plan().sheet.runs()) images += run.drawn.pages.size();
  for (const SheetPart& turn : planner_->plan().sheet.tail()) images += turn.own_images;
  EXPECT_LE(images, 100);
  EXPECT_GT(images, 20);
  EXPECT_EQ(planner_->plan().sheet.latent(), nullptr);
}

// In its place a large result is drawn without its picture, which goes out beside it. On the pages
// of a run the picture is drawn, too, and is not counted as omitted.
TEST_F(PlannerTest, PicturesAreDrawnWithTheirRun) {
  const std::string picture("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\5\0\0\0\2\xD0", 24);
  AddCall(9000);
  auto& result = std::get<ToolResultPart>(turns_.back().parts[0]);
  result.content.emplace_back(ImagePart{"image/png", picture});
  result.content.emplace_back(ImagePart{"image/png", "not a picture"});
  const uint64_t seq = turns_.back().seq;
  const auto pictures = [&](Strip::Parts parts) {
    const auto content = StripContent({.turns = {seq, seq}, .parts = parts}, *source_);
    EXPECT_TRUE(content.ok());
    return std::count_if(content->blocks.begin(), content->blocks.end(),
                         [](const PageBlock& block) { return block.IsPicture(); });
  };
  Plan("claude", 32'000);
  ASSERT_TRUE(planner_->plan().sheet.tail().back().on_pages);
  EXPECT_EQ(pictures(Strip::Parts::kResults), 0);
  EXPECT_EQ(pictures(Strip::Parts::kAll), 1);

  const SheetPart& turn = planner_->plan().sheet.tail().back();
  const DrawnResult drawn{.seq = seq, .rung = turn.rung, .drawing = turn.drawn};
  const TokenCounter counter(planner_->inputs().reader);
  const CallHistory calls;
  const StringUses uses;
  TurnStrings turn_strings;
  const RunBuilder builder{.reader = planner_->inputs().reader,
                           .ladder = planner_->ladder(),
                           .renderer = renderer_,
                           .turns = *source_,
                           .counter = counter,
                           .calls = calls,
                           .uses = uses,
                           .turn_strings = turn_strings};
  const auto run = builder.Build({.turns = {seq - 1, seq},
                                  .text_tokens = 1'000'000,
                                  .rung = drawn.rung,
                                  .origin = {.drawn_results = {drawn}}},
                                 false);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->images_omitted, 1);
  EXPECT_TRUE(run->origin.drawn_results.empty());
  ASSERT_FALSE(run->drawn.pages.empty());
  for (const PlannedPage& page : run->drawn.pages) EXPECT_EQ(page.strip.parts, Strip::Parts::kAll);
}

TEST_F(PlannerTest, EpochsCanBeCompared) {
  for (int i = 0; i < 100; ++i) AddCall(400);
  Plan("claude", 16'000);
  const uint64_t last = planner_->plan().epoch();
  ASSERT_GT(last, 2);
  const auto diff = DiffEpochs(*planner_, 0, last);
  ASSERT_TRUE(diff.ok());
  EXPECT_EQ(diff->epochs.size(), last);
  EXPECT_EQ(diff->moves.front().from_rung, "verbatim");
  EXPECT_EQ(DiffEpochs(*planner_, 0, last + 1).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(DiffEpochs(*planner_, 2, 1).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(PlannerTest, BadInputIsRefusedByName) {
  Plan("claude", 16'000);
  EXPECT_EQ(planner_->Append(turns_.front()).code(), absl::StatusCode::kInvalidArgument);
  PlannerInputs inputs = planner_->inputs();
  inputs.token_budget = 10;
  EXPECT_EQ(Planner::Create(inputs).status().message(),
            "token_budget is 10; it must be 1000 to 100000000");
  inputs = planner_->inputs();
  inputs.policy.tail_high_permille = 250;
  inputs.policy.tail_low_permille = 400;
  EXPECT_EQ(Planner::Create(inputs).status().message(),
            "policy.tail_low_permille is 400; it must be 0 to 250");
}

}  // namespace
}  // namespace fovea::testing
