#include "bench/replay/recovery.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "tests/replay/histories.h"
#include "tests/support/temporary_directory.h"

namespace fovea::replay {
namespace {

class RecoveryTest : public ::testing::Test {
 protected:
  // The one moment of the session, and what is recovered of its string.
  Recovered Recover(const Session& session) {
    EXPECT_EQ(session.uses.moments.size(), 1);
    auto store =
        MemoryStore::Open({.directory = directory_.path(), .search_wait = absl::Seconds(30)});
    EXPECT_TRUE(store.ok()) << store.status();
    const auto all = RecoverAll(session, session.uses.moments, **store);
    EXPECT_TRUE(all.ok()) << all.status();
    const Moment& moment = session.uses.moments.front();
    return all.ok() ? all->at({moment.seq, moment.string}) : Recovered();
  }

  const TemporaryDirectory directory_;
};

TEST_F(RecoveryTest, FindsAPathByItsFilesName) {
  const Session session("s", Numbered({User("start"), Result("in lib/deep/parser_v2.cc it fails"),
                                       Call(R"({"path":"lib/deep/parser_v2.cc"})")}));
  EXPECT_EQ(SearchesFor(session, 0), (std::vector<std::string>{"parser_v2.cc"}));
  const Recovered recovered = Recover(session);
  EXPECT_TRUE(recovered.by_recall);
  EXPECT_TRUE(recovered.by_search);
}

TEST_F(RecoveryTest, FindsAHashByItsLabelOrTheWordsBeforeIt) {
  const Session session("s", Numbered({User("start"), Result("the last good commit: 4f2a9c01be"),
                                       Call(R"({"cmd":"git show 4f2a9c01be"})")}));
  EXPECT_EQ(SearchesFor(session, 0), (std::vector<std::string>{"commit", "good commit"}));
  EXPECT_TRUE(Recover(session).by_search);
}

TEST_F(RecoveryTest, WordsThatStandInTooManyLaterTurnsFindNothing) {
  std::vector<Turn> turns = {User("start"), Result("the last good commit: 4f2a9c01be")};
  for (int i = 0; i < 30; ++i) turns.push_back(Result("the last good commit is lost"));
  turns.push_back(Call(R"({"cmd":"git show 4f2a9c01be"})"));
  const Recovered recovered = Recover(Session("s", Numbered(std::move(turns))));
  EXPECT_TRUE(recovered.by_recall);
  EXPECT_FALSE(recovered.by_search);
}

}  // namespace
}  // namespace fovea::replay
