// How the indexer shares the machine with appends and searches.
#include "memory_store/sqlite/indexer.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/fts.h"
#include "memory_store/sqlite/index_rows.h"
#include "memory_store/sqlite/schema.h"
#include "tests/memory_store/support.h"

namespace fovea::sqlite {
namespace {

using ::fovea::testing::Value;
using ::testing::ElementsAre;

constexpr int64_t kSession = 1;

// A session without an end. Reading a turn takes its time, and each is a batch of its own.
class EndlessLog final : public LogTail {
 public:
  absl::StatusOr<SessionHead> Head(const SessionRef& /*session*/) override { return head_; }
  absl::StatusOr<std::vector<SessionHead>> Heads() override {
    return std::vector<SessionHead>{head_};
  }
  absl::StatusOr<std::vector<StoredTurn>> ReadStored(int64_t /*row*/, uint64_t first_seq,
                                                     size_t max_bytes) override {
    absl::SleepFor(absl::Milliseconds(10));
    read_ = first_seq;
    return std::vector<StoredTurn>{{first_seq, std::string(max_bytes, 'x')}};
  }
  uint64_t read() const { return read_; }

 private:
  const SessionHead head_ = {.row = kSession, .last_seq = 1'000'000, .chain = {}};
  std::atomic<uint64_t> read_ = 0;
};

class IndexerTest : public ::testing::Test {
 protected:
  absl::Duration TimeUntilRead(uint64_t seq) {
    const absl::Time begun = absl::Now();
    while (log_.read() < seq) absl::SleepFor(absl::Milliseconds(1));
    return absl::Now() - begun;
  }
  std::unique_ptr<Indexer> Start(LogTail* log) {
    const std::string path = directory_.Path("index.db");
    const DatabaseOptions file = {.path = path,
                                  .vfs = "",
                                  .synchronous = DatabaseOptions::Synchronous::kNormal,
                                  .prepare = RegisterFts};
    return Indexer::Start(Value(OpenCache(file, kIndexSchema, "store")), path, log);
  }

  const TemporaryDirectory directory_{testing::kInMemory};
  EndlessLog log_;
};

TEST_F(IndexerTest, LeavesTheMachineToAppendsButNotToThoseWhoSearch) {
  const std::unique_ptr<Indexer> indexer = Start(&log_);
  const absl::Duration alone = TimeUntilRead(20);

  std::atomic<bool> stop = false;
  std::thread appends([&] {
    while (!stop) {
      indexer->Touch(kSession);
      absl::SleepFor(absl::Milliseconds(1));
    }
  });
  // The batch during which appends begin is not followed by a rest of full length.
  TimeUntilRead(log_.read() + 1);
  const absl::Duration beside_appends = TimeUntilRead(log_.read() + 20);

  const absl::Time begun = absl::Now();
  const uint64_t wanted = log_.read() + 20;
  EXPECT_GE(indexer->WaitFor(kSession, wanted, absl::Now() + absl::Minutes(1)), wanted);
  const absl::Duration searched = absl::Now() - begun;
  stop = true;
  appends.join();

  EXPECT_GT(beside_appends, 2 * alone);
  EXPECT_LT(searched, beside_appends / 2);
}

// Sessions of one turn each.
class ShortLog final : public LogTail {
 public:
  explicit ShortLog(std::vector<size_t> turn_bytes) : turn_bytes_(std::move(turn_bytes)) {}

  absl::StatusOr<SessionHead> Head(const SessionRef& /*session*/) override {
    return Heads()->front();
  }
  absl::StatusOr<std::vector<SessionHead>> Heads() override {
    std::vector<SessionHead> heads;
    for (size_t i = 0; i < turn_bytes_.size(); ++i) {
      heads.push_back({.row = static_cast<int64_t>(i) + 1, .last_seq = 1, .chain = {}});
    }
    return heads;
  }
  absl::StatusOr<std::vector<StoredTurn>> ReadStored(int64_t row, uint64_t first_seq,
                                                     size_t max_bytes) override {
    if (first_seq > 1) return std::vector<StoredTurn>();
    asked_.push_back(max_bytes);
    return std::vector<StoredTurn>{{1, std::string(turn_bytes_.at(row - 1), 'x')}};
  }
  // Bytes that were asked for, by one thread.
  const std::vector<size_t>& asked() const { return asked_; }

 private:
  const std::vector<size_t> turn_bytes_;
  std::vector<size_t> asked_;
};

TEST_F(IndexerTest, ManyShortSessionsShareABatch) {
  ShortLog log({100, 20, 3, 50});
  const std::unique_ptr<Indexer> indexer = Start(&log);
  for (int64_t row = 1; row <= 4; ++row) {
    EXPECT_EQ(indexer->WaitFor(row, 1, absl::Now() + absl::Minutes(1)), 1U);
  }
  ASSERT_GT(log.asked().size(), 0U);
  const size_t batch = log.asked()[0];
  EXPECT_THAT(log.asked(), ElementsAre(batch, batch - 100, batch - 120, batch - 123));
}

}  // namespace
}  // namespace fovea::sqlite
