#include "memory_store/sqlite/log_salvage.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "memory_store/sqlite/log_repair.h"
#include "memory_store/sqlite/log_rows.h"
#include "memory_store/sqlite/log_transfer.h"
#include "memory_store/sqlite/schema.h"
#include "memory_store/sqlite/session_rows.h"
#include "memory_store/turn_codec.h"
#include "tests/memory_store/support.h"

namespace fovea::sqlite {
namespace {

using testing::Batch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::OpenStore;
using testing::Session;
using testing::TextTurns;
using testing::Value;

// What an unsound index lets happen: a table of turns whose numbers are not unique.
constexpr char kWithoutKeySql[] =
    "CREATE TABLE copy AS SELECT * FROM turns; DROP TABLE turns; ALTER TABLE copy RENAME TO turns";

struct Case {
  std::string name;
  const char* sql;
  std::string second;  // what the second of four turns is then
};

class TwoTurnsOfANumber : public ::testing::TestWithParam<Case> {};

TEST_P(TwoTurnsOfANumber, AreToldApartByTheChain) {
  const TemporaryDirectory directory{testing::kInMemory};
  for (const char* id : {"a", "b"}) {
    const auto store = OpenStore(directory.path());
    Value(store->log().CreateSession({"t", id}, Session(id)));
    Value(store->log().Append({"t", id}, Batch(TextTurns({"one", "two", "three", id}))));
  }
  const auto damaged = Value(Database::Open({.path = directory.Path("log.db")}));
  ASSERT_TRUE(damaged->Execute(kWithoutKeySql).ok());
  ASSERT_TRUE(damaged->Execute(GetParam().sql).ok());

  const SalvagedLog salvaged =
      Value(SalvageLog(*damaged, directory.Path("copy.db"), std::string(16, 'i'), 7));
  ASSERT_NE(salvaged.database, nullptr);
  Database& log = *salvaged.database;
  EXPECT_THAT(salvaged.lost, IsEmpty());
  EXPECT_EQ(Value(ReadStoreId(log)), std::string(16, 'i'));
  EXPECT_GE(Value(LastCommit(log)), 7U);
  const NamedSession session = {.row = 1, .tenant = "t", .session_id = "a"};
  EXPECT_TRUE(log.WriteTransaction([&] { return MendSession(log, session, 8).status(); }).ok());
  std::vector<std::string> texts;
  EXPECT_TRUE(ScanTurns(log, 1, {1, 9},
                        [&](uint64_t seq, uint64_t, std::string_view body) -> absl::StatusOr<bool> {
                          EXPECT_EQ(seq, texts.size() + 1);
                          texts.push_back(TurnText(Value(DecodeTurn(body, seq))));
                          return true;
                        })
                  .ok());
  EXPECT_THAT(texts, ElementsAre("one", HasSubstr(GetParam().second), "three", "a"));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, TwoTurnsOfANumber,
    ::testing::Values(
        Case{"TheNumberOfOneIsDamaged", "UPDATE turns SET seq = 1 WHERE session = 1 AND seq = 2",
             "two"},
        Case{"ALaterTurnOfAnotherSession",
             "INSERT INTO turns (row, session, seq, text_bytes, body)"
             " SELECT 99, 1, 2, text_bytes, body FROM turns WHERE session = 2 AND seq = 4",
             "two"},
        Case{"AnEarlierTurnOfAnotherSession",
             "INSERT INTO turns (row, session, seq, text_bytes, body)"
             " SELECT 0, 1, 2, text_bytes, body FROM turns WHERE session = 2 AND seq = 4",
             "two"},
        Case{"AndTheChainIsDamaged",
             "INSERT INTO turns (row, session, seq, text_bytes, body)"
             " SELECT 0, 1, 2, text_bytes, body FROM turns WHERE session = 2 AND seq = 4;"
             "UPDATE sessions SET chain = x'00' WHERE row = 1",
             "turn 2 was lost from the disk"}),
    [](const auto& test) { return test.param.name; });

TEST(OverwriteDatabase, LeavesNoPagesForALaterCommitToTellOf) {
  const TemporaryDirectory directory{testing::kInMemory};
  const auto source = Value(Database::Open({.path = directory.Path("source.db")}));
  const auto target = Value(Database::Open({.path = directory.Path("target.db")}));
  ASSERT_TRUE(source->Execute("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(99999))").ok());
  ASSERT_TRUE(OverwriteDatabase(*source, *target).ok());
  EXPECT_GT(target->wal_pages(), 0);
  EXPECT_TRUE(Value(target->Checkpoint(CheckpointMode::kTruncate)).finished);
  EXPECT_TRUE(target->WriteTransaction([] { return absl::OkStatus(); }).ok());
  EXPECT_EQ(target->wal_pages(), 0);
}

}  // namespace
}  // namespace fovea::sqlite
