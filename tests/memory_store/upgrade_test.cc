// A store that an older version made is upgraded in place.
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "tests/memory_store/support.h"
#include "tests/support/gzip_file.h"

namespace fovea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr SeqRange kAll = {1, std::numeric_limits<uint64_t>::max()};

// data/store-v1 was written by the memory store of commit 3be32f7 (schema version 1 of every file):
// sessions "first" and "second" (a fork at 43) of tenant "acme", and "first" of "ops".
class Upgrade : public ::testing::Test {
 protected:
  Upgrade() {
    for (const char* name : {"log.db", "index.db", "pages.db", "usage.db"}) {
      const std::string bytes = ReadGzipFile(std::string(FOVEA_SOURCE_DIR) +
                                             "/tests/memory_store/data/store-v1/" + name + ".gz");
      EXPECT_FALSE(bytes.empty());
      std::ofstream(directory_.Path(name), std::ios::binary) << bytes;
    }
  }
  const TemporaryDirectory directory_{kInMemory};
  const SessionKey first_ = {"acme", "first"};
  const SessionKey fork_ = {"acme", "second"};
};

TEST_F(Upgrade, KeepsEverything) {
  for (int round = 0; round < 2; ++round) {
    const auto store = OpenStore(directory_.path());
    ASSERT_NE(store, nullptr);
    EXPECT_THAT(store->Notices(), IsEmpty());
    EXPECT_THAT(Value(store->log().Verify()).problems, IsEmpty());
    const SessionInfo info = Value(store->log().GetSession(first_));
    EXPECT_EQ(info.last_seq, 44U);
    EXPECT_EQ(info.title, "A title");
    EXPECT_EQ(info.event_count, 1U);
    const std::vector<Turn> turns = Value(store->log().ReadTurns(first_, kAll, 0));
    ASSERT_THAT(turns, SizeIs(44));
    EXPECT_EQ(TurnText(turns[0]), "The opening task");
    EXPECT_EQ(TurnText(turns[43]), "the forty-fourth turn");
    std::vector<Turn> copied = Value(store->log().ReadTurns(fork_, kAll, 0));
    ASSERT_THAT(copied, SizeIs(43));
    EXPECT_TRUE(std::equal(copied.begin(), copied.end(), turns.begin()));
    EXPECT_EQ(Value(store->log().GetSession(fork_)).forked_from, "first");
    const auto large = Value(store->log().ReadTurns({"ops", "first"}, kAll, 0));
    EXPECT_EQ(TurnText(large.at(0)).size(), 40'006U);
    EXPECT_EQ(Code(store->log().GetSession({"acme", "gone"})), absl::StatusCode::kNotFound);
    // The first answer to a key is still known.
    const AppendReceipt receipt = Value(store->log().Append(
        first_, KeyedBatch(TextTurns({"The opening task", "needle in a haystack",
                                      "\xE4\xB8\x89\xE7\x95\xAA\xE7\x9B\xAE\xE3\x81\xAE\xE6\x96"
                                      "\x87"}),
                           "key-1", 'x')));
    EXPECT_TRUE(receipt.replayed);
    const SearchAnswer answer =
        Value(store->search().Search(first_, "needle", SearchOrder::kNewestFirst, 5));
    ASSERT_THAT(answer.hits, SizeIs(1));
    EXPECT_EQ(answer.hits[0].seq, 2U);
  }
}

TEST_F(Upgrade, GoesOn) {
  {
    const auto store = OpenStore(directory_.path());
    Value(store->log().Append(first_, Batch({TextTurn("after the upgrade")})));
    Value(store->log().ForkSession(first_, 20, Session("third")));
    Value(store->log().DeleteSession(fork_, 1));
  }
  const auto store = OpenStore(directory_.path());
  EXPECT_THAT(Value(store->log().Verify()).problems, IsEmpty());
  EXPECT_EQ(Value(store->log().GetSession(first_)).last_seq, 45U);
}

}  // namespace
}  // namespace fovea::testing
