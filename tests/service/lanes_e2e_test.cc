// Long work is cut into slices, keeps what it has, and ends when nobody wants it.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "service/session_states.h"
#include "tests/service/server_fixture.h"
#include "tests/support/random_letters.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;

grpc::Status BuildWithin(Client& client, const v1::BuildContextRequest& request,
                         std::chrono::milliseconds time, v1::BuildContextResponse* response) {
  grpc::ClientContext context;
  client.Prepare(context);
  context.set_deadline(std::chrono::system_clock::now() + time);
  return client.contexts->BuildContext(&context, request, response);
}

void AppendLong(Client& client, const std::string& id, int turns) {
  ASSERT_TRUE(client.CreateSession(id).ok());
  const std::vector<v1::Turn> history = WorkingAgent(turns, 3000);
  for (size_t first = 0; first < history.size(); first += 500) {
    const auto begin = history.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end =
        history.begin() + static_cast<std::ptrdiff_t>(std::min(history.size(), first + 500));
    ASSERT_TRUE(client.Append(id, {begin, end}).ok());
  }
}

// Each try is far too short for the whole of it.
TEST(LanesE2e, AViewSlowerThanItsDeadlineIsReadySomeDay) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  AppendLong(client, "s", 1500);
  // What one long call makes of it, and in what time: a quarter of that is never enough for one.
  ServerFixture fresh;
  Client other = fresh.MakeClient();
  AppendLong(other, "s", 1500);
  for (const uint64_t as_of : {uint64_t{0}, uint64_t{1000}}) {  // the newest, and a look back
    auto request = ViewOf("s", 60'000, v1::WIRE_FORMAT_NATIVE, as_of);
    const absl::Time begun = absl::Now();
    const std::string whole = other.MustBuild(request).payload_sha256();
    const std::chrono::milliseconds time(
        std::max<int64_t>(20, absl::ToInt64Milliseconds(absl::Now() - begun) / 4));
    v1::BuildContextResponse response;
    int tries = 0;
    grpc::Status status;
    do {
      status = BuildWithin(client, request, time, &response);
    } while (!status.ok() && ++tries < 100);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.payload_sha256(), whole);
    std::cout << "[ figure   ] tries of " << time.count() << " ms: " << tries + 1 << "\n";
  }
}

// A large turn takes long to read and to decode: neither its calls nor what they left behind when
// they were given up may take all that small reads need, threads or connections.
TEST(LanesE2e, ReadsOfALargeTurnThatAreGivenUpHoldUpNobody) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("large").ok());
  ASSERT_TRUE(client.CreateSession("small").ok());
  std::mt19937 random(1);
  const std::string text = RandomLetters(random, size_t{60} << 20);
  ASSERT_TRUE(client.Append("large", {TextTurn(v1::ROLE_USER, text)}).ok());
  std::atomic<bool> over = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      Client reader = fixture.MakeClient();
      v1::ReadTurnsRequest request;
      request.set_session_id("large");
      while (!over) {
        grpc::ClientContext context;
        reader.Prepare(context);
        const auto stream = reader.sessions->ReadTurns(&context, request);
        absl::SleepFor(absl::Milliseconds(2));
        context.TryCancel();
        (void)stream->Finish();
      }
    });
  }
  std::vector<absl::Duration> times;
  for (const absl::Time end = absl::Now() + absl::Seconds(3); absl::Now() < end;) {
    const absl::Time begun = absl::Now();
    grpc::ClientContext context;
    client.Prepare(context);
    v1::GetSessionRequest request;
    request.set_session_id("small");
    v1::Session session;
    EXPECT_TRUE(client.sessions->GetSession(&context, request, &session).ok());
    times.push_back(absl::Now() - begun);
    absl::SleepFor(absl::Milliseconds(10));
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  std::sort(times.begin(), times.end());
  std::cout << "[ figure   ] half of the calls within " << times[times.size() / 2] << "\n";
  EXPECT_LT(times[times.size() / 2], absl::Milliseconds(40));
}

TEST(SessionStatesTest, ADeletionEndsWaitingAndHoldsUpNobody) {
  service::SessionStates states(nullptr, 1 << 20);
  const SessionKey key{.tenant = "t", .session_id = "s"};
  std::atomic<int> removed = 0;
  const auto remove = [&](const service::SessionState&) {
    ++removed;
    return absl::OkStatus();
  };
  absl::Notification give_up;
  {
    const service::SessionLease lease = states.Lease(key);
    EXPECT_FALSE(lease.state()->closing());
    std::thread deletion([&] {
      const absl::Status status = states.Delete(
          key,
          [&] {
            return give_up.HasBeenNotified() ? absl::CancelledError("gone") : absl::OkStatus();
          },
          remove);
      EXPECT_TRUE(absl::IsCancelled(status));
    });
    while (!lease.state()->closing()) absl::SleepFor(absl::Milliseconds(1));
    // Others are let in while it waits.
    EXPECT_TRUE(states.Lease(key).valid());
    give_up.Notify();
    deletion.join();
    EXPECT_FALSE(lease.state()->closing());
  }
  EXPECT_EQ(removed, 0);
  uint64_t life = 0;
  std::thread deletion;
  {
    const service::SessionLease lease = states.Lease(key);
    life = lease.state()->id;
    deletion = std::thread([&] {
      EXPECT_TRUE(states
                      .Delete(
                          key, [] { return absl::OkStatus(); }, remove)
                      .ok());
    });
    while (!lease.state()->closing()) absl::SleepFor(absl::Milliseconds(1));
    EXPECT_EQ(removed, 0);
  }
  deletion.join();
  EXPECT_EQ(removed, 1);
  EXPECT_NE(states.Lease(key).state()->id, life);
}

}  // namespace
}  // namespace fovea::testing
