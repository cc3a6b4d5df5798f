// A session that a test makes turn by turn, for tests of the planner by example.
#ifndef FOVEA_TESTS_CORE_FORGETTING_PLANNER_FIXTURE_H_
#define FOVEA_TESTS_CORE_FORGETTING_PLANNER_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/context/context.h"
#include "core/context/explain.h"
#include "core/context/summary.h"
#include "core/forgetting/marks.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/planner.h"
#include "core/log/turn_source.h"
#include "tests/support/grid_renderer.h"

namespace fovea::testing {

// A log that grows.
class GrowingSource final : public TurnSource {
 public:
  void Add(const Turn& turn) { turns_.push_back(std::make_shared<const Turn>(turn)); }
  absl::StatusOr<std::vector<TurnPtr>> Turns(SeqRange range) const override {
    if (range.first < 1 || range.last > turns_.size())
      return absl::OutOfRangeError("no such turns");
    return std::vector<TurnPtr>(turns_.begin() + static_cast<std::ptrdiff_t>(range.first) - 1,
                                turns_.begin() + static_cast<std::ptrdiff_t>(range.last));
  }

 private:
  std::vector<TurnPtr> turns_;
};

// A session that a test makes, and its planner.
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
    planner_.reset();
    source_ = std::make_unique<GrowingSource>();
    auto planner = Planner::Create({.reader = **readers_.Find(reader),
                                    .policy = policy,
                                    .token_budget = budget,
                                    .renderer = &renderer_,
                                    .turns = source_.get()});
    ASSERT_TRUE(planner.ok()) << planner.status();
    planner_ = *std::move(planner);
    GoOn();
  }

  // The same for a reader of the test's own.
  void PlanFor(ReaderProfile reader, int64_t budget, Policy policy = {}) {
    reader.name = "own";
    readers_.Add(std::move(reader));
    Plan("own", budget, policy);
  }

  // Gives the planner the turns that it does not have yet.
  void GoOn() {
    for (size_t i = planner_->plan().last_seq; i < turns_.size(); ++i) {
      source_->Add(turns_[i]);
      ASSERT_TRUE(planner_->Append(turns_[i]).ok()) << "turn " << i + 1;
    }
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
  std::unique_ptr<GrowingSource> source_;
  std::unique_ptr<Planner> planner_;
};

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_CORE_FORGETTING_PLANNER_FIXTURE_H_
