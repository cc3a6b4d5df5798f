// The laws, on random histories, for every reader of the catalogue.
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "tests/core/forgetting/planner_checks.h"
#include "tests/support/grid_renderer.h"
#include "tests/support/readers.h"

namespace fovea::testing {
namespace {

const ReaderCatalogue& Readers() {
  static const auto* readers = new ReaderCatalogue(*BuiltInReaders());
  return *readers;
}

struct Life {
  GridRenderer renderer;
  std::vector<Turn> turns;
  std::vector<LogEvent> events;  // by after_seq
  std::unique_ptr<VectorTurnSource> source;
  PlannerInputs inputs;

  std::unique_ptr<Planner> NewPlanner() const {
    auto planner = Planner::Create(inputs);
    EXPECT_TRUE(planner.ok()) << planner.status();
    return *std::move(planner);
  }
};

std::unique_ptr<Life> RandomLife(uint64_t seed, const ReaderProfile& reader, int64_t budget) {
  auto life = std::make_unique<Life>();
  life->turns = RandomHistory(seed, {.max_turns = 160, .max_text_bytes = 3000});
  life->source = std::make_unique<VectorTurnSource>(life->turns);
  life->inputs = {.reader = reader,
                  .token_budget = budget,
                  .renderer = &life->renderer,
                  .turns = life->source.get()};
  std::mt19937_64 random(seed * 7 + 1);
  const auto upto = [&](uint64_t most) {
    return std::uniform_int_distribution<uint64_t>(1, most)(random);
  };
  if (upto(3) == 1) life->inputs.policy.entry_rung = static_cast<int>(upto(4)) - 1;
  if (upto(4) == 1) life->inputs.policy.forbid_drawn_results = true;
  if (upto(4) == 1) life->inputs.policy.pressure_low_permille = 500;
  for (const Turn& turn : life->turns) {
    if (upto(20) > 1) continue;
    const uint64_t first = upto(turn.seq);
    life->events.push_back({.index = life->events.size() + 1,
                            .after_seq = turn.seq,
                            .kind = static_cast<LogEvent::Kind>(upto(4)),
                            .turns = {first, std::min(turn.seq, first + upto(2) - 1)}});
  }
  return life;
}

// Feeds turns and events up to `seq`, calling `after` each time.
template <class After>
void Live(const Life& life, Planner& planner, uint64_t seq, After after) {
  size_t event = planner.plan().last_event;
  while (planner.plan().last_seq < seq) {
    ASSERT_TRUE(planner.Append(life.turns[planner.plan().last_seq]).ok());
    after();
    while (event < life.events.size() && life.events[event].after_seq == planner.plan().last_seq) {
      ASSERT_TRUE(planner.Apply(life.events[event++]).ok());
      after();
    }
  }
}

class PlannerLaws : public ::testing::TestWithParam<std::string> {
 protected:
  const ReaderProfile& reader() const { return **Readers().Find(GetParam()); }
};

TEST_P(PlannerLaws, HoldAtEveryTurn) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    for (int64_t budget : {4'000, 16'000, 48'000}) {
      SCOPED_TRACE(absl::StrCat("seed ", seed, ", budget ", budget));
      const auto life = RandomLife(seed, reader(), budget);
      const auto planner = life->NewPlanner();
      LawWatcher watcher(*planner, life->turns, *life->source);
      Live(*life, *planner, life->turns.size(), [&] { watcher.Check(); });
      watcher.CheckEpochBound();
      if (HasFailure()) return;
    }
  }
}

TEST(PlannerLawsOfTheCatalogue, HoldForEveryReader) {
  for (const ReaderProfile& reader : Readers().profiles()) {
    SCOPED_TRACE(reader.name);
    const auto life = RandomLife(7, reader, 16'000);
    const auto planner = life->NewPlanner();
    LawWatcher watcher(*planner, life->turns, *life->source);
    Live(*life, *planner, life->turns.size(), [&] { watcher.Check(); });
    watcher.CheckEpochBound();
    if (HasFailure()) return;
  }
}

// Law 2: a restart, or another replica, comes to the same plan.
TEST_P(PlannerLaws, ReplayingALogIsLivingIt) {
  for (uint64_t seed = 100; seed < 112; ++seed) {
    SCOPED_TRACE(seed);
    const auto life = RandomLife(seed, reader(), 12'000);
    const auto living = life->NewPlanner();
    for (uint64_t at : {life->turns.size() / 3, life->turns.size() / 2, life->turns.size()}) {
      Live(*life, *living, at, [] {});
      const auto replayed = life->NewPlanner();
      Live(*life, *replayed, at, [] {});
      ASSERT_EQ(PlanFingerprint(*living, *life->source), PlanFingerprint(*replayed, *life->source));
    }
  }
}

// Law 7: the number that a refusal names is enough, and three quarters of it are not. It bounds
// what notes and pages may take, so that a little less may do.
TEST_P(PlannerLaws, RequiredTokensAreEnough) {
  int refusals = 0;
  for (uint64_t seed = 200; seed < 240 && refusals < 20; ++seed) {
    const auto life = RandomLife(seed, reader(), 2'000);
    const auto planner = life->NewPlanner();
    for (uint64_t seq = 1; seq <= life->turns.size(); ++seq) {
      Live(*life, *planner, seq, [] {});
      const int64_t required = planner->plan().required_tokens;
      if (required == 0 || seq % 5 != 0) continue;
      SCOPED_TRACE(absl::StrCat("seed ", seed, " turn ", seq, " required ", required));
      ++refusals;
      const auto budget_of = [&](int64_t budget) {
        Life other{.inputs = life->inputs};
        other.inputs.token_budget = budget;
        auto fresh = other.NewPlanner();
        Live(*life, *fresh, seq, [] {});
        return fresh;
      };
      const auto enough = budget_of(required);
      ASSERT_EQ(enough->plan().required_tokens, 0);
      ASSERT_LE(enough->tokens(), required);
      const auto three_quarters = std::max<int64_t>(Planner::kMinBudget, required * 3 / 4);
      ASSERT_GT(budget_of(three_quarters)->plan().required_tokens, 0);
    }
  }
  EXPECT_GT(refusals, 0);
}

// What spare_tokens promises: the epoch stands until turns have brought so many, or the cache is
// cold.
TEST_P(PlannerLaws, SpareTokensEndNoEpoch) {
  int used = 0;
  int ended = 0;
  for (uint64_t seed = 300; seed < 312; ++seed) {
    const auto life = RandomLife(seed, reader(), seed % 2 == 0 ? 8'000 : 32'000);
    const auto planner = life->NewPlanner();
    // All is text in this one: what a turn adds to it, it adds anywhere.
    Life roomy{.inputs = life->inputs};
    roomy.inputs.token_budget = Planner::kMaxBudget;
    const auto text = roomy.NewPlanner();
    int64_t spare = 0;
    uint64_t epoch = 0;
    for (const Turn& turn : life->turns) {
      const int64_t before = text->tokens();
      ASSERT_TRUE(text->Append(turn).ok());
      const int64_t added = text->tokens() - before;
      ASSERT_TRUE(planner->Append(turn).ok());
      const bool same = planner->plan().epoch() == epoch;
      ended += same ? 0 : 1;
      if (!planner->plan().cache_is_cold && added <= spare) {
        ++used;
        ASSERT_TRUE(same) << "seed " << seed << " turn " << turn.seq << ": " << added << " of "
                          << spare << ": " << planner->plan().epochs.back().reason;
      }
      spare = planner->spare_tokens();
      epoch = planner->plan().epoch();
    }
  }
  EXPECT_GT(used, 100);
  EXPECT_GT(ended, 5);
}

std::vector<std::string> ReaderNames() {
  std::vector<std::string> names;
  for (const ReaderProfile& reader : MainReaders()) names.push_back(reader.name);
  return names;
}

// A planner that was saved and restored is the planner, and stays it: its bytes hold all of it.
TEST_P(PlannerLaws, ARestoredPlannerGoesOnAsTheOneThatWasSaved) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const int64_t budget = seed == 1 ? 16'000 : 4'000;
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", budget ", budget));
    const auto life = RandomLife(seed, reader(), budget);
    const uint64_t last = life->turns.back().seq;
    const auto lived = life->NewPlanner();
    Live(*life, *lived, last, [] {});
    const auto planner = life->NewPlanner();
    std::mt19937_64 random(seed);
    for (const uint64_t at : {last / 3, last * 3 / 4, last - 1}) {
      Live(*life, *planner, at, [] {});
      const std::string saved = planner->Save();
      auto restored = Planner::Restore(life->inputs, saved);
      ASSERT_TRUE(restored.ok()) << restored.status();
      EXPECT_EQ((*restored)->Save(), saved);
      Live(*life, **restored, last, [] {});
      EXPECT_EQ((*restored)->Save(), lived->Save()) << "from turn " << at;
      EXPECT_EQ(PlanFingerprint(**restored, *life->source), PlanFingerprint(*lived, *life->source));
      // Bytes that are no planner are refused.
      EXPECT_FALSE(Planner::Restore(life->inputs, saved.substr(0, random() % saved.size())).ok());
      EXPECT_FALSE(Planner::Restore(life->inputs, saved + "x").ok());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Readers, PlannerLaws, ::testing::ValuesIn(ReaderNames()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
                           return name;
                         });

}  // namespace
}  // namespace fovea::testing
