#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "memory_store/sqlite/database.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SearchIndexTest : public ::testing::Test {
 protected:
  SearchIndexTest() { Reopen(); }
  void Reopen() {
    store_.reset();
    store_ = OpenStore(directory_.path());
  }
  SessionKey Make(const std::string& id, const std::vector<std::string>& texts) {
    SessionKey key = {"t", id};
    Value(store_->log().CreateSession(key, Session(id)));
    if (!texts.empty()) Value(store_->log().Append(key, Batch(TextTurns(texts))));
    return key;
  }
  SearchAnswer Search(const SessionKey& key, const std::string& query,
                      SearchOrder order = SearchOrder::kNewestFirst, int limit = 200) {
    return FindWhenIndexed(*store_, key, {.text = query, .order = order, .limit = limit});
  }
  std::vector<uint64_t> Seqs(const SessionKey& key, const std::string& query,
                             SearchOrder order = SearchOrder::kNewestFirst, int limit = 200) {
    std::vector<uint64_t> seqs;
    for (const SearchHit& hit : Search(key, query, order, limit).hits) seqs.push_back(hit.seq);
    return seqs;
  }
  // Whether the bytes are anywhere in the index's files.
  bool InFiles(const std::string& needle) {
    for (const char* name : {"index.db", "index.db-wal"}) {
      std::ifstream file(directory_.Path(name), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      if (bytes.find(needle) != std::string::npos) return true;
    }
    return false;
  }

  TemporaryDirectory directory_{kInMemory};
  std::unique_ptr<MemoryStore> store_;
};

TEST_F(SearchIndexTest, DeletedSessionsAreNotFoundAndTheirWordsGo) {
  const std::string word = "xyzzyquux";
  const SessionKey key = Make("a", {word});
  const SessionKey other = Make("b", {"stays"});
  EXPECT_THAT(Seqs(key, word), SizeIs(1));
  EXPECT_TRUE(InFiles(word));
  Value(store_->log().DeleteSession(key, 0));
  EXPECT_EQ(Code(store_->search().Search(key, word, SearchOrder::kNewestFirst, 10)),
            absl::StatusCode::kNotFound);
  Make("a", {"new"});
  EXPECT_THAT(Seqs(key, word), IsEmpty());
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (InFiles(word) && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_FALSE(InFiles(word));
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(1));
}

// The receipt may come with the last of the words, or the words may be waited for.
TEST_F(SearchIndexTest, TheLastWordOfADeletedSessionCanBeWaitedFor) {
  const std::string word = "xyzzyquux";
  const SessionKey key = Make("a", std::vector<std::string>(300, "some words and " + word));
  const SessionKey other = Make("b", {"stays"});
  EXPECT_THAT(Seqs(key, word), SizeIs(200));
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(1));
  const DeletionReceipt receipt = Value(store_->log().DeleteSession(key, 0));
  EXPECT_TRUE(store_->WaitUntilErased(receipt, absl::Now() + absl::Seconds(20)));
  EXPECT_FALSE(InFiles(word));
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(1));
}

// What a stop interrupts goes on at the next start.
TEST_F(SearchIndexTest, DeletedWordsGoAfterAStopRightBehindTheReceipt) {
  const std::string word = "xyzzyquux";
  for (int round = 0; round < 4; ++round) {
    const SessionKey key = Make("a", std::vector<std::string>(500, "some words and " + word));
    EXPECT_THAT(Seqs(key, word), SizeIs(200));
    const DeletionReceipt receipt = Value(store_->log().DeleteSession(key, 0));
    absl::SleepFor(absl::Milliseconds(round));
    Reopen();
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (InFiles(word) && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
    EXPECT_FALSE(InFiles(word)) << round;
    EXPECT_TRUE(store_->WaitUntilErased(receipt, deadline));
  }
}

// FTS5 has no more than 2,000 levels for pieces, and a deletion takes two where more text stays.
TEST_F(SearchIndexTest, AThousandDeletionsLeaveTheIndexWhole) {
  std::vector<std::string> stays(10);
  for (int i = 0; i < 2'000; ++i) absl::StrAppend(&stays[i % 10], "stays ", i * 7'919, " ");
  const SessionKey other = Make("b", stays);
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(10));
  for (int round = 0; round < 1'100; ++round) {
    const SessionKey key = Make("a", {absl::StrCat("goes ", round)});
    ASSERT_THAT(Seqs(key, "goes"), SizeIs(1)) << round;
    const DeletionReceipt receipt = Value(store_->log().DeleteSession(key, 0));
    ASSERT_TRUE(store_->WaitUntilErased(receipt, absl::Now() + absl::Seconds(20))) << round;
  }
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(10));
  EXPECT_FALSE(InFiles("goes"));
  EXPECT_FALSE(std::filesystem::exists(directory_.Path("index.db-discard"))) << "it was damaged";
}

TEST_F(SearchIndexTest, NobodyWaitsForASearchPastItsDeadline) {
  const SessionKey key = Make("a", {"x"});
  Search(key, "x");
  EXPECT_EQ(Code(store_->search().Find(key, {.text = "x", .deadline = absl::Now()})),
            absl::StatusCode::kDeadlineExceeded);
  Value(store_->log().Append(key, Batch(std::vector<Turn>(5000, TextTurn("many words here")))));
  Search(key, "words");
  EXPECT_EQ(Code(store_->search().Find(key, {.text = "words many here",
                                             .order = SearchOrder::kRelevance,
                                             .cancelled = [] { return true; }})),
            absl::StatusCode::kCancelled);
}

// What the disk refused is tried again without anybody asking for it.
TEST_F(SearchIndexTest, GoesOnWhereTheDiskRefused) {
  const SessionKey key = Make("a", {"one"});
  Search(key, "one");
  const auto intruder = Value(sqlite::Database::Open({.path = directory_.Path("index.db")}));
  ASSERT_TRUE(intruder->Execute("BEGIN IMMEDIATE").ok());
  Value(store_->log().Append(key, Batch({TextTurn("two")})));
  absl::SleepFor(absl::Milliseconds(400));  // longer than the indexer waits for a lock
  ASSERT_TRUE(intruder->Execute("COMMIT").ok());
  constexpr char kThroughSql[] = "SELECT MAX(through_seq) FROM progress";
  uint64_t through = 0;
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (through < 2 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(20));
    auto query =
        Value(sqlite::Database::Open({.path = directory_.Path("index.db"),
                                      .access = sqlite::DatabaseOptions::Access::kReadOnly}));
    auto rows = query->Prepare(kThroughSql);
    if (rows.ok() && rows->Step().value_or(false)) through = rows->UnsignedAt(0);
  }
  EXPECT_EQ(through, 2U);
}

TEST_F(SearchIndexTest, IsMadeAgainIfItIsMissingOrDamaged) {
  const SessionKey key = Make("a", {"one", "two"});
  const std::string path = directory_.Path("index.db");
  for (const bool remove : {true, false}) {
    EXPECT_THAT(Seqs(key, "two"), ElementsAre(2));
    store_.reset();
    if (remove) {
      std::filesystem::remove(path);
    } else {
      std::ofstream(path, std::ios::trunc) << std::string(50'000, 'x');
    }
    Reopen();
    EXPECT_THAT(Seqs(key, "two"), ElementsAre(2));
  }
}

TEST_F(SearchIndexTest, FollowsAnOlderLogThatWasPutBack) {
  const SessionKey key = Make("a", {"one"});
  store_.reset();
  std::filesystem::copy(directory_.Path("log.db"), directory_.Path("backup"));
  Reopen();
  Value(store_->log().Append(key, Batch({TextTurn("lost")})));
  const SessionKey gone = Make("b", {"gone"});
  EXPECT_THAT(Seqs(key, "lost"), ElementsAre(2));
  EXPECT_THAT(Seqs(gone, "gone"), ElementsAre(1));
  store_.reset();
  std::filesystem::rename(directory_.Path("backup"), directory_.Path("log.db"));
  std::filesystem::remove(directory_.Path("head"));  // as who accepts the loss is told to
  Reopen();
  EXPECT_THAT(Seqs(key, "lost"), IsEmpty());
  EXPECT_THAT(Seqs(key, "one"), ElementsAre(1));
  const SessionKey other = Make("c", {"other"});
  EXPECT_THAT(Seqs(other, "gone"), IsEmpty());
}

TEST_F(SearchIndexTest, AnIndexOfAnotherLogIsNotUsed) {
  Make("a", {"mine"});
  EXPECT_THAT(Seqs({"t", "a"}, "mine"), ElementsAre(1));
  store_.reset();
  const TemporaryDirectory another{kInMemory};
  OpenStore(another.path()).reset();
  std::filesystem::copy(another.Path("log.db"), directory_.Path("log.db"),
                        std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(directory_.Path("head"));
  Reopen();
  const SessionKey key = Make("z", {"other"});
  EXPECT_THAT(Seqs(key, "mine"), IsEmpty());
  EXPECT_THAT(Seqs(key, "other"), ElementsAre(1));
}

TEST_F(SearchIndexTest, ALargeBacklogIsIndexedBitByBit) {
  const SessionKey large = Make("large", {});
  std::mt19937_64 random(3);
  for (int i = 0; i < 20; ++i) {
    Value(store_->log().Append(large, Batch(RandomTurns(random, 100, 2000))));
  }
  Value(store_->log().Append(large, Batch({TextTurn("the end")})));
  const SearchAnswer answer = Search(large, "the end");
  EXPECT_THAT(answer.hits, SizeIs(1));
  EXPECT_EQ(answer.indexed_through_seq, 2001U);
}

}  // namespace
}  // namespace fovea::testing
