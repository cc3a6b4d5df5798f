// What was acknowledged and is gone is noticed: when the store is opened, or with the next append.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
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

const SessionKey kKey = {"t", "a"};
constexpr int kTurns = 60;

class LossTest : public ::testing::Test {
 protected:
  // Appends in a process that is killed, so that the write-ahead log stays as it was.
  void AppendAndDie() {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store = OpenStore(directory_.path());
      const bool made = store->log().CreateSession(kKey, Session("a")).ok();
      bool appended = made;
      for (int i = 0; i < kTurns; ++i) {
        appended =
            appended && store->log().Append(kKey, Batch({TextTurn(absl::StrCat("turn ", i))})).ok();
      }
      _exit(appended ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  std::string Wal() const { return directory_.Path("log.db-wal"); }
  absl::Status Open() const {
    StoreOptions options;
    options.directory = directory_.path();
    options.reserve_bytes = 0;
    return MemoryStore::Open(options).status();
  }
  void Flip(const std::string& path, uint64_t at) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
    ASSERT_TRUE(file.good());
  }

  const TemporaryDirectory directory_{kInMemory};
};

TEST_F(LossTest, AKilledStoreIsWhole) {
  AppendAndDie();
  ASSERT_GT(fs::file_size(Wal()), 0U);
  const auto store = OpenStore(directory_.path());
  EXPECT_THAT(Value(store->log().ReadTurns(kKey, {1, kTurns + 1}, 0)), SizeIs(kTurns));
  EXPECT_THAT(store->Notices(), IsEmpty());
}

TEST_F(LossTest, ACutWriteAheadLogIsNoticedWhereverItIsCut) {
  AppendAndDie();
  const std::string sound = directory_.Path("sound");
  fs::copy(Wal(), sound);
  for (const uint64_t keep : {uint64_t{0}, uint64_t{31}, fs::file_size(sound) / 2,
                              fs::file_size(sound) - 1, uint64_t{32}}) {
    fs::resize_file(Wal(), keep);
    EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss) << keep;
    fs::copy(sound, Wal(), fs::copy_options::overwrite_existing);
  }
  fs::remove(Wal());
  const absl::Status removed = Open();
  EXPECT_EQ(removed.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(removed.message()), HasSubstr("was acknowledged: turns are lost"));
  // Who accepts the loss can go on.
  fs::remove(directory_.Path("head"));
  const auto store = OpenStore(directory_.path());
  EXPECT_THAT(store->Notices(), IsEmpty()) << "the log holds no commit that a head could be of";
}

TEST_F(LossTest, AFlippedByteInTheWriteAheadLogIsNoticedAndNothingIsWritten) {
  AppendAndDie();
  const uint64_t size = fs::file_size(Wal());
  for (const uint64_t at : {uint64_t{9}, uint64_t{17}, uint64_t{25}, uint64_t{32 + 10}, size / 3,
                            size / 2, size - 100}) {
    Flip(Wal(), at);
    EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss) << at << " of " << size;
    Flip(Wal(), at);
    EXPECT_EQ(fs::file_size(Wal()), size);
  }
  const auto store = OpenStore(directory_.path());
  EXPECT_THAT(Value(store->log().ReadTurns(kKey, {1, kTurns + 1}, 0)), SizeIs(kTurns));
}

// Without the head, a flip with commits behind it is seen in the write-ahead log itself.
TEST_F(LossTest, AFlipWithCommitsBehindItNeedsNoHead) {
  AppendAndDie();
  fs::remove(directory_.Path("head"));
  Flip(Wal(), fs::file_size(Wal()) / 2);
  EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss);
}

TEST_F(LossTest, ADamagedOrMissingHeadIsSaid) {
  AppendAndDie();
  Flip(directory_.Path("head"), 40);
  EXPECT_THAT(OpenStore(directory_.path())->Notices(), SizeIs(1));
  EXPECT_THAT(OpenStore(directory_.path())->Notices(), IsEmpty());
  fs::remove(directory_.Path("head"));
  EXPECT_THAT(OpenStore(directory_.path())->Notices(), SizeIs(1));
}

struct BadHead {
  std::string name;
  std::string bytes;
};

class DamagedHead : public LossTest, public ::testing::WithParamInterface<BadHead> {
 protected:
  std::string Head() const { return directory_.Path("head"); }
  std::string ReadHead() const {
    std::ifstream file(Head(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Damage() const { std::ofstream(Head(), std::ios::binary) << GetParam().bytes; }
};

TEST_P(DamagedHead, IsSaidAtTheStartAndWrittenAgainAtOnce) {
  AppendAndDie();
  Damage();
  auto store = OpenStore(directory_.path());
  EXPECT_THAT(store->Notices(), ElementsAre(HasSubstr("/head is damaged")));
  EXPECT_EQ(ReadHead().size(), 256U);
  EXPECT_THAT(ReadHead(), HasSubstr("fovea-head-1"));
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
  store.reset();
  EXPECT_THAT(OpenStore(directory_.path())->Notices(), IsEmpty());
}

TEST_P(DamagedHead, IsSaidByVerifyUntilItIsWholeAgain) {
  AppendAndDie();
  const auto store = OpenStore(directory_.path());
  const std::string sound = ReadHead();
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
  Damage();
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Value(store->Verify()).problems, ElementsAre(HasSubstr("/head is damaged")));
  }
  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.mended, ElementsAre(HasSubstr("/head is damaged")));
  EXPECT_THAT(report.left, IsEmpty());
  EXPECT_EQ(ReadHead(), sound);
  // The next commit mends it, too, and so it goes on in a file that is not the one that was open.
  Damage();
  Value(store->log().Append(kKey, Batch({TextTurn("more")})));
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
  fs::remove(Head());
  EXPECT_THAT(Value(store->Verify()).problems, SizeIs(1));
  EXPECT_THAT(Value(store->Repair()).left, IsEmpty());
  Value(store->log().Append(kKey, Batch({TextTurn("more")})));
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Heads, DamagedHead,
                         ::testing::Values(BadHead{"Empty", ""},
                                           BadHead{"Garbage", std::string(256, 'x')},
                                           BadHead{"LongGarbage", std::string(5000, '\0')}),
                         [](const auto& test) { return test.param.name; });

TEST_F(LossTest, AMissingOrEmptyLogBesideItsCachesIsNotReplacedByAnEmptyOne) {
  AppendAndDie();
  fs::remove(Wal());
  fs::remove(directory_.Path("log.db"));
  for (int round = 0; round < 2; ++round) {
    const absl::Status status = Open();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr("log.db is missing or empty"));
    std::ofstream(directory_.Path("log.db")).flush();
  }
  fs::remove(directory_.Path("log.db"));
  fs::remove(directory_.Path("head"));
  EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss) << "the caches are there";
}

TEST_F(LossTest, AnotherLogIsNotServedUnasked) {
  AppendAndDie();
  const TemporaryDirectory other{kInMemory};
  OpenStore(other.path()).reset();
  fs::remove(Wal());
  fs::copy(other.Path("log.db"), directory_.Path("log.db"), fs::copy_options::overwrite_existing);
  const absl::Status status = Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another log"));
}

struct Removal {
  std::string name;
  std::function<void(const std::string& directory)> remove;
};

class RemovedFiles : public ::testing::TestWithParam<Removal> {};

TEST_P(RemovedFiles, StopAcknowledgements) {
  const TemporaryDirectory scratch{kInMemory};
  const std::string directory = scratch.Path("store");
  const auto store = OpenStore(directory);
  Value(store->log().CreateSession(kKey, Session("a")));
  Value(store->log().Append(kKey, Batch({TextTurn("before")})));
  EXPECT_TRUE(store->Writable().ok()) << store->Writable();
  GetParam().remove(directory);
  EXPECT_EQ(store->Writable().code(), absl::StatusCode::kUnavailable);
  const auto after = store->log().Append(kKey, Batch({TextTurn("after")}));
  EXPECT_EQ(Code(after), absl::StatusCode::kUnavailable);
  // And for good: what was put back may be anything.
  fs::create_directories(directory);
  std::ofstream(directory + "/lock").flush();
  EXPECT_EQ(Code(store->log().Append(kKey, Batch({TextTurn("x")}))),
            absl::StatusCode::kUnavailable);
}

INSTANTIATE_TEST_SUITE_P(
    Removals, RemovedFiles,
    ::testing::Values(
        Removal{"TheDirectory", [](const std::string& d) { fs::remove_all(d); }},
        Removal{"TheDirectoryWasMoved", [](const std::string& d) { fs::rename(d, d + ".moved"); }},
        Removal{"TheLock", [](const std::string& d) { fs::remove(d + "/lock"); }},
        Removal{"TheLog", [](const std::string& d) { fs::remove(d + "/log.db"); }},
        Removal{"TheLogWasReplaced",
                [](const std::string& d) {
                  fs::copy(d + "/log.db", d + "/copy");
                  fs::rename(d + "/copy", d + "/log.db");
                }},
        Removal{"TheWriteAheadLog", [](const std::string& d) { fs::remove(d + "/log.db-wal"); }},
        Removal{"TheLogWasCut", [](const std::string& d) { fs::resize_file(d + "/log.db", 0); }},
        Removal{"TheLogLostItsLastPage",
                [](const std::string& d) {
                  fs::resize_file(d + "/log.db", fs::file_size(d + "/log.db") - 4096);
                }},
        Removal{"TheWriteAheadLogWasCut",
                [](const std::string& d) { fs::resize_file(d + "/log.db-wal", 0); }},
        Removal{"TheWriteAheadLogLostAByte",
                [](const std::string& d) {
                  fs::resize_file(d + "/log.db-wal", fs::file_size(d + "/log.db-wal") - 1);
                }}),
    [](const auto& test) { return test.param.name; });

// What was cut is not written over, and the next start says what is lost.
TEST(CutFiles, AreLeftAsTheyAreWhenTheStoreCloses) {
  const TemporaryDirectory directory{kInMemory};
  auto store = OpenStore(directory.path());
  Value(store->log().CreateSession(kKey, Session("a")));
  Value(store->log().Append(kKey, Batch({TextTurn("before")})));
  const uint64_t wal = fs::file_size(directory.Path("log.db-wal"));
  fs::resize_file(directory.Path("log.db"), 0);
  const auto after = store->log().Append(kKey, Batch({TextTurn("after")}));
  EXPECT_THAT(std::string(after.status().message()), HasSubstr("log.db has 0 bytes, but "));
  store.reset();
  EXPECT_EQ(fs::file_size(directory.Path("log.db")), 0U);
  EXPECT_EQ(fs::file_size(directory.Path("log.db-wal")), wal);
  StoreOptions options;
  options.directory = directory.path();
  EXPECT_EQ(Code(MemoryStore::Open(options)), absl::StatusCode::kDataLoss);
}

TEST(Lock, ARemovedLockFileLetsNobodyIn) {
  const TemporaryDirectory directory{kInMemory};
  const auto store = OpenStore(directory.path());
  fs::remove(directory.Path("lock"));
  StoreOptions options;
  options.directory = directory.path();
  EXPECT_EQ(Code(MemoryStore::Open(options)), absl::StatusCode::kFailedPrecondition);
}

void ExecuteOn(const std::string& path, const char* sql) {
  const auto database = Value(sqlite::Database::Open({.path = path}));
  EXPECT_TRUE(database->Execute(sql).ok());
}

struct Tampering {
  std::string name;
  const char* sql;
};

class Tampered : public ::testing::TestWithParam<Tampering> {};

// Every turn still decodes, and all counters are right: only the chain can tell.
TEST_P(Tampered, TurnsAreFoundByTheirChain) {
  const TemporaryDirectory directory{kInMemory};
  {
    const auto store = OpenStore(directory.path());
    Value(store->log().CreateSession(kKey, Session("a")));
    Value(store->log().Append(kKey, Batch(TextTurns({"one", "two", "six", "ten"}))));
    EXPECT_THAT(Value(store->log().Verify()).problems, IsEmpty());
  }
  ExecuteOn(directory.Path("log.db"), GetParam().sql);
  const auto store = OpenStore(directory.path());
  const VerifyReport report = Value(store->log().Verify());
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_THAT(report.problems[0], HasSubstr("session a of tenant t: its turns are not those"));
}

INSTANTIATE_TEST_SUITE_P(
    Tamperings, Tampered,
    ::testing::Values(
        Tampering{"TwoTurnsChangePlaces",
                  "UPDATE turns SET seq = -seq WHERE seq IN (2, 3);"
                  "UPDATE turns SET seq = 5 + seq WHERE seq < 0;"},
        Tampering{"ATurnTakesAnothersText",
                  "UPDATE turns SET body = (SELECT body FROM turns WHERE seq = 1) WHERE seq = 4"}),
    [](const auto& test) { return test.param.name; });

class RepairTest : public ::testing::Test {
 protected:
  RepairTest() {
    const auto store = OpenStore(directory_.path());
    for (const char* id : {"a", "b"}) {
      const SessionKey key = {"t", id};
      Value(store->log().CreateSession(key, Session(id)));
      Value(store->log().Append(key, Batch(TextTurns({"one", "two", "three", "four"}))));
      LogEvent pin;
      pin.turns = {1, 1};
      Value(store->log().AppendEvent(key, pin));
      Value(store->log().AppendEvent(key, pin));
    }
  }
  const TemporaryDirectory directory_{kInMemory};
};

TEST_F(RepairTest, ADamagedTurnFailsAloneAndIsReplacedByANote) {
  ExecuteOn(directory_.Path("log.db"),
            "UPDATE turns SET body = x'01280000' WHERE session = 1 AND seq = 3");
  const auto store = OpenStore(directory_.path());
  const auto read = [&](SeqRange range) { return store->log().ReadTurns(kKey, range, 0); };
  EXPECT_THAT(Value(read({1, 4})), SizeIs(2)) << "as far as it can be read";
  EXPECT_EQ(Code(read({3, 4})), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Value(read({4, 4})), SizeIs(1));
  EXPECT_THAT(Value(store->log().ReadTurns({"t", "b"}, {1, 4}, 0)), SizeIs(4));

  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.left, IsEmpty());
  ASSERT_THAT(report.sessions, SizeIs(1));
  EXPECT_EQ(report.sessions[0], kKey);
  const std::vector<Turn> turns = Value(read({1, 4}));
  ASSERT_THAT(turns, SizeIs(4));
  EXPECT_THAT(TurnText(turns[2]), HasSubstr("turn 3 was damaged on the disk"));
  EXPECT_EQ(TurnText(turns[3]), "four");
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
  EXPECT_THAT(Value(store->Repair()).mended, IsEmpty());
  Value(store->log().DeleteSession(kKey, 0));
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
}

struct Damage {
  std::string name;
  const char* sql;
};

class Mends : public RepairTest, public ::testing::WithParamInterface<Damage> {};

TEST_P(Mends, WhatIsWrongInTheLog) {
  ExecuteOn(directory_.Path("log.db"), GetParam().sql);
  const auto store = OpenStore(directory_.path());
  EXPECT_THAT(Value(store->Verify()).problems, Not(IsEmpty()));
  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.mended, Not(IsEmpty()));
  EXPECT_THAT(report.left, IsEmpty());
  EXPECT_EQ(Value(store->log().GetSession(kKey)).last_seq, 4U);
  EXPECT_THAT(Value(store->log().ReadTurns(kKey, {1, 9}, 0)), SizeIs(4));
  EXPECT_EQ(Value(store->log().Append(kKey, Batch({TextTurn("five")}))).first_seq, 5U);
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Damages, Mends,
    ::testing::Values(
        Damage{"ALostTurn", "DELETE FROM turns WHERE session = 1 AND seq = 2"},
        Damage{"LostTurnsAtTheEnd", "DELETE FROM turns WHERE session = 1 AND seq > 2"},
        Damage{"ANumberTooHigh", "UPDATE turns SET seq = 1026 WHERE session = 1 AND seq = 2"},
        Damage{"ANumberBelowZero", "UPDATE turns SET seq = -2 WHERE session = 1 AND seq = 2"},
        Damage{"ATurnOfAnotherSession",
               "UPDATE turns SET session = 1, seq = 9 WHERE session = 2 AND seq = 4"},
        Damage{"Counters", "UPDATE sessions SET text_bytes = 7, stored_bytes = 8 WHERE row = 1"},
        Damage{"TheLastTurnIsNotCounted", "UPDATE sessions SET last_seq = 3 WHERE row = 1"},
        Damage{"AnImpossibleCount", "UPDATE sessions SET last_seq = 1234567890123 WHERE row = 1"},
        Damage{"ANumberFarOutAndALostTurn",
               "UPDATE turns SET seq = 1000004 WHERE session = 1 AND seq = 4;"
               "DELETE FROM turns WHERE session = 1 AND seq = 2"},
        Damage{"ANumberJustBehindTheEndAndALostTurn",
               "UPDATE turns SET seq = 5 WHERE session = 1 AND seq = 4;"
               "DELETE FROM turns WHERE session = 1 AND seq = 2"},
        Damage{"ACountTooHighAndALostTurn",
               "UPDATE sessions SET last_seq = 65540 WHERE row = 1;"
               "DELETE FROM turns WHERE session = 1 AND seq = 2"},
        Damage{"ACountTooLowAndALostTurn",
               "UPDATE sessions SET last_seq = 2 WHERE row = 1;"
               "DELETE FROM turns WHERE session = 1 AND seq = 3"},
        Damage{"TheChain", "UPDATE sessions SET chain = x'00' WHERE row = 1"},
        Damage{"BytesOfText", "UPDATE turns SET text_bytes = 99 WHERE session = 1 AND seq = 1"},
        Damage{"ALostEvent", "DELETE FROM events WHERE session = 1 AND event_index = 1"},
        Damage{"Orphans",
               "INSERT INTO turns (session, seq, text_bytes, body) VALUES (99, 1, 0, x'')"}),
    [](const auto& test) { return test.param.name; });

TEST_F(RepairTest, TheChainTellsThatNoTurnIsLostWhateverTheCounterSays) {
  for (const char* noted : {"0", "1", "6", "65540", "-4"}) {
    const std::string sql =
        absl::StrCat("UPDATE sessions SET last_seq = ", noted, " WHERE row = 1");
    ExecuteOn(directory_.Path("log.db"), sql.c_str());
    const auto store = OpenStore(directory_.path());
    const std::vector<Turn> before = Value(store->log().ReadTurns(kKey, {1, 9}, 0));
    const RepairReport report = Value(store->Repair());
    EXPECT_THAT(report.left, IsEmpty()) << noted;
    EXPECT_THAT(report.mended, ElementsAre(HasSubstr("kept as"), HasSubstr("counters"))) << noted;
    EXPECT_EQ(Value(store->log().ReadTurns(kKey, {1, 9}, 0)), before) << noted;
    EXPECT_EQ(Value(store->log().GetSession(kKey)).last_seq, 4U) << noted;
  }
}

TEST_F(RepairTest, ATurnFarOutIsSetAsideAndNotesStandForWhatIsMissing) {
  ExecuteOn(directory_.Path("log.db"),
            "UPDATE turns SET seq = 1000004 WHERE session = 1 AND seq = 4;"
            "DELETE FROM turns WHERE session = 1 AND seq = 2");
  const auto store = OpenStore(directory_.path());
  EXPECT_THAT(Value(store->Repair()).left, IsEmpty());
  const std::vector<Turn> turns = Value(store->log().ReadTurns(kKey, {1, 9}, 0));
  ASSERT_THAT(turns, SizeIs(4));
  EXPECT_THAT(TurnText(turns[1]), HasSubstr("turn 2 was lost"));
  EXPECT_EQ(TurnText(turns[2]), "three");
  EXPECT_THAT(TurnText(turns[3]), HasSubstr("turn 4 was lost"));
  const auto database = Value(sqlite::Database::Open(
      {.path = directory_.Path("log.db"), .access = sqlite::DatabaseOptions::Access::kReadOnly}));
  auto query = database->Prepare("SELECT seq FROM damaged_turns WHERE session = 1");
  ASSERT_TRUE(query.ok() && Value(query->Step()));
  EXPECT_EQ(query->IntAt(0), 1000004);
  EXPECT_THAT(Value(store->Repair()).mended, IsEmpty());
}

TEST_F(RepairTest, ARepairThatMendsNothingKeepsNoCopy) {
  ExecuteOn(directory_.Path("log.db"),
            "DELETE FROM turns WHERE session = 1 AND seq = 2;"
            "CREATE TRIGGER refuse BEFORE INSERT ON turns BEGIN SELECT RAISE(ABORT, 'no'); END");
  const auto store = OpenStore(directory_.path());
  ASSERT_NE(store, nullptr);
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(store->Repair().ok());
    EXPECT_FALSE(fs::exists(directory_.Path("log.db.damaged-1")));
  }
}

}  // namespace
}  // namespace fovea::testing
