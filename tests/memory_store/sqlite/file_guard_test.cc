#include "memory_store/sqlite/file_guard.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/memory_store/support.h"

namespace fovea::sqlite {
namespace {

constexpr uint64_t kPageBytes = 512;

class FileGuardTest : public ::testing::Test {
 protected:
  FileGuardTest() { SetBytes("", 8 * kPageBytes); }

  void SetBytes(const char* suffix, uint64_t bytes) {
    std::ofstream(path_ + suffix, std::ios::app).close();
    std::filesystem::resize_file(path_ + suffix, bytes);
  }
  void Write(FileGuard& guard, uint64_t database_bytes) {
    ASSERT_TRUE(guard.Begin().ok());
    SetBytes("", database_bytes);
    ASSERT_TRUE(guard.End(0).ok());
  }
  static bool IsCut(const FileGuard& guard) {
    return guard.Check().code() == absl::StatusCode::kUnavailable;
  }

  TemporaryDirectory directory_{testing::kInMemory};
  const std::string path_ = directory_.Path("a.db");
};

TEST_F(FileGuardTest, AFileMayGrowAndNotBeCutBelowWhatWasWritten) {
  FileGuard guard(path_, kPageBytes);
  EXPECT_TRUE(guard.Check().ok());
  Write(guard, 10 * kPageBytes);
  SetBytes("", 10 * kPageBytes - 1);
  EXPECT_TRUE(IsCut(guard));
  EXPECT_EQ(guard.Begin().code(), absl::StatusCode::kUnavailable);
  SetBytes("", 10 * kPageBytes);
  EXPECT_TRUE(guard.Check().ok());
}

TEST_F(FileGuardTest, WhatWasAnnouncedMayBeCutOnce) {
  FileGuard guard(path_, kPageBytes);
  guard.WillShrinkTo(4 * kPageBytes);
  // It is the checkpoint that cuts it, perhaps not the next write.
  Write(guard, 8 * kPageBytes);
  Write(guard, 4 * kPageBytes);
  EXPECT_TRUE(guard.Check().ok());
  Write(guard, 8 * kPageBytes);
  SetBytes("", 4 * kPageBytes);
  EXPECT_TRUE(IsCut(guard));
}

TEST_F(FileGuardTest, ToStayAsLongAsItIsAnnouncesNothing) {
  FileGuard guard(path_, kPageBytes);
  guard.WillShrinkTo(8 * kPageBytes);
  guard.WillShrinkTo(9 * kPageBytes);
  Write(guard, 12 * kPageBytes);
  SetBytes("", 8 * kPageBytes);
  EXPECT_TRUE(IsCut(guard));
}

TEST_F(FileGuardTest, AWriteThatFindsItCutSaysSo) {
  FileGuard guard(path_, kPageBytes);
  ASSERT_TRUE(guard.Begin().ok());
  EXPECT_TRUE(guard.Check().ok()) << "it may have any length while it is written";
  SetBytes("", 7 * kPageBytes);
  EXPECT_TRUE(guard.Check().ok());
  EXPECT_EQ(guard.End(0).code(), absl::StatusCode::kUnavailable);
}

// A header of 32 bytes, then frames of 24 bytes and a page.
TEST_F(FileGuardTest, TheLogHoldsItsPages) {
  constexpr uint64_t kTwoPages = 32 + 2 * (24 + kPageBytes);
  FileGuard guard(path_, kPageBytes);
  ASSERT_TRUE(guard.Begin().ok());
  SetBytes("-wal", kTwoPages);
  EXPECT_TRUE(guard.End(2).ok());
  SetBytes("-wal", kTwoPages - 1);
  EXPECT_TRUE(IsCut(guard));
  ASSERT_FALSE(guard.Begin().ok());
  SetBytes("-wal", kTwoPages);
  ASSERT_TRUE(guard.Begin().ok());
  SetBytes("-wal", kTwoPages - 1);
  EXPECT_EQ(guard.End(2).code(), absl::StatusCode::kUnavailable);
  SetBytes("-wal", kTwoPages);
  // A checkpoint empties it.
  ASSERT_TRUE(guard.Begin().ok());
  SetBytes("-wal", 0);
  EXPECT_TRUE(guard.End(0).ok());
  EXPECT_TRUE(guard.Check().ok());
}

}  // namespace
}  // namespace fovea::sqlite
