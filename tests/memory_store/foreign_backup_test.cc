// Backups that somebody made to do harm: nothing but a log's own tables is read from one, and
// nobody reads on when nobody waits.
#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "tests/memory_store/support.h"
#include "tests/support/gzip_file.h"

namespace fovea::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const SessionKey kKey = {"t", "a"};

// As an attacker would: without what protects the schema.
void ExecuteUnprotected(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, &error), SQLITE_OK) << error;
  sqlite3_close(database);
}

class ForeignBackupTest : public ::testing::Test {
 protected:
  ForeignBackupTest() : target_(OpenStore(directory_.path())) {}

  void MakeBackup(int turns) {
    const TemporaryDirectory origin{kInMemory};
    const auto store = OpenStore(origin.path());
    Value(store->log().CreateSession(kKey, Session("a")));
    std::vector<Turn> texts;
    for (int i = 0; i < turns; ++i) texts.push_back(TextTurn(absl::StrCat("turn ", i)));
    Value(store->log().Append(kKey, Batch(texts)));
    Value(store->Backup(Backup(), {}));
  }
  std::string Backup() const { return outside_.Path("backup"); }
  // For ten seconds: a test that fails ends.
  absl::StatusOr<RestoreReport> Restore() {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    return target_->Restore(Backup(), [end] {
      return absl::Now() < end ? absl::OkStatus() : absl::DeadlineExceededError("too long");
    });
  }

  const TemporaryDirectory directory_{kInMemory};
  const TemporaryDirectory outside_{kInMemory};
  const std::unique_ptr<MemoryStore> target_;
};

struct Strange {
  std::string name;
  const char* sql;
  const char* says;
};

class StrangeSchema : public ForeignBackupTest, public ::testing::WithParamInterface<Strange> {};

TEST_P(StrangeSchema, IsRefusedBeforeAnythingIsRead) {
  MakeBackup(20);
  ExecuteUnprotected(Backup(), GetParam().sql);
  const auto restored = Restore();
  EXPECT_EQ(Code(restored), absl::StatusCode::kDataLoss) << restored.status();
  EXPECT_THAT(std::string(restored.status().message()), HasSubstr(GetParam().says));
  EXPECT_EQ(Value(target_->log().Stats()).sessions, 0U);
}

constexpr char kHolds[] = "is not as Fovea makes a log: it holds ";

INSTANTIATE_TEST_SUITE_P(
    Schemas, StrangeSchema,
    ::testing::Values(
        Strange{"AnEndlessViewForTurns",
                "ALTER TABLE turns RENAME TO other;"
                "CREATE VIEW turns AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1"
                " FROM r) SELECT n AS row, 1 AS session, n AS seq, 1 AS text_bytes,"
                " zeroblob(10) AS body FROM r",
                kHolds},
        Strange{"AnEndlessViewForMeta",
                "ALTER TABLE meta RENAME TO other;"
                "CREATE VIEW meta AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1"
                " FROM r) SELECT n AS key, n AS value FROM r",
                kHolds},
        Strange{"ATrigger", "CREATE TRIGGER more AFTER INSERT ON meta BEGIN DELETE FROM turns; END",
                kHolds},
        Strange{"AVirtualTable", "CREATE VIRTUAL TABLE words USING fts5(text)", kHolds},
        Strange{"ATableMore", "CREATE TABLE more (x)", "'table' 'more'"},
        Strange{"AnIndexMore", "CREATE INDEX more ON turns (abs(seq))", "'index' 'more'"},
        Strange{"ATableLess", "DROP TABLE idempotency_keys", "lacks "},
        Strange{"AnIndexLess", "DROP INDEX sessions_by_creation", "'sessions_by_creation'"},
        Strange{"AnotherColumn",
                "ALTER TABLE turns ADD COLUMN more AS (zeroblob(seq << 20)) VIRTUAL", "'turns'"},
        Strange{"TheTablesOfAnotherVersion", "PRAGMA user_version = 1", kHolds}),
    [](const auto& test) { return test.param.name; });

TEST_F(ForeignBackupTest, ANewerVersionIsRefused) {
  MakeBackup(1);
  ExecuteUnprotected(Backup(), "PRAGMA user_version = 3");
  const auto restored = Restore();
  EXPECT_EQ(Code(restored), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(restored.status().message()), HasSubstr("restores up to version 2"));
}

// Its tables are spelt as SQLite's ALTER TABLE spells them.
TEST_F(ForeignBackupTest, ABackupOfAnUpgradedStoreComesBack) {
  const TemporaryDirectory old{kInMemory};
  std::ofstream(old.Path("log.db"), std::ios::binary) << ReadGzipFile(
      std::string(FOVEA_SOURCE_DIR) + "/tests/memory_store/data/store-v1/log.db.gz");
  Value(OpenStore(old.path())->Backup(Backup(), {}));
  EXPECT_EQ(Value(Restore()).sessions, 3U);
}

TEST_F(ForeignBackupTest, ReadingEndsWhenNobodyWaits) {
  MakeBackup(5'000);
  std::atomic<int> asked = 0;
  const auto after = [&asked](int times) {
    asked = 0;
    return [&asked, times] {
      return ++asked <= times ? absl::OkStatus() : absl::CancelledError("the client went away");
    };
  };
  // In the first look at the file, in the midst of its turns, and between two sessions.
  for (const int times : {0, 1, 20, 60}) {
    const auto restored = target_->Restore(Backup(), after(times));
    EXPECT_EQ(Code(restored), absl::StatusCode::kCancelled) << times;
    EXPECT_EQ(restored.status().message(), "the client went away");
    EXPECT_EQ(Value(target_->log().Stats()).sessions, 0U) << "half a session is none";
  }
  EXPECT_EQ(Value(Restore()).turns, 5'000U);
  const std::string copy = outside_.Path("copy");
  EXPECT_EQ(Code(target_->Backup(copy, after(20))), absl::StatusCode::kCancelled);
  EXPECT_FALSE(fs::exists(copy));
}

}  // namespace
}  // namespace fovea::testing
