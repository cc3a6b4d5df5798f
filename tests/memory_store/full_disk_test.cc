// A store on a disk that is full opens, and what it holds can be deleted. On a small disk of its
// own, which only root can mount: skipped for others.
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kReserve = uint64_t{32} << 20;
const SessionKey kKept = {"t", "kept"};
const SessionKey kGone = {"t", "gone"};

class FullDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    mounted_ = mount("fovea-test", scratch_.path().c_str(), "tmpfs", 0, "size=88m") == 0;
    if (mounted_) return;
    const std::string why = absl::StrCat("NOT TESTED: a full disk. It takes a mount of a tmpfs, ",
                                         "which failed: ", strerror(errno));
    std::cerr << why << "\n";
    GTEST_SKIP() << why;
  }
  void TearDown() override {
    if (mounted_) umount2(scratch_.path().c_str(), MNT_DETACH);
  }

  std::string Directory() const { return scratch_.Path("store"); }
  std::string Path(const char* name) const { return absl::StrCat(Directory(), "/", name); }
  absl::StatusOr<std::unique_ptr<MemoryStore>> Open(uint64_t reserve = kReserve) const {
    StoreOptions options;
    options.directory = Directory();
    options.reserve_bytes = reserve;
    return MemoryStore::Open(std::move(options));
  }
  // A picture, so that the index does not grow, in its own time, into what is freed.
  static AppendBatch Noise(std::mt19937_64& random, size_t bytes) {
    Turn turn;
    turn.role = Role::kUser;
    turn.parts.emplace_back(ImagePart{"image/png", RandomText(random, bytes)});
    return Batch({turn});
  }
  static std::string RandomText(std::mt19937_64& random, size_t bytes) {
    std::string text(bytes, ' ');
    for (char& one : text) one = static_cast<char>('!' + random() % 90);
    return text;
  }
  // Appends until the disk refuses, and takes what is still free.
  static bool FillLog(MemoryStore& store) {
    std::mt19937_64 random(1);
    bool made = true;
    for (const SessionKey& key : {kKept, kGone}) {
      made = made && store.log().CreateSession(key, Session(key.session_id)).ok() &&
             store.log().Append(key, Noise(random, 300'000)).ok();
    }
    absl::StatusOr<AppendReceipt> last = AppendReceipt();
    while (last.ok()) last = store.log().Append(kGone, Noise(random, 500'000));
    return made && absl::IsResourceExhausted(last.status());
  }
  void FillRest() const {
    std::ofstream filler(scratch_.Path("filler"), std::ios::app | std::ios::binary);
    const std::string block(512, 'x');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) continue;
    EXPECT_EQ(fs::space(scratch_.path()).available, 0U);
  }
  // A store as FillLog leaves it, of a process that was killed or ended well.
  void FillAndEnd(bool killed, uint64_t reserve = kReserve) const {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = Open(reserve);
      const bool filled = store.ok() && FillLog(**store);
      if (!killed) store->reset();
      _exit(filled ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    FillRest();
  }
  void ExpectDeletionHelps(MemoryStore& store) {
    std::mt19937_64 random(2);
    // Less than the reserve is free.
    absl::StatusOr<AppendReceipt> last = AppendReceipt();
    for (uint64_t bytes = 0; bytes < kReserve && last.ok(); bytes += 500'000) {
      last = store.log().Append(kGone, Noise(random, 500'000));
    }
    EXPECT_EQ(Code(last), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(store.Writable().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(Value(store.log().ReadTurns(kKept, {1, 9}, 0)).size(), 1U);
    Value(store.log().DeleteSession(kGone, 1));
    // The write-ahead log needs room before it can take what fits into the freed pages.
    fs::remove(scratch_.Path("filler"));
    Value(store.log().Append(kKept, Noise(random, 300'000)));
    EXPECT_TRUE(store.Writable().ok()) << store.Writable();
    EXPECT_THAT(Value(store.Verify()).problems, IsEmpty());
  }

  const TemporaryDirectory scratch_{kInMemory};
  bool mounted_ = false;
};

TEST_F(FullDiskTest, OpensAfterACleanEnd) {
  FillAndEnd(/*killed=*/false);
  const auto store = Value(Open());
  ASSERT_NE(store, nullptr);
  EXPECT_GT(fs::file_size(Path("reserve")), kReserve / 2) << "appends would take it";
  ExpectDeletionHelps(*store);
}

TEST_F(FullDiskTest, OpensAfterAKill) {
  FillAndEnd(/*killed=*/true);
  const auto store = Value(Open());
  ASSERT_NE(store, nullptr);
  ExpectDeletionHelps(*store);
}

TEST_F(FullDiskTest, OpensAgainAndAgain) {
  FillAndEnd(/*killed=*/false);
  for (int round = 0; round < 5; ++round) {
    ASSERT_NE(Value(Open()), nullptr) << round;
    FillRest();
  }
  ExpectDeletionHelps(*Value(Open()));
}

TEST_F(FullDiskTest, CachesGoWhereThereIsNoReserve) {
  std::mt19937_64 random(4);
  {
    const auto store = Value(Open(/*reserve=*/0));
    Value(store->log().CreateSession(kKept, Session(kKept.session_id)));
    Value(store->log().Append(kKept, Batch({TextTurn(RandomText(random, 1'000'000))})));
    Value(store->log().Append(kKept, Batch({TextTurn("the needle")})));
    SearchQuery query;
    query.text = "needle";
    EXPECT_EQ(FindWhenIndexed(*store, kKept, query).hits.size(), 1U);
  }
  ASSERT_GT(fs::file_size(Path("index.db")), 500'000U);
  FillRest();
  const auto store = Value(Open(/*reserve=*/0));
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(Value(store->log().ReadTurns(kKept, {1, 9}, 0)).size(), 2U);
}

TEST_F(FullDiskTest, WhatCannotBeOpenedIsNamedAndStaysAsItIs) {
  std::mt19937_64 random(3);
  {
    const auto store = Value(Open(/*reserve=*/0));
    Value(store->log().CreateSession(kKept, Session(kKept.session_id)));
    Value(store->log().Append(kKept, Noise(random, 300'000)));
  }
  for (const char* name : {"index.db", "pages.db", "views.db"}) fs::remove(Path(name));
  FillRest();
  const absl::Status status = Open(/*reserve=*/0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr(Directory()), HasSubstr(".db cannot be opened, since its disk is full"),
            HasSubstr("start again")));
  fs::remove(scratch_.Path("filler"));
  EXPECT_EQ(Value(Value(Open(/*reserve=*/0))->log().ReadTurns(kKept, {1, 9}, 0)).size(), 1U);
}

}  // namespace
}  // namespace fovea::testing
