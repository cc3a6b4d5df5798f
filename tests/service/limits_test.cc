// What bounds calls: fair queues, memory, quotas, and the weight of messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "fovea/v1/session.pb.h"
#include "grpcpp/grpcpp.h"
#include "service/lanes.h"
#include "service/memory_budget.h"
#include "service/message_cost.h"
#include "service/quotas.h"
#include "service/status.h"
#include "service/storage_quotas.h"
#include "service/write_health.h"

namespace fovea::service {
namespace {

using ::testing::ElementsAre;

TEST(FairPoolTest, TenantsAndTheirSessionsTakeTurns) {
  std::vector<std::string> order;
  absl::Notification go;
  {
    FairPool pool({.threads = 1, .max_running_of_tenant = 1});
    absl::Notification begun;
    ASSERT_TRUE(pool.Post("a", "first",
                          [&] {
                            begun.Notify();
                            go.WaitForNotification();
                          })
                    .ok());
    begun.WaitForNotification();
    const auto post = [&](const std::string& tenant, const std::string& session,
                          const std::string& name) {
      ASSERT_TRUE(pool.Post(tenant, session, [&order, name] { order.push_back(name); }).ok());
    };
    post("a", "s", "a s 1");
    post("a", "s", "a s 2");
    post("a", "s", "a s 3");
    post("a", "t", "a t 1");
    post("b", "s", "b 1");
    post("c", "s", "c 1");
    post("b", "s", "b 2");
    go.Notify();
  }
  EXPECT_THAT(order, ElementsAre("b 1", "c 1", "a s 1", "b 2", "a t 1", "a s 2", "a s 3"));
}

TEST(FairPoolTest, ATenantLeavesAThreadToOthers) {
  FairPool pool({.threads = 2, .max_running_of_tenant = 1});
  absl::Notification go;
  absl::Notification served;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(pool.Post("greedy", "s", [&] { go.WaitForNotification(); }).ok());
  }
  ASSERT_TRUE(pool.Post("modest", "s", [&] { served.Notify(); }).ok());
  EXPECT_TRUE(served.WaitForNotificationWithTimeout(absl::Seconds(10)));
  go.Notify();
}

TEST(FairPoolTest, WhoEntersCountsAsRunningAndPassesNobody) {
  FairPool pool({.threads = 3, .max_running_of_tenant = 1, .max_entered = 2});
  EXPECT_TRUE(pool.Enter("a"));
  EXPECT_FALSE(pool.Enter("a"));  // has all that it may run
  absl::Notification of_a;
  ASSERT_TRUE(pool.Post("a", "", [&] { of_a.Notify(); }).ok());
  EXPECT_FALSE(pool.Enter("b"));  // somebody waits
  EXPECT_FALSE(of_a.WaitForNotificationWithTimeout(absl::Milliseconds(50)));
  pool.Leave("a");
  EXPECT_TRUE(of_a.WaitForNotificationWithTimeout(absl::Seconds(10)));
  // As many as may, and no more.
  const auto enter = [&](const std::string& tenant) {
    for (int i = 0; i < 1000 && pool.queued() > 0; ++i) absl::SleepFor(absl::Milliseconds(1));
    return pool.Enter(tenant);
  };
  EXPECT_TRUE(enter("b"));
  EXPECT_TRUE(enter("c"));
  EXPECT_FALSE(enter("d"));
  pool.Leave("b");
  pool.Leave("c");
}

TEST(FairPoolTest, RefusesWhatWouldWaitTooLong) {
  absl::Notification go;
  FairPool pool(
      {.threads = 1, .max_queued = 3, .max_queued_of_tenant = 2, .max_running_of_tenant = 1});
  absl::Notification begun;
  ASSERT_TRUE(pool.Post("a", "",
                        [&] {
                          begun.Notify();
                          go.WaitForNotification();
                        })
                  .ok());
  begun.WaitForNotification();
  EXPECT_TRUE(pool.Post("a", "", [] {}).ok());
  EXPECT_TRUE(pool.Post("a", "", [] {}).ok());
  const absl::Status full = pool.Post("a", "", [] {});
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_TRUE(RetryAfterOf(full).has_value());
  EXPECT_TRUE(pool.Post("b", "", [] {}).ok());
  EXPECT_FALSE(pool.Post("c", "", [] {}).ok());
  EXPECT_EQ(pool.queued(), 3);
  go.Notify();
}

TEST(MemoryBudgetTest, SharesAndGivesBack) {
  MemoryBudget budget(1000, 500);
  auto large = budget.Take("a", 700);  // alone, it may have more than its share
  ASSERT_TRUE(large.ok());
  EXPECT_TRUE(absl::IsResourceExhausted(budget.Take("a", 1).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(budget.Take("b", 301).status()));
  auto small = budget.Take("b", 300);
  ASSERT_TRUE(small.ok());
  EXPECT_EQ(budget.held_bytes(), 1000);
  MemoryBudget::Hold moved = *std::move(large);
  moved.Release();
  EXPECT_EQ(budget.held_bytes(), 300);
  EXPECT_TRUE(budget.Take("b", 200).ok());
  EXPECT_FALSE(budget.Take("b", 201).ok());
  *small = MemoryBudget::Hold();
  EXPECT_EQ(budget.held_bytes(), 0);
  EXPECT_TRUE(RetryAfterOf(budget.Take("a", 1001).status()).has_value());
}

TEST(QuotasTest, ATenantCatchesUpAndThenWaits) {
  Quotas quotas({.turns_per_second = 10});
  const SteadyTime start;
  EXPECT_TRUE(quotas.Take("a", {.turns = 60}, start).ok());
  EXPECT_TRUE(quotas.Take("a", {.turns = 60}, start).ok());  // 120 of 100
  const absl::Status over = quotas.Take("a", {.turns = 1}, start);
  EXPECT_TRUE(absl::IsResourceExhausted(over));
  EXPECT_THAT(std::string(over.message()), ::testing::HasSubstr("quota of turns"));
  EXPECT_TRUE(quotas.Take("a", {.calls = 1}, start).ok());
  EXPECT_TRUE(quotas.Take("b", {.turns = 1}, start).ok());
  EXPECT_FALSE(quotas.Take("a", {.turns = 1}, start + std::chrono::seconds(2)).ok());
  EXPECT_TRUE(quotas.Take("a", {.turns = 1}, start + std::chrono::seconds(3)).ok());
  quotas.SetLimits({});
  EXPECT_TRUE(quotas.Take("a", {.turns = 1e9}, start + std::chrono::seconds(3)).ok());
}

TEST(QuotasTest, WhatIsChargedIsWaitedFor) {
  Quotas quotas({.turns_per_second = 10});
  const SteadyTime start;
  EXPECT_EQ(quotas.WaitFor("a", {.turns = 1}, start), absl::ZeroDuration());
  quotas.Charge("a", {.turns = 150}, start);
  EXPECT_FALSE(quotas.Take("a", {.turns = 1}, start).ok());
  quotas.Charge("a", {.turns = 50}, start);  // 200 of 100
  const absl::Duration wait = quotas.WaitFor("a", {.turns = 1}, start);
  EXPECT_GE(wait, absl::Seconds(15));
  EXPECT_LE(wait, absl::Seconds(16));
  EXPECT_EQ(quotas.WaitFor("a", {.bytes = 1}, start), absl::ZeroDuration());
  EXPECT_TRUE(quotas.Take("a", {.turns = 1}, start + absl::ToChronoMilliseconds(wait)).ok());
  // What came without a limit is no debt under one.
  EXPECT_TRUE(quotas.Take("a", {.builds = 1e9}, start).ok());
  quotas.SetLimits({.builds_per_second = 1});
  EXPECT_TRUE(quotas.Take("a", {.builds = 1}, start).ok());
}

TEST(QuotasTest, WhatWaitsLeavesRoomForWhatIsRefused) {
  Quotas quotas({.turns_per_second = 10});
  const SteadyTime start;
  quotas.Charge("a", {.turns = 60}, start);  // of 100
  EXPECT_GT(quotas.WaitFor("a", {.turns = 1}, start), absl::ZeroDuration());
  EXPECT_TRUE(quotas.Take("a", {.turns = 1}, start).ok());
}

TEST(QuotasTest, WhatCameToNothingIsGivenBack) {
  Quotas quotas({.turns_per_second = 10});
  const SteadyTime start;
  ASSERT_TRUE(quotas.Take("a", {.turns = 5'000}, start).ok());
  EXPECT_FALSE(quotas.Take("a", {.turns = 1}, start).ok());
  quotas.GiveBack("a", {.turns = 5'000}, start);
  EXPECT_TRUE(quotas.Take("a", {.turns = 1}, start).ok());
}

TEST(QuotasTest, OfManyTenantsThoseThatAreQuietAreForgotten) {
  Quotas quotas({.turns_per_second = 10});
  const SteadyTime start;
  const SteadyTime later = start + std::chrono::seconds(101);
  for (int i = 0; i < 9'900; ++i) quotas.Charge(absl::StrCat("quiet", i), {.turns = 1}, start);
  for (int i = 0; i < 100; ++i) quotas.Charge(absl::StrCat("late", i), {.turns = 1}, later);
  EXPECT_EQ(quotas.tenants(), 10'000U);
  quotas.Charge("one more", {.turns = 1}, later);
  quotas.Charge("one more", {.turns = 1}, later);
  EXPECT_EQ(quotas.tenants(), 101U);
}

TEST(QuotasTest, ADebtIsNotForgotten) {
  Quotas quotas({.turns_per_second = 10});
  const SteadyTime start;
  quotas.Charge("a", {.turns = 100'000}, start);
  for (int i = 0; i < 10'010; ++i) {
    quotas.Charge(absl::StrCat("t", i), {.turns = 1}, start + std::chrono::seconds(200));
  }
  EXPECT_FALSE(quotas.Take("a", {.turns = 1}, start + std::chrono::seconds(201)).ok());
}

TEST(StorageQuotasTest, AppendsOnTheirWayCount) {
  StorageQuotas quotas({.sessions = 0, .stored_bytes = 100},
                       [](const std::string&) { return absl::UnavailableError("later"); });
  ASSERT_TRUE(quotas.ReserveAppend("a", 60).ok());
  ASSERT_TRUE(quotas.ReserveAppend("a", 60).ok());  // there is still room: its last
  const absl::Status over = quotas.ReserveAppend("a", 1);
  EXPECT_TRUE(absl::IsResourceExhausted(over));
  EXPECT_TRUE(RetryAfterOf(over).has_value());
  EXPECT_TRUE(quotas.ReserveAppend("b", 1).ok());
  const TenantHoldings reserved = {.sessions = 0, .stored_bytes = 60};
  quotas.Settle("a", reserved, {.sessions = 0, .stored_bytes = 10});
  EXPECT_TRUE(quotas.ReserveAppend("a", 60).ok());
  quotas.Settle("a", reserved, {});  // it failed
  quotas.Settle("a", reserved, {.sessions = 0, .stored_bytes = 95});
  const absl::Status full = quotas.ReserveAppend("a", 1);
  EXPECT_THAT(std::string(full.message()), ::testing::HasSubstr("delete some"));
  EXPECT_FALSE(RetryAfterOf(full).has_value());
}

grpc::ByteBuffer Buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

TEST(ParsedBytesTest, IsNeverFarUnderWhatParsingTakes) {
  constexpr uint64_t kEnough = uint64_t{1} << 40;
  v1::AppendTurnsRequest request;
  request.set_session_id("s");
  for (int i = 0; i < 500; ++i) {
    v1::Turn* turn = request.add_turns();
    turn->add_parts()->mutable_text()->set_text(std::string(static_cast<size_t>(i), 'x'));
    turn->add_parts()->mutable_tool_call()->set_name("bash");
  }
  const uint64_t said =
      ParsedBytes(Buffer(request.SerializeAsString()), v1::AppendTurnsRequest(), kEnough);
  v1::AppendTurnsRequest parsed;
  ASSERT_TRUE(parsed.ParseFromString(request.SerializeAsString()));
  EXPECT_GE(said, parsed.SpaceUsedLong());
  EXPECT_LE(said, 3 * parsed.SpaceUsedLong());

  std::string empty_turns;
  for (int i = 0; i < 10'000; ++i) empty_turns += std::string("\x1a\x00", 2);
  v1::AppendTurnsRequest many;
  ASSERT_TRUE(many.ParseFromString(empty_turns));
  EXPECT_GE(ParsedBytes(Buffer(empty_turns), many, kEnough) + 4096, many.SpaceUsedLong());

  std::string unknown;
  for (int i = 0; i < 10'000; ++i) unknown += "\xf8\x07\x01";
  v1::GetSessionRequest odd;
  ASSERT_TRUE(odd.ParseFromString(unknown));
  EXPECT_GE(ParsedBytes(Buffer(unknown), odd, kEnough), odd.SpaceUsedLong());
}

TEST(ParsedBytesTest, StopsAtEnoughAndTakesAnyBytes) {
  const v1::AppendTurnsRequest prototype;
  EXPECT_LE(ParsedBytes(Buffer(std::string(1 << 20, '\x1a')), prototype, 1'000'000), 2'000'000);
  EXPECT_GT(ParsedBytes(grpc::ByteBuffer(), prototype, 1000), 0);
  for (int seed = 0; seed < 2000; ++seed) {
    std::string bytes(static_cast<size_t>(seed % 61), '\0');
    uint32_t state = static_cast<uint32_t>(seed) * 2654435761U + 1;
    for (char& byte : bytes) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<char>(state >> 24);
    }
    EXPECT_LT(ParsedBytes(Buffer(bytes), prototype, 1'000'000), 1'100'000);
  }
}

TEST(WriteHealthTest, TellsOfEachChangeOnce) {
  absl::Mutex mutex;
  absl::Status disk;
  std::vector<bool> told;
  WriteHealth health(
      [&] {
        const absl::MutexLock lock(&mutex);
        return disk;
      },
      [&](const absl::Status& state) {
        const absl::MutexLock lock(&mutex);
        told.push_back(state.ok());
      });
  const auto wait_for = [&](size_t count) {
    const absl::MutexLock lock(&mutex);
    const auto enough = [&] { return told.size() >= count; };
    EXPECT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(10)));
  };
  {
    const absl::MutexLock lock(&mutex);
    disk = absl::UnavailableError("gone");
  }
  health.Note(absl::UnavailableError("x"));
  wait_for(1);
  EXPECT_FALSE(health.serving());
  {
    const absl::MutexLock lock(&mutex);
    disk = absl::OkStatus();
  }
  wait_for(2);
  EXPECT_TRUE(health.serving());
  const absl::MutexLock lock(&mutex);
  EXPECT_THAT(told, ElementsAre(false, true));
}

// A probe a second, and one at once where the disk is in doubt.
TEST(WriteHealthTest, LooksAtOnceWhereACallFailsForTheDisksSake) {
  std::atomic<int> probes = 0;
  WriteHealth health(
      [&] {
        ++probes;
        return absl::OkStatus();
      },
      [](const absl::Status& /*state*/) {});
  const auto after = [&](const absl::Status& noted, absl::Duration longest) {
    const int before = probes;
    const absl::Time end = absl::Now() + longest;
    while (probes - before < 5 && absl::Now() < end) {
      health.Note(noted);
      absl::SleepFor(absl::Milliseconds(5));
    }
    return probes - before;
  };
  EXPECT_GE(after(absl::UnavailableError("the disk"), absl::Seconds(3)), 5);
  EXPECT_GE(after(absl::ResourceExhaustedError("full"), absl::Seconds(3)), 5);
  for (const absl::Status& other :
       {absl::OkStatus(), absl::NotFoundError("x"), Overloaded("x"), Unfinished()}) {
    EXPECT_LE(after(other, absl::Milliseconds(200)), 1) << other;
  }
}

}  // namespace
}  // namespace fovea::service
