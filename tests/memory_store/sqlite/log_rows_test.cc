#include "memory_store/sqlite/log_rows.h"

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "tests/memory_store/support.h"
#include "tests/support/random_letters.h"

namespace fovea::sqlite {
namespace {

using ::testing::ElementsAre;
using testing::Value;

int PagesRead(Database& database) {
  int read = 0;
  int most = 0;
  sqlite3_db_status(database.handle(), SQLITE_DBSTATUS_CACHE_MISS, &read, &most, /*resetFlg=*/1);
  return read;
}

TEST(ScanBodiesTest, WhatIsLargeIsNotRead) {
  const TemporaryDirectory directory{testing::kInMemory};
  {
    std::mt19937 random(1);
    const std::string large = testing::RandomLetters(random, 8 << 20);
    const auto store = testing::OpenStore(directory.path());
    Value(store->log().CreateSession({"t", "a"}, testing::Session("a")));
    Value(store->log().Append({"t", "a"}, testing::Batch(testing::TextTurns({"1", large, "3"}))));
  }
  const auto log = Value(Database::Open(
      {.path = directory.Path("log.db"), .access = DatabaseOptions::Access::kReadOnly}));
  PagesRead(*log);
  std::vector<uint64_t> seqs;
  const auto scan = [&](uint64_t max_body_bytes) {
    seqs.clear();
    EXPECT_TRUE(
        ScanBodies(*log, 1, {1, 9}, max_body_bytes,
                   [&](uint64_t seq, std::optional<std::string_view> body) -> absl::StatusOr<bool> {
                     if (body) seqs.push_back(seq);
                     return true;
                   })
            .ok());
    return PagesRead(*log);
  };
  EXPECT_LT(scan(1 << 20), 20);
  EXPECT_THAT(seqs, ElementsAre(1, 3));
  EXPECT_GT(scan(8 << 20), 100);
  EXPECT_THAT(seqs, ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace fovea::sqlite
