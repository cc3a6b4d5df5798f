// An index that proves damaged while it is in use.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "absl/time/clock.h"
#include "memory_store/memory_store.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

TEST(DamagedIndex, IsBuiltAgainWithoutAStart) {
  const TemporaryDirectory directory{kInMemory};
  const std::unique_ptr<MemoryStore> store = OpenStore(directory.path());
  const SessionKey key = {"t", "a"};
  Value(store->log().CreateSession(key, Session("a")));
  Value(store->log().Append(key, Batch(TextTurns({"one", "two"}))));
  const auto search = [&] {
    return store->search().Search(key, "two", SearchOrder::kRelevance, 9);
  };
  // The index follows the log, and is built again beside those who ask.
  const auto finds = [&](size_t hits) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (absl::Now() < deadline) {
      const auto found = search();
      if (found.ok() && found->hits.size() == hits) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  };
  EXPECT_TRUE(finds(1));

  sqlite3* intruder = nullptr;
  ASSERT_EQ(sqlite3_open(directory.Path("index.db").c_str(), &intruder), SQLITE_OK);
  sqlite3_busy_timeout(intruder, 10'000);
  ASSERT_EQ(
      sqlite3_exec(intruder, "UPDATE turns_data SET block = x'00000000ffff7f0101' WHERE id = 10",
                   nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(intruder);
  EXPECT_EQ(Code(search()), absl::StatusCode::kUnavailable);

  EXPECT_TRUE(finds(1));
  Value(store->log().Append(key, Batch(TextTurns({"two again"}))));
  EXPECT_TRUE(finds(2));
}

}  // namespace
}  // namespace fovea::testing
