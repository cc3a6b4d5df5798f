// A backup of a store at work, and sessions back from one.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "tests/memory_store/support.h"
#include "tests/support/gzip_file.h"

namespace fovea::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr SeqRange kAll = {1, UINT64_MAX};

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() : store_(OpenStore(directory_.path())) {}
  LogStore& log() { return store_->log(); }

  const TemporaryDirectory directory_{kInMemory};
  const TemporaryDirectory outside_{kInMemory};
  std::unique_ptr<MemoryStore> store_;
  const SessionKey key_ = {"t", "a"};
};

TEST_F(BackupTest, BringsEverythingBack) {
  NewSession session = Session("a", 77);
  session.title = "A title";
  Value(log().CreateSession(key_, session));
  std::mt19937_64 random(9);
  Value(log().Append(key_, KeyedBatch(RandomTurns(random, 300, 2'000), "key", 'x')));
  LogEvent pin;
  pin.turns = {2, 3};
  pin.time_us = 5;
  Value(log().AppendEvent(key_, pin));
  Value(log().Append(key_, Batch({TextTurn("the last")})));
  Value(log().ForkSession({"t", "a"}, 100, Session("fork", 78)));
  Value(log().StageSession({"t", "half"}, Session("half")));
  const VerifyReport report = Value(store_->Backup(outside_.Path("backup"), {}));
  EXPECT_EQ(report.turns, 401U);
  Value(log().Append(key_, Batch({TextTurn("after the backup")})));

  const TemporaryDirectory other{kInMemory};
  const auto restored = OpenStore(other.path());
  Value(restored->log().CreateSession({"t", "fork"}, Session("fork")));
  const RestoreReport back = Value(restored->Restore(outside_.Path("backup"), {}));
  EXPECT_EQ(back.sessions, 1U);
  EXPECT_EQ(back.turns, 301U);
  EXPECT_THAT(back.skipped, ElementsAre(SessionKey{"t", "fork"}));
  const SessionInfo info = Value(restored->log().GetSession(key_));
  const SessionInfo origin = Value(log().GetSession(key_));
  EXPECT_EQ(info.title, "A title");
  EXPECT_EQ(info.created_us, 77);
  // Nobody has let it lie here: it is no older than what was made here before it came.
  EXPECT_GT(info.updated_us, Value(restored->log().GetSession({"t", "fork"})).updated_us);
  EXPECT_EQ(info.last_seq, 301U);
  EXPECT_EQ(Value(restored->log().ReadTurns(key_, kAll, 0)),
            Value(log().ReadTurns(key_, {1, 301}, 0)));
  EXPECT_EQ(Value(restored->log().ReadEvents(key_, 1)), Value(log().ReadEvents(key_, 1)));
  EXPECT_TRUE(
      Value(restored->log().Append(key_, KeyedBatch({TextTurn("x")}, "key", 'x'))).replayed);
  EXPECT_EQ(Code(restored->log().GetSession({"t", "half"})), absl::StatusCode::kNotFound);
  EXPECT_THAT(Value(restored->Verify()).problems, IsEmpty());
  EXPECT_THAT(Value(restored->search().Search(key_, "the last", SearchOrder::kNewestFirst, 5)).hits,
              SizeIs(1));
}

TEST_F(BackupTest, OneMomentOfAStoreAtWork) {
  Value(log().CreateSession(key_, Session("a")));
  std::atomic<bool> stop = false;
  std::thread appender([&] {
    for (int i = 0; !stop; ++i) Value(log().Append(key_, Batch({TextTurn(absl::StrCat(i))})));
  });
  for (int i = 0; i < 5; ++i) {
    const std::string path = outside_.Path(absl::StrCat(i));
    const uint64_t before = Value(log().GetSession(key_)).last_seq;
    const VerifyReport report = Value(store_->Backup(path, {}));
    EXPECT_GE(report.turns, before);
    EXPECT_THAT(report.problems, IsEmpty());
  }
  stop = true;
  appender.join();
}

TEST_F(BackupTest, ABackupIsALogByItself) {
  Value(log().CreateSession(key_, Session("a")));
  Value(log().Append(key_, Batch(TextTurns({"one", "two"}))));
  const TemporaryDirectory other{kInMemory};
  Value(store_->Backup(other.Path("log.db"), {}));
  const auto restored = OpenStore(other.path());
  EXPECT_THAT(Value(restored->log().ReadTurns(key_, kAll, 0)), SizeIs(2));
}

TEST_F(BackupTest, RefusesWhatIsNoSoundBackup) {
  Value(log().CreateSession(key_, Session("a")));
  Value(log().Append(key_, Batch({TextTurn(std::string(100'000, 'x')), TextTurn("y")})));
  EXPECT_FALSE(store_->Backup(outside_.Path("no/such/directory"), {}).ok());
  std::ofstream(outside_.Path("taken")) << "x";
  EXPECT_FALSE(store_->Backup(outside_.Path("taken"), {}).ok());
  Value(store_->Backup(outside_.Path("backup"), {}));

  const TemporaryDirectory other{kInMemory};
  const auto target = OpenStore(other.path());
  std::ofstream(outside_.Path("text")) << std::string(20'000, 't');
  std::ofstream(outside_.Path("empty")).flush();
  for (const char* name : {"text", "empty"}) {
    EXPECT_EQ(Code(target->Restore(outside_.Path(name), {})), absl::StatusCode::kDataLoss) << name;
  }
  const uint64_t size = fs::file_size(outside_.Path("backup"));
  fs::copy(outside_.Path("backup"), outside_.Path("cut"));
  fs::resize_file(outside_.Path("cut"), size / 2);
  EXPECT_FALSE(target->Restore(outside_.Path("cut"), {}).ok());
  EXPECT_EQ(Value(target->log().Stats()).sessions, 0U);
}

TEST_F(BackupTest, RestoresALogOfAnOlderVersion) {
  std::ofstream(outside_.Path("v1"), std::ios::binary) << ReadGzipFile(
      std::string(FOVEA_SOURCE_DIR) + "/tests/memory_store/data/store-v1/log.db.gz");
  const RestoreReport report = Value(store_->Restore(outside_.Path("v1"), {}));
  EXPECT_EQ(report.sessions, 3U);
  EXPECT_EQ(Value(log().GetSession({"acme", "first"})).last_seq, 44U);
}

TEST_F(BackupTest, StagedFilesOfADeadProcessAreRemoved) {
  const std::string staged = store_->StagingPath();
  EXPECT_NE(staged, store_->StagingPath());
  Value(store_->Backup(staged, {}));
  EXPECT_TRUE(fs::exists(staged));
  store_.reset();
  store_ = OpenStore(directory_.path());
  EXPECT_FALSE(fs::exists(staged));
}

TEST_F(BackupTest, SessionsByAge) {
  for (const char* id : {"a", "b", "c"}) Value(log().CreateSession({"t", id}, Session(id)));
  Value(log().Append({"t", "a"}, Batch({TextTurn("x")})));
  Value(log().Append({"t", "c"}, Batch({TextTurn("x")})));
  const std::vector<OldSession> sessions = Value(store_->ListByAge());
  ASSERT_THAT(sessions, SizeIs(3));
  EXPECT_EQ(sessions[0].key.session_id, "b");
  EXPECT_EQ(sessions[1].key.session_id, "a");
  EXPECT_EQ(sessions[2].key.session_id, "c");
  EXPECT_GT(sessions[2].stored_bytes, 0U);
}

}  // namespace
}  // namespace fovea::testing
