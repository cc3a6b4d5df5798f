// What the planner does, by example.
#include "core/forgetting/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/context/context.h"
#include "tests/support/grid_renderer.h"
#include "tests/support/histories.h"
#include "tests/support/pictures.h"

namespace fovea::testing {
namespace {

class PlannerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    readers_ = *BuiltInReaders();
    Add(Role::kSystem, TextPart{"You are an agent."});
    Add(Role::kUser, TextPart{"Mend the build. It must stay green."});
  }

  Turn& Add(Role role, Part part) {
    turns_.push_back({.seq = turns_.size() + 1, .role = role, .parts = {std::move(part)}});
    return turns_.back();
  }

  // An assistant's call and a result of about `words` tokens.
  void AddCall(int words) {
    const std::string id = absl::StrCat("call_", turns_.size());
    Add(Role::kAssistant, ToolCallPart{id, "run", "{\"command\": \"make\"}"});
    std::string text;
    for (int i = 0; i < words; ++i) absl::StrAppend(&text, "word ");
    Add(Role::kTool, ToolResultPart{id, {TextPart{text}}});
  }

  void Plan(const char* reader, int64_t budget, Policy policy = {}) {
    source_ = std::make_unique<VectorTurnSource>(turns_);
    auto planner = Planner::Create({.reader = **readers_.Find(reader),
                                    .policy = policy,
                                    .token_budget = budget,
                                    .renderer = &renderer_,
                                    .turns = source_.get()});
    ASSERT_TRUE(planner.ok()) << planner.status();
    planner_ = *std::move(planner);
    for (const Turn& turn : turns_) ASSERT_TRUE(planner_->Append(turn).ok());
  }

  absl::Status Apply(LogEvent::Kind kind, SeqRange range) {
    return planner_->Apply({.index = planner_->plan().last_event + 1,
                            .after_seq = planner_->plan().last_seq,
                            .kind = kind,
                            .turns = range});
  }

  std::string RungOf(uint64_t seq) {
    const auto explanation = ExplainTurn(*planner_, seq);
    EXPECT_TRUE(explanation.ok()) << explanation.status();
    return explanation->rung;
  }

  ReaderCatalogue readers_;
  GridRenderer renderer_;
  std::vector<Turn> turns_;
  std::unique_ptr<VectorTurnSource> source_;
  std::unique_ptr<Planner> planner_;
};

TEST_F(PlannerTest, AShortSessionIsAllText) {
  AddCall(100);
  Plan("claude", 16'000);
  EXPECT_EQ(planner_->plan().epoch(), 0);
  EXPECT_TRUE(planner_->plan().runs.empty());
  EXPECT_EQ(SummarizeContext(*planner_).characters.pages, 0);
  EXPECT_EQ(planner_->plan().head, (std::vector<uint64_t>{1, 2}));
}

TEST_F(PlannerTest, HistoryAgesDownTheLadderOldestFirst) {
  for (int i = 0; i < 300; ++i) AddCall(400);
  Plan("claude", 16'000, {.pressure_low_permille = 800});
  EXPECT_LE(planner_->tokens(), 16'000);
  const ContextSummary summary = SummarizeContext(*planner_);
  std::vector<std::string> rungs;
  for (const RungShare& share : summary.rungs) rungs.push_back(share.rung);
  EXPECT_EQ(rungs, (std::vector<std::string>{"latent", "trace", "faint", "soft", "verbatim"}));
  EXPECT_EQ(RungOf(1), "verbatim");
  EXPECT_EQ(RungOf(2), "verbatim");
  EXPECT_EQ(RungOf(5), "latent");
  EXPECT_EQ(RungOf(turns_.size()), "verbatim");
  uint64_t last = 0;
  for (const fovea::Run& run : planner_->plan().runs) {
    EXPECT_GT(run.turns.first, last);
    last = run.turns.last;
  }
}

TEST_F(PlannerTest, TextOnlyGetsNoPages) {
  for (int i = 0; i < 100; ++i) AddCall(400);
  Plan("text-only", 16'000);
  const ContextSummary summary = SummarizeContext(*planner_);
  EXPECT_TRUE(summary.pages.empty());
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
  ASSERT_FALSE(planner_->plan().runs.empty());
  for (const fovea::Run& run : planner_->plan().runs) {
    EXPECT_TRUE(run.as_text);
    EXPECT_TRUE(run.pages.empty());
  }
  EXPECT_LE(planner_->tokens(), 16'000);
  EXPECT_EQ(SummarizeContext(*planner_).characters.pages, 0);
}

TEST_F(PlannerTest, AHugeNewResultIsDrawnInItsPlace) {
  AddCall(30'000);
  Plan("claude", 16'000);
  ASSERT_EQ(planner_->plan().required_tokens, 0);
  ASSERT_TRUE(planner_->plan().tail.back().drawn);
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
  const VectorTurnSource longer(turns_);
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
  EXPECT_EQ(planner_->plan().served_pins.count(20), 1);
  EXPECT_LE(planner_->tokens(), 16'000);
  const auto context = AssembleContext(*planner_, *source_);
  ASSERT_TRUE(context.ok());
  EXPECT_EQ(std::get<std::string>(context->history.back().items.front()), TurnNote(turns_[19]));

  ASSERT_TRUE(Apply(LogEvent::Kind::kUnpin, {20, 20}).ok());
  EXPECT_EQ(planner_->plan().served_pins.count(20), 1) << "nothing served changes within an epoch";
}

TEST_F(PlannerTest, ARecalledRunIsPassedOverOnce) {
  for (int i = 0; i < 60; ++i) AddCall(400);
  Plan("claude", 16'000);
  ASSERT_FALSE(planner_->plan().runs.empty());
  const fovea::Run oldest = planner_->plan().runs.front();
  ASSERT_TRUE(Apply(LogEvent::Kind::kRecall, {oldest.turns.first, oldest.turns.first}).ok());
  EXPECT_TRUE(planner_->plan().runs.front().recalled);
  const size_t before = turns_.size();
  for (int i = 0; i < 200; ++i) AddCall(400);
  source_ = std::make_unique<VectorTurnSource>(turns_);
  auto fresh = Planner::Create({.reader = planner_->inputs().reader,
                                .token_budget = 16'000,
                                .renderer = &renderer_,
                                .turns = source_.get()});
  for (size_t i = 0; i < before; ++i) ASSERT_TRUE((*fresh)->Append(turns_[i]).ok());
  ASSERT_TRUE((*fresh)
                  ->Apply({.index = 1,
                           .after_seq = before,
                           .kind = LogEvent::Kind::kRecall,
                           .turns = {oldest.turns.first, oldest.turns.first}})
                  .ok());
  size_t i = before;
  while (i < turns_.size() && (*fresh)->plan().runs.front().recalled) {
    ASSERT_TRUE((*fresh)->Append(turns_[i++]).ok());
  }
  ASSERT_LT(i, turns_.size()) << "no pressure came";
  EXPECT_EQ((*fresh)->plan().runs.front().turns, oldest.turns);
  EXPECT_EQ((*fresh)->plan().runs.front().rung, oldest.rung);
}

// The bound of docs/forgetting.md where steps are large: a step a chunk would be far over it.
TEST_F(PlannerTest, EpochsAreFew) {
  for (int i = 0; i < 800; ++i) AddCall(1'000);
  Plan("claude", 128'000);
  int64_t appended = 0;
  for (const Chunk& chunk : planner_->plan().chunks) appended += chunk.text_tokens;
  const int64_t available = 128'000 - planner_->plan().head_tokens;
  const int64_t bound = appended / (available * 17 / 100) + appended / (available / 8) + 2;
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
      if (chunk.history[i].rung != kLatent) redrawn[chunk.history[i].epoch] += chunk.characters;
    }
  }
  // A run moves as a whole, and goes a little over.
  constexpr uint64_t kMost = Planner::kRedrawnCharacters * 3 / 2;
  size_t stopped_early = 0;
  for (const auto& [epoch, characters] : redrawn) {
    EXPECT_LE(characters, kMost) << "in epoch " << epoch;
    EXPECT_LE(plan.epochs[epoch - 1].tokens_after, 64'000);
    stopped_early += characters >= Planner::kRedrawnCharacters ? 1 : 0;
  }
  EXPECT_GT(stopped_early, 0);
}

// The agent's own pictures count against the reader's limit on images: older ones leave with their
// turns, and what must stay is not pressed for.
TEST_F(PlannerTest, OwnPicturesCountAgainstTheLimitOnImages) {
  // What goes out as a note is on no side of the limits, however large.
  turns_[1].parts.emplace_back(ImagePart{"image/png", std::string(20'000'000, 'n')});
  for (int i = 0; i < 160; ++i) {
    AddCall(200);
    std::get<ToolResultPart>(turns_.back().parts[0])
        .content.emplace_back(ImagePart{"image/png", PngHeader(640, 480)});
  }
  Plan("claude", 1'000'000);  // no limit but the 100 images presses
  size_t images = 0;
  for (const fovea::Run& run : planner_->plan().runs) images += run.pages.size();
  for (const TailTurn& turn : planner_->plan().tail) images += turn.images;
  EXPECT_LE(images, 100);
  EXPECT_GT(images, 20);
  EXPECT_EQ(planner_->plan().latent_turns, 0);
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
  ASSERT_TRUE(planner_->plan().tail.back().drawn);
  EXPECT_EQ(pictures(Strip::Parts::kResults), 0);
  EXPECT_EQ(pictures(Strip::Parts::kAll), 1);

  const DrawnResult& drawn = planner_->plan().tail.back().drawing;
  const TokenCounter counter(planner_->inputs().reader);
  const RunBuilder builder{.reader = planner_->inputs().reader,
                           .ladder = planner_->ladder(),
                           .renderer = renderer_,
                           .turns = *source_,
                           .counter = counter,
                           .sidecar_permille = 0};
  const auto run = builder.Build({.turns = {seq - 1, seq},
                                  .rung = drawn.rung,
                                  .drawn_results = {drawn},
                                  .text_tokens = 1'000'000});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->images_omitted, 1);
  EXPECT_TRUE(run->drawn_results.empty());
  ASSERT_FALSE(run->pages.empty());
  for (const PlannedPage& page : run->pages) EXPECT_EQ(page.strip.parts, Strip::Parts::kAll);
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
  inputs.policy.tail_low_permille = 400;
  EXPECT_EQ(Planner::Create(inputs).status().message(),
            "policy.tail_low_permille is 400; it must be 0 to 250");
}

}  // namespace
}  // namespace fovea::testing
