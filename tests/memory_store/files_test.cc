// The small parts that look after files: what they take, keep and copy.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "memory_store/dense_script.h"
#include "memory_store/head_file.h"
#include "memory_store/memory_store.h"
#include "memory_store/reserve.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/file_size.h"
#include "memory_store/sqlite/log_transfer.h"
#include "memory_store/sqlite/read_pool.h"
#include "memory_store/sqlite/sqlite_log_store.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(Reserve, IsAllThereUntilItIsReleased) {
  const TemporaryDirectory directory{kInMemory};
  const std::string path = directory.Path("reserve");
  Reserve reserve(path, 200'000);
  reserve.Keep();
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(std::filesystem::file_size(path), 200'000U);
  reserve.Keep();
  EXPECT_EQ(std::filesystem::file_size(path), 200'000U);
  reserve.Release();
  EXPECT_FALSE(std::filesystem::exists(path));
  Reserve(path, 0).Keep();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Reserve, TakesWhatFitsAndKeepsTheLessThatItHas) {
  const TemporaryDirectory directory{kInMemory};
  const std::string path = directory.Path("reserve");
  Reserve(path, 64 << 10).KeepWhatFits();
  EXPECT_EQ(std::filesystem::file_size(path), 64U << 10);
  // Too much for any disk: what was held stays, and nothing is begun where nothing was.
  Reserve huge(path, uint64_t{1} << 62);
  huge.Keep();
  EXPECT_EQ(std::filesystem::file_size(path), 64U << 10);
  huge.Release();
  huge.Keep();
  EXPECT_FALSE(std::filesystem::exists(path));
}

// Who opens a pipe as a file waits for whoever holds its other end.
TEST(Pipes, InTheDirectoryAreRefusedAtOnce) {
  for (const char* name : {"head", "reserve", "lock", "log.db", "log.db-journal", "pages.db-wal",
                           "index.db.discard", "backup"}) {
    const TemporaryDirectory directory{kInMemory};
    ASSERT_EQ(mkfifo(directory.Path(name).c_str(), 0600), 0);
    const auto store = MemoryStore::Open({.directory = directory.path()});
    EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition) << name;
    EXPECT_THAT(std::string(store.status().message()), ::testing::HasSubstr(directory.Path(name)));
  }
}

TEST(Pipes, ThatComeLaterHoldNobodyUp) {
  const TemporaryDirectory directory{kInMemory};
  ASSERT_EQ(mkfifo(directory.Path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(HeadFile::Read(directory.Path("pipe")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(HeadFile::Open(directory.Path("pipe")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Reserve(directory.Path("pipe"), 1'000).Keep();
  EXPECT_TRUE(std::filesystem::is_fifo(directory.Path("pipe")));
}

TEST(Links, AreNotWrittenThrough) {
  const TemporaryDirectory directory{kInMemory};
  std::ofstream(directory.Path("precious")) << "precious";
  std::filesystem::create_symlink(directory.Path("precious"), directory.Path("link"));
  EXPECT_EQ(HeadFile::Open(directory.Path("link")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Reserve(directory.Path("link"), 1'000).Keep();
  EXPECT_EQ(std::filesystem::file_size(directory.Path("precious")), 8U);
}

TEST(DatabaseBytes, CountsTheFileAndItsWriteAheadLog) {
  const TemporaryDirectory directory{kInMemory};
  const std::string path = directory.Path("a.db");
  EXPECT_EQ(sqlite::DatabaseBytes(path), 0U);
  std::ofstream(path) << std::string(1'000, 'a');
  EXPECT_EQ(sqlite::DatabaseBytes(path), 1'000U);
  std::ofstream(path + "-wal") << std::string(5'000, 'b');
  EXPECT_EQ(sqlite::DatabaseBytes(path), 6'000U);
}

TEST(LogSource, GivesAsManyTurnsAsAreAskedFor) {
  const TemporaryDirectory directory{kInMemory};
  const SessionKey key = {"t", "s"};
  sqlite::LogStoreOptions options;
  options.path = directory.Path("log.db");
  options.now_us = [] { return int64_t{1}; };
  const auto store = Value(sqlite::SqliteLogStore::Open(options));
  Value(store->CreateSession(key, Session("s")));
  Value(store->Append(key, Batch(TextTurns({"one", "two", "three", "four"}))));
  Value(store->Backup(directory.Path("copy")));
  const auto source = Value(sqlite::LogSource::Open(directory.Path("copy")));
  const auto sessions = Value(source->Sessions());
  ASSERT_THAT(sessions, SizeIs(1));
  EXPECT_THAT(Value(source->ReadTurns(sessions[0], 1, 1 << 20)), SizeIs(4));
  EXPECT_THAT(Value(source->ReadTurns(sessions[0], 2, 1)), SizeIs(1));
  EXPECT_THAT(Value(source->ReadTurns(sessions[0], 5, 1 << 20)), SizeIs(0));
}

// A thread that is woken finds the connection gone again, and goes on waiting.
TEST(ReadPool, EveryoneGetsAConnectionInTheEnd) {
  const TemporaryDirectory directory{kInMemory};
  const std::string path = directory.Path("a.db");
  const auto writer = Value(sqlite::Database::Open({.path = path}));
  const auto pool = Value(sqlite::ReadPool::Open({.path = path}, 1));
  std::atomic<int> borrowed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2'000; ++n) {
        const auto lease = pool->BorrowBefore(absl::InfiniteFuture());
        if (!lease.has_value()) return;
        ++borrowed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(borrowed, 8 * 2'000);
  const auto held = pool->Borrow();
  EXPECT_FALSE(pool->BorrowBefore(absl::Now() + absl::Milliseconds(5)).has_value());
}

std::vector<std::string> Pieces(std::string_view token) {
  std::vector<std::string> pieces;
  CutToken(token, [&](std::string_view piece, PieceKind kind) {
    const char* const name = kind == PieceKind::kWord     ? "word "
                             : kind == PieceKind::kSingle ? "single "
                             : kind == PieceKind::kPair   ? "pair "
                                                          : "last ";
    pieces.push_back(name + std::string(piece));
    return true;
  });
  return pieces;
}

TEST(CutToken, GivesPairsOfADenseScriptAndWordsOfOthers) {
  EXPECT_THAT(Pieces("word"), ElementsAre("word word"));
  EXPECT_THAT(Pieces("日"), ElementsAre("single 日"));
  EXPECT_THAT(Pieces("日本語"), ElementsAre("pair 日本", "pair 本語", "last 語"));
  // Of three and of four bytes.
  EXPECT_THAT(Pieces("日𠮷本"), ElementsAre("pair 日𠮷", "pair 𠮷本", "last 本"));
  EXPECT_THAT(Pieces("ab日本cd"), ElementsAre("word ab", "pair 日本", "last 本", "word cd"));
}

}  // namespace
}  // namespace fovea::testing
