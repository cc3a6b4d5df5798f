// A log of which one bit is damaged, which no read meets as an error: what repair finds all the
// same, and what it keeps of the rest.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "memory_store/sqlite/database.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint64_t kPageBytes = 4096;

class SilentDamageTest : public ::testing::Test {
 protected:
  static constexpr int kSessions = 40;
  static constexpr uint64_t kEach = 8;

  SilentDamageTest() {
    const auto store = OpenStore(directory_.path());
    std::mt19937_64 random(5);
    for (int i = 0; i < kSessions; ++i) {
      Value(store->log().CreateSession(Key(i), Session(Key(i).session_id)));
    }
    // The last commit is of a session that no test damages: without it, the log is not served.
    for (int i = kSessions - 1; i >= 0; --i) {
      Value(store->log().Append(Key(i), Batch(RandomTurns(random, kEach, 100))));
    }
    for (int i = 0; i < kSessions; ++i) {
      turns_.push_back(Value(store->log().ReadTurns(Key(i), {1, kEach}, 0)));
    }
  }

  static SessionKey Key(int i) { return {"tenant1", absl::StrCat("private", i)}; }
  std::string Log() const { return directory_.Path("log.db"); }
  std::string ReadLog() const {
    std::ifstream file(Log(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void WriteLog(const std::string& bytes) const {
    std::ofstream(Log(), std::ios::binary | std::ios::trunc) << bytes;
  }
  uint64_t RootOf(const char* table) const {
    const auto database = Value(sqlite::Database::Open({.path = Log()}));
    auto query = database->Prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?1");
    EXPECT_TRUE(query.ok() && Value(query->Text(table).Step()));
    return (query->UnsignedAt(0) - 1) * kPageBytes;
  }
  // Flips the highest bit of the number of cells.
  void HideCells(const char* table, bool first_leaf) {
    uint64_t page = RootOf(table);
    std::string bytes = ReadLog();
    const auto number = [&](uint64_t at, int size) {
      uint64_t value = 0;
      for (int i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
      return value;
    };
    if (first_leaf && bytes[page] == 5) {
      page = (number(page + number(page + 12, 2), 4) - 1) * kPageBytes;
    }
    const uint64_t cells = number(page + 3, 2);
    ASSERT_GT(cells, 1U);
    const uint64_t left = cells & ~std::bit_floor(cells);
    bytes[page + 3] = static_cast<char>(left >> 8);
    bytes[page + 4] = static_cast<char>(left);
    WriteLog(bytes);
    damaged_ = std::move(bytes);
  }
  // Every turn that was damaged is in the copy.
  void ExpectTheLogAsItWasIsKept(const RepairReport& report) const {
    EXPECT_THAT(report.mended, Contains(HasSubstr("kept as " + Log() + ".damaged-1")));
    std::ifstream file(Log() + ".damaged-1", std::ios::binary);
    const std::string kept{std::istreambuf_iterator<char>(file), {}};
    ASSERT_EQ(kept.size(), damaged_.size());
    // But for counters in the header, page by page the same.
    EXPECT_TRUE(kept.substr(100) == damaged_.substr(100));
  }

  const TemporaryDirectory directory_{kInMemory};
  std::vector<std::vector<Turn>> turns_;
  std::string damaged_;
};

TEST_F(SilentDamageTest, SessionsThatTheirTableLostComeBackFromItsIndexes) {
  HideCells("sessions", true);
  const auto store = OpenStore(directory_.path());
  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.left, IsEmpty());
  EXPECT_THAT(report.mended, Contains(HasSubstr("made again from the indexes")));
  ExpectTheLogAsItWasIsKept(report);
  for (int i = 0; i < kSessions; ++i) {
    EXPECT_EQ(Value(store->log().ReadTurns(Key(i), {1, kEach}, 0)), turns_[i]);
  }
}

class HiddenTurns : public SilentDamageTest, public ::testing::WithParamInterface<bool> {};

TEST_P(HiddenTurns, AreInTheCopyThatIsKept) {
  HideCells("turns", GetParam());
  const auto store = OpenStore(directory_.path());
  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.left, IsEmpty());
  ExpectTheLogAsItWasIsKept(report);
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(Pages, HiddenTurns, ::testing::Bool());

TEST_F(SilentDamageTest, ASessionWhoseTenantIsDamagedStaysItsOwners) {
  for (const char* found : {"tenant1private7", "tenant1private9"}) {
    const bool tenant = absl::StrContains(found, "private7");
    std::string bytes = ReadLog();
    const size_t at = bytes.find(found, RootOf("sessions"));
    ASSERT_NE(at, std::string::npos);
    bytes[at + (tenant ? 6 : 14)] ^= 2;
    WriteLog(bytes);
  }
  const auto store = OpenStore(directory_.path());
  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.left, IsEmpty());
  for (const int i : {7, 9}) {
    EXPECT_THAT(report.mended, Contains(HasSubstr(absl::StrCat(
                                   "session private", i, " of tenant tenant1: its tenant or"))));
    EXPECT_EQ(Value(store->log().ReadTurns(Key(i), {1, kEach}, 0)), turns_[i]);
  }
  EXPECT_EQ(Code(store->log().GetSession({"tenant3", "private7"})), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(store->log().GetSession({"tenant1", "private;"})), absl::StatusCode::kNotFound);
  EXPECT_TRUE(fs::exists(Log() + ".damaged-1"));
}

TEST_F(SilentDamageTest, ASessionOfWhichItCannotBeToldWhoseItIsIsSeenByNobody) {
  // All three places differ.
  std::string bytes = ReadLog();
  const size_t in_table = bytes.find("tenant1private7", RootOf("sessions"));
  const size_t in_index = bytes.find("tenant1private7", RootOf("sqlite_autoindex_sessions_1"));
  ASSERT_NE(in_table, in_index);
  bytes[in_table + 6] ^= 2;
  bytes[in_index + 6] ^= 4;
  WriteLog(bytes);
  const auto store = OpenStore(directory_.path());
  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.left, IsEmpty());
  EXPECT_THAT(report.mended, Contains(HasSubstr("whose it is cannot be told")));
  EXPECT_THAT(report.mended, Contains(HasSubstr("8 turns of sessions that are not there were set "
                                                "aside")));
  for (const char* tenant : {"tenant1", "tenant3", "tenant5"}) {
    EXPECT_EQ(Code(store->log().GetSession({tenant, "private7"})), absl::StatusCode::kNotFound);
  }
  const auto database = Value(sqlite::Database::Open(
      {.path = Log(), .access = sqlite::DatabaseOptions::Access::kReadOnly}));
  auto query = database->Prepare("SELECT COUNT(*) FROM damaged_turns WHERE session = 8");
  EXPECT_TRUE(query.ok() && Value(query->Step()));
  EXPECT_EQ(query->UnsignedAt(0), kEach);
}

TEST_F(SilentDamageTest, ASessionWhoseNumberIsDamagedKeepsItsTurns) {
  std::string bytes = ReadLog();
  // In a cell, the number stands behind the payload's length, and the names behind 18 bytes or more
  // of the record's header.
  const size_t name = bytes.find("tenant1private7", RootOf("sessions"));
  ASSERT_NE(name, std::string::npos);
  size_t number = name - 18;
  while (bytes[number] != 8 || bytes[number + 1] < 18) --number;
  ASSERT_LT(name - number, 40U);
  bytes[number] ^= 64;
  WriteLog(bytes);
  const auto store = OpenStore(directory_.path());
  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.left, IsEmpty());
  EXPECT_THAT(report.mended, Contains(HasSubstr("its number was damaged")));
  for (int i = 0; i < kSessions; ++i) {
    EXPECT_EQ(Value(store->log().ReadTurns(Key(i), {1, kEach}, 0)), turns_[i]);
  }
}

TEST_F(SilentDamageTest, WhatCannotBeKeptIsNotRepaired) {
  HideCells("turns", true);
  const auto store = OpenStore(directory_.path());
  struct rlimit usual = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &usual), 0);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {.rlim_cur = damaged_.size() / 2, .rlim_max = usual.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status refused = store->Repair().status();
  setrlimit(RLIMIT_FSIZE, &usual);
  std::signal(SIGXFSZ, ignored);
  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.message()), HasSubstr("nothing was repaired"));
  for (const auto& entry : fs::directory_iterator(directory_.path())) {
    const std::string name = entry.path().filename().string();
    EXPECT_THAT(name, Not(HasSubstr("damaged")));
    EXPECT_THAT(name, Not(HasSubstr("staging")));
  }
  EXPECT_TRUE(ReadLog() == damaged_);
}

TEST_F(SilentDamageTest, ARepairThatIsKilledLeavesNoHalfCopyUnderAFinalName) {
  HideCells("turns", true);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto store = OpenStore(directory_.path());
    // The write that would reach behind half of the copy kills.
    const struct rlimit small = {.rlim_cur = damaged_.size() / 2, .rlim_max = RLIM_INFINITY};
    std::signal(SIGXFSZ, SIG_DFL);
    setrlimit(RLIMIT_FSIZE, &small);
    store->Repair().IgnoreError();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(fs::exists(Log() + ".damaged-1"));
  const auto store = OpenStore(directory_.path());
  for (const auto& entry : fs::directory_iterator(directory_.path())) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("staging")));
  }
  ExpectTheLogAsItWasIsKept(Value(store->Repair()));
}

}  // namespace
}  // namespace fovea::testing
