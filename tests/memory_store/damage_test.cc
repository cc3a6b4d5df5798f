// A log whose pages are damaged: who is not touched by it goes on, and repair saves what is left.
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "memory_store/sqlite/database.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const SessionKey kSound = {"t", "sound"};
const SessionKey kDamaged = {"u", "damaged"};
constexpr uint64_t kTurns = 60;
constexpr std::streamoff kPageBytes = 4096;

bool CanRead(sqlite::Database& database, const char* sql) {
  auto query = database.Prepare(sql);
  return query.ok() && query->Step().ok();
}

class DamageTest : public ::testing::Test {
 protected:
  DamageTest() {
    const auto store = OpenStore(directory_.path());
    std::mt19937_64 random(3);
    for (const SessionKey& key : {kSound, kDamaged}) {
      Value(store->log().CreateSession(key, Session(key.session_id)));
      Value(store->log().Append(key, Batch(RandomTurns(random, kTurns, 600))));
    }
    sound_ = Value(store->log().ReadTurns(kSound, {1, kTurns}, 0));
    damaged_ = Value(store->log().ReadTurns(kDamaged, {1, kTurns}, 0));
  }

  std::string Log() const { return directory_.Path("log.db"); }

  // Overwrites the first page by which only turns of the second session are lost.
  void DamageAPage() {
    std::ifstream file(Log(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const std::string trial = directory_.Path("trial.db");
    for (size_t at = kPageBytes; at < bytes.size(); at += kPageBytes) {
      if (bytes[at] != 13) continue;  // no leaf of a table
      std::string zeroed = bytes;
      zeroed.replace(at, kPageBytes, kPageBytes, '\0');
      std::ofstream(trial, std::ios::binary | std::ios::trunc) << zeroed;
      bool found = false;
      {
        const auto database = Value(sqlite::Database::Open({.path = trial}));
        found = CanRead(*database, "SELECT SUM(text_bytes) FROM turns WHERE session = 1") &&
                CanRead(*database, "SELECT COUNT(*) FROM sessions NOT INDEXED") &&
                !CanRead(*database, "SELECT SUM(text_bytes) FROM turns WHERE session = 2");
      }
      for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(trial + suffix);
      if (!found) continue;
      std::ofstream(Log(), std::ios::binary | std::ios::trunc) << zeroed;
      return;
    }
    FAIL() << "no such page";
  }

  void ExpectTheSoundSessionWorks(MemoryStore& store) {
    const auto appended = store.log().Append(kSound, Batch({TextTurn("more")}));
    EXPECT_TRUE(appended.ok()) << appended.status();
    sound_ = Value(store.log().ReadTurns(kSound, {1, kTurns}, 0));
    EXPECT_TRUE(store.Writable().ok()) << store.Writable();
  }

  const TemporaryDirectory directory_{kInMemory};
  std::vector<Turn> sound_;
  std::vector<Turn> damaged_;
};

TEST_F(DamageTest, WhatMeetsItFailsAloneAndTheNextStartSucceeds) {
  DamageAPage();
  {
    const auto store = OpenStore(directory_.path());
    EXPECT_EQ(Code(store->log().ForkSession(kDamaged, kTurns, Session("fork"))),
              absl::StatusCode::kDataLoss);
    ExpectTheSoundSessionWorks(*store);
    const auto deleted = store->log().DeleteSession(kDamaged, 0);
    EXPECT_EQ(Code(deleted), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(deleted.status().message()), HasSubstr("the session is gone"));
    EXPECT_EQ(Code(store->log().GetSession(kDamaged)), absl::StatusCode::kNotFound);
    ExpectTheSoundSessionWorks(*store);
  }
  const auto store = OpenStore(directory_.path());
  ASSERT_NE(store, nullptr);
  EXPECT_THAT(store->Notices(), ElementsAre(HasSubstr("`fovea repair` erases it")));
  ExpectTheSoundSessionWorks(*store);
  EXPECT_THAT(Value(store->Repair()).left, IsEmpty());
  ExpectTheSoundSessionWorks(*store);
}

TEST_F(DamageTest, RepairSavesWhatIsLeftWhileTheStoreIsServed) {
  DamageAPage();
  auto store = OpenStore(directory_.path());
  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.mended, Not(IsEmpty()));
  EXPECT_THAT(report.left, IsEmpty());
  EXPECT_THAT(report.sessions, ElementsAre(kDamaged));
  EXPECT_EQ(Value(store->log().ReadTurns(kSound, {1, kTurns}, 0)), sound_);
  const std::vector<Turn> turns = Value(store->log().ReadTurns(kDamaged, {1, kTurns}, 0));
  ASSERT_THAT(turns, SizeIs(kTurns));
  size_t notes = 0;
  for (size_t i = 0; i < turns.size(); ++i) {
    if (turns[i] == damaged_[i]) continue;
    ++notes;
    EXPECT_THAT(TurnText(turns[i]), HasSubstr(absl::StrCat("turn ", i + 1, " was lost")));
  }
  EXPECT_GT(notes, 0U);
  EXPECT_LT(notes, kTurns / 2);
  EXPECT_TRUE(fs::exists(Log() + ".damaged-1"));
  ExpectTheSoundSessionWorks(*store);
  EXPECT_EQ(Value(store->log().Append(kDamaged, Batch({TextTurn("x")}))).first_seq, kTurns + 1);
  EXPECT_THAT(Value(store->Repair()).mended, IsEmpty());
  EXPECT_TRUE(store->Backup(directory_.Path("backup.db"), {}).ok());
  store.reset();
  store = OpenStore(directory_.path());
  ASSERT_NE(store, nullptr);
  EXPECT_THAT(store->Notices(), IsEmpty());
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
  // Numbers of sessions are never used again.
  EXPECT_GT(Value(store->log().CreateSession({"t", "new"}, Session("new"))).identity, 2U);
}

TEST_F(DamageTest, ARepairWhoseProcessIsKilledBehindItsCommitStays) {
  // Much that is deleted, so that the rewritten log is shorter.
  {
    const auto store = OpenStore(directory_.path());
    std::mt19937_64 random(4);
    Value(store->log().CreateSession({"t", "gone"}, Session("gone")));
    Value(store->log().Append({"t", "gone"}, Batch(RandomTurns(random, 100, 2000))));
    Value(store->log().DeleteSession({"t", "gone"}, 0));
  }
  DamageAPage();
  const uint64_t before = fs::file_size(Log());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto store = OpenStore(directory_.path());
    // Keeps the file from being cut.
    auto reader = sqlite::Database::Open(
        {.path = Log(), .access = sqlite::DatabaseOptions::Access::kReadOnly});
    const bool reads = reader.ok() && (*reader)->Execute("BEGIN; SELECT * FROM meta").ok();
    const auto report = store->Repair();
    _exit(reads && report.ok() && report->left.empty() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  ASSERT_EQ(fs::file_size(Log()), before);
  {
    const auto store = OpenStore(directory_.path());
    ASSERT_NE(store, nullptr);
    EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
    ExpectTheSoundSessionWorks(*store);
    Value(store->log().DeleteSession(kDamaged, 0));  // which empties the write-ahead log
    ExpectTheSoundSessionWorks(*store);
  }
  EXPECT_LT(fs::file_size(Log()), before);
}

TEST_F(DamageTest, ALogThatWasCutIsNotServedAndTheMessageSaysWhatToDo) {
  const uint64_t whole = fs::file_size(Log());
  fs::resize_file(Log(), whole - 2 * kPageBytes);
  const auto cut = MemoryStore::Open({.directory = directory_.path(), .reserve_bytes = 0});
  EXPECT_EQ(Code(cut), absl::StatusCode::kDataLoss);
  const std::string message(cut.status().message());
  EXPECT_THAT(message, HasSubstr("Restore a backup"));
  EXPECT_THAT(message, HasSubstr(absl::StrCat("truncate -s ", whole, " ", Log())));
  EXPECT_EQ(fs::file_size(Log()), whole - 2 * kPageBytes);
  fs::resize_file(Log(), whole);
  const auto store = OpenStore(directory_.path());
  ASSERT_NE(store, nullptr);
  EXPECT_THAT(Value(store->Repair()).left, IsEmpty());
  EXPECT_THAT(Value(store->log().ReadTurns(kDamaged, {1, kTurns}, 0)), SizeIs(kTurns));
}

TEST_F(DamageTest, ADamagedHeaderIsSaidWithTheFilesName) {
  std::fstream file(Log(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(68);
  file.write("ABCD", 4);
  file.close();
  const auto store = MemoryStore::Open({.directory = directory_.path(), .reserve_bytes = 0});
  EXPECT_EQ(Code(store), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(store.status().message()), HasSubstr(Log() + ": the file is not"));
}

}  // namespace
}  // namespace fovea::testing
