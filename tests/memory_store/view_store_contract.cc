#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "tests/memory_store/store_contract.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::Eq;
using ::testing::Optional;

std::string ViewId(char name) { return std::string(32, name); }

// A checkpoint is kept in the background.
std::optional<std::string> GetSoon(ViewStore& views, uint64_t session, const std::string& view) {
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (absl::Now() < end) {
    if (auto found = views.Get(session, view)) return found;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return std::nullopt;
}

}  // namespace

TEST_P(ViewStoreContract, KeepsTheLastCheckpointOfEachView) {
  const uint64_t a = Value(log().GetSession(Make("a"))).identity;
  const uint64_t b = Value(log().GetSession(Make("b"))).identity;
  const std::string bytes("a\0b\xff", 4);
  store().views().Put(a, ViewId('1'), "first");
  store().views().Put(a, ViewId('1'), bytes);
  store().views().Put(a, ViewId('2'), "other view");
  store().views().Put(b, ViewId('1'), "other session");
  EXPECT_THAT(GetSoon(store().views(), b, ViewId('1')), Optional(std::string("other session")));
  Reopen();
  EXPECT_THAT(store().views().Get(a, ViewId('1')), Optional(bytes));
  EXPECT_THAT(store().views().Get(a, ViewId('2')), Optional(std::string("other view")));
  EXPECT_THAT(store().views().Get(a, ViewId('3')), Eq(std::nullopt));
}

TEST_P(ViewStoreContract, NothingIsReadOfWhatWasDeleted) {
  const uint64_t a = Value(log().GetSession(Make("a"))).identity;
  const uint64_t b = Value(log().GetSession(Make("b"))).identity;
  for (const uint64_t session : {a, b}) {
    store().views().Put(session, ViewId('1'), "checkpoint");
    EXPECT_THAT(GetSoon(store().views(), session, ViewId('1')),
                Optional(std::string("checkpoint")));
  }
  EXPECT_TRUE(store().views().DeleteSession(a).ok());
  EXPECT_THAT(store().views().Get(a, ViewId('1')), Eq(std::nullopt));
  EXPECT_THAT(store().views().Get(b, ViewId('1')), Optional(std::string("checkpoint")));
  EXPECT_TRUE(store().views().DeleteAll().ok());
  EXPECT_THAT(store().views().Get(b, ViewId('1')), Eq(std::nullopt));
}

}  // namespace fovea::testing
