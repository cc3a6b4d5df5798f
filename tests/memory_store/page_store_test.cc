#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;

using Pages = std::vector<std::optional<std::string>>;

class PageStoreTest : public ::testing::Test {
 protected:
  PageStoreTest() { Reopen(); }
  void Reopen(uint64_t max_page_bytes = 0, size_t max_queued_page_bytes = 1 << 20) {
    store_.reset();
    StoreOptions options;
    options.directory = directory_.path();
    options.max_page_bytes = max_page_bytes;
    options.max_queued_page_bytes = max_queued_page_bytes;
    store_ = Value(MemoryStore::Open(options));
    for (const SessionKey& key : {a_, b_}) {
      store_->log().CreateSession(key, Session(key.session_id)).IgnoreError();
    }
  }
  PageStore& pages() { return store_->pages(); }
  Pages Get(const SessionKey& key, const std::vector<int>& numbers) {
    std::vector<std::string> ids;
    for (const int number : numbers) ids.push_back(PageId(number));
    return Value(pages().Get(key, ids));
  }
  void Put(const SessionKey& key, int number, std::string png) {
    EXPECT_TRUE(pages().Put(key, {{PageId(number), std::move(png)}}).ok());
  }

  const SessionKey a_ = {"t", "a"};
  const SessionKey b_ = {"t", "b"};
  TemporaryDirectory directory_{kInMemory};
  std::unique_ptr<MemoryStore> store_;
};

TEST_F(PageStoreTest, APageIsReadableFromThePutOn) {
  constexpr int kWriters = 4;
  constexpr int kPages = 50;
  Reopen(0, 64 << 10);  // a queue of a few pages: Put must wait now and then
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kPages; ++i) {
        const int number = w * kPages + i;
        const std::string png(20'000, static_cast<char>('a' + number % 26));
        Put(a_, number, png);
        EXPECT_THAT(Get(a_, {number}), ElementsAre(Optional(png)));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(Value(pages().Stats()).pages, 1U * kWriters * kPages);
}

TEST_F(PageStoreTest, TheOldestGoWhenTheCacheIsFull) {
  Reopen(100);
  for (int i = 0; i < 10; ++i) Put(i % 2 == 0 ? a_ : b_, i, std::string(30, 'x'));
  const PageStats stats = Value(pages().Stats());
  EXPECT_EQ(stats.pages, 3U);
  EXPECT_EQ(stats.bytes, 90U);
  EXPECT_THAT(Get(b_, {5, 7, 9}), ElementsAre(Eq(std::nullopt), Optional(std::string(30, 'x')),
                                              Optional(std::string(30, 'x'))));
  EXPECT_THAT(Get(a_, {6, 8}), ElementsAre(Eq(std::nullopt), Optional(std::string(30, 'x'))));
}

TEST_F(PageStoreTest, ThrowsAwayAFileThatIsNotAnOpenablePageCache) {
  const std::string path = directory_.Path("pages.db");
  for (const std::string& content : {std::string("not a database"), std::string(40'000, 'x')}) {
    Put(a_, 1, "x");
    store_.reset();
    std::ofstream(path, std::ios::trunc) << content;
    Reopen();
    EXPECT_THAT(Get(a_, {1}), ElementsAre(Eq(std::nullopt)));
  }
  Put(a_, 1, "x");
  store_.reset();
  std::filesystem::remove(path);
  Reopen();
  EXPECT_THAT(Get(a_, {1}), ElementsAre(Eq(std::nullopt)));
  Put(a_, 1, "again");
  EXPECT_THAT(Get(a_, {1}), ElementsAre(Optional(std::string("again"))));
}

// Damage past the first pages shows only when it is read: then it is a miss, and the next start
// heals.
TEST_F(PageStoreTest, DamageInsideIsAMissAndHealsAtTheNextStart) {
  for (int i = 0; i < 40; ++i) Put(a_, i, std::string(30'000, 'x'));
  store_.reset();
  {
    std::fstream file(directory_.Path("pages.db"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(std::streamoff{5} * 16384);
    const std::string noise(size_t{30} * 16384, '\xee');
    file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  Reopen();
  std::vector<int> all;
  for (int i = 0; i < 40; ++i) all.push_back(i);
  EXPECT_THAT(Get(a_, all), ::testing::Contains(Eq(std::nullopt)));
  Reopen();
  EXPECT_EQ(Value(pages().Stats()).pages, 0U);
  Put(a_, 1, "again");
  EXPECT_THAT(Get(a_, {1}), ElementsAre(Optional(std::string("again"))));
}

// A page whose bytes changed on the disk is not served, and the one that is drawn again is kept.
TEST_F(PageStoreTest, ADamagedPageIsAMissAndFindsRoomAgain) {
  for (int i = 0; i < 20; ++i) Put(a_, i, std::string(30'000, static_cast<char>('a' + i)));
  store_.reset();
  int damaged = 0;
  {
    std::fstream file(directory_.Path("pages.db"), std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    for (const char letter : {'d', 'k'}) {
      const size_t at = bytes.find(std::string(10'000, letter));
      ASSERT_NE(at, std::string::npos);
      file.seekp(static_cast<std::streamoff>(at + 5'000));
      file.put('!');
      ++damaged;
    }
  }
  Reopen();
  const VerifyReport report = Value(store_->Verify());
  ASSERT_EQ(report.problems.size(), 2U);
  EXPECT_THAT(report.problems[0], ::testing::HasSubstr("of session a of tenant t is damaged"));
  for (const auto& [number, letter] : std::map<int, char>{{3, 'd'}, {10, 'k'}}) {
    EXPECT_THAT(Get(a_, {number}), ElementsAre(Eq(std::nullopt)));
    const std::string again(30'000, letter);
    Put(a_, number, again);
    EXPECT_THAT(Get(a_, {number}), ElementsAre(Optional(again)));
  }
  EXPECT_EQ(Value(pages().Stats()).pages, 20U);
  Reopen();
  EXPECT_TRUE(Value(store_->Verify()).problems.empty());
  EXPECT_THAT(Get(a_, {3}), ElementsAre(Optional(std::string(30'000, 'd'))));
}

TEST_F(PageStoreTest, RepairDropsWhatIsDamaged) {
  for (int i = 0; i < 5; ++i) Put(a_, i, std::string(30'000, static_cast<char>('a' + i)));
  store_.reset();
  {
    std::fstream file(directory_.Path("pages.db"), std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    file.seekp(static_cast<std::streamoff>(bytes.find(std::string(10'000, 'c')) + 9));
    file.put('!');
  }
  Reopen();
  const RepairReport report = Value(store_->Repair());
  EXPECT_EQ(report.mended.size(), 1U);
  EXPECT_TRUE(report.left.empty());
  EXPECT_EQ(Value(pages().Stats()).pages, 4U);
  EXPECT_TRUE(Value(store_->Repair()).mended.empty());
}

}  // namespace
}  // namespace fovea::testing
