#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/memory_store/store_contract.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;

}  // namespace

std::vector<std::optional<std::string>> PageStoreContract::Get(const SessionKey& key,
                                                               const std::vector<int>& numbers) {
  std::vector<std::string> ids;
  for (const int number : numbers) ids.push_back(PageId(number));
  return Value(pages().Get(key, ids));
}

void PageStoreContract::Put(const SessionKey& key, int number, std::string png) {
  EXPECT_TRUE(pages().Put(key, {{PageId(number), std::move(png)}}).ok());
}

TEST_P(PageStoreContract, KeepsPagesBySessionAndId) {
  const SessionKey a = Make("a");
  const SessionKey b = Make("b");
  Put(a, 1, std::string("\x89PNG\0", 5));
  Put(b, 1, "other");
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Get(a, {2, 1}),
                ElementsAre(Eq(std::nullopt), Optional(std::string("\x89PNG\0", 5))));
    EXPECT_THAT(Get(b, {1}), ElementsAre(Optional(std::string("other"))));
    EXPECT_THAT(Get({"u", "a"}, {1}), ElementsAre(Eq(std::nullopt)));
    Reopen();
  }
}

TEST_P(PageStoreContract, APageThatIsThereStays) {
  const SessionKey a = Make("a");
  Put(a, 1, "first");
  Put(a, 1, "second");
  Value(pages().Stats());
  Put(a, 1, "third");
  EXPECT_EQ(Value(pages().Stats()).pages, 1U);
  EXPECT_THAT(Get(a, {1}), ElementsAre(Optional(std::string("first"))));
}

TEST_P(PageStoreContract, CountsAndDeletes) {
  const SessionKey a = Make("a");
  const SessionKey b = Make("b");
  Put(a, 1, "12");
  Put(a, 2, "345");
  Put(b, 1, "6789");
  PageStats stats = Value(pages().Stats());
  EXPECT_EQ(stats.pages, 3U);
  EXPECT_EQ(stats.bytes, 9U);
  EXPECT_GT(stats.file_bytes, 0U);
  EXPECT_EQ(Value(pages().DeleteSession(a)), 2U);
  EXPECT_EQ(Value(pages().DeleteSession(a)), 0U);
  EXPECT_THAT(Get(a, {1, 2}), ElementsAre(Eq(std::nullopt), Eq(std::nullopt)));
  stats = Value(pages().Stats());
  EXPECT_EQ(stats.pages, 1U);
  EXPECT_EQ(stats.bytes, 4U);
  EXPECT_EQ(Value(pages().DeleteAll()), 1U);
  EXPECT_EQ(Value(pages().Stats()).bytes, 0U);
}

TEST_P(PageStoreContract, PagesOfSessionsThatAreGoneAreDropped) {
  const SessionKey a = Make("a");
  const SessionKey b = Make("b");
  Put(a, 1, "x");
  Put(b, 1, "y");
  Value(pages().Stats());
  Value(log().DeleteSession(a, 0));
  Put(a, 2, "drawn while the session was deleted");
  EXPECT_EQ(Value(pages().Stats()).pages, 2U);  // the service's DeleteSession has not come yet
  Reopen();
  Make("a");  // pages of the one before are gone by then
  EXPECT_THAT(Get(a, {1, 2}), ElementsAre(Eq(std::nullopt), Eq(std::nullopt)));
  EXPECT_THAT(Get(b, {1}), ElementsAre(Optional(std::string("y"))));
}

}  // namespace fovea::testing
