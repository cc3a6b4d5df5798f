// All that a tenant holds counts for its limit, also while it is on its way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;

// Text that stays as long when it is compressed, nearly.
std::string Noise(size_t bytes) {
  std::mt19937 random(1);
  std::string text(bytes, ' ');
  for (char& one : text) one = static_cast<char>('!' + random() % 90);
  return text;
}

grpc::Status Fork(const Client& client, const std::string& origin, const std::string& id) {
  v1::ForkSessionRequest request;
  request.set_session_id(origin);
  request.set_new_session_id(id);
  v1::Session session;
  grpc::ClientContext context;
  return client.sessions->ForkSession(&context, request, &session);
}

TEST(HoldingsE2e, ForksAtOnceHaveNoMoreThanThereIs) {
  ServerFixture fixture([](service::ServerOptions& options) {
    options.storage = {.sessions = 0, .stored_bytes = 1'000'000};
  });
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  ASSERT_TRUE(client.Append("s", {TextTurn(v1::ROLE_USER, Noise(300'000))}).ok());
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] { made += Fork(client, "s", absl::StrCat("f", i)).ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(made, 1);
  EXPECT_LE(made, 3);
  const grpc::Status over = Fork(client, "s", "g");
  EXPECT_EQ(over.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(over.error_message(), HasSubstr("would come"));
}

TEST(HoldingsE2e, MetadataAndEventsCount) {
  ServerFixture fixture([](service::ServerOptions& options) {
    options.storage = {.sessions = 0, .stored_bytes = 200'000};
  });
  Client client = fixture.MakeClient();
  // As many as are taken. What came during a measurement may count twice until the next one, which
  // comes within a second where the machine has nothing else to do.
  const auto fill = [](int enough, const std::function<bool()>& one_more) {
    int done = 0;
    for (int i = 0; i < 3 || (done < enough && i < 30); ++i) {
      while (done < 1'000 && one_more()) ++done;
      absl::SleepFor(absl::Milliseconds(1'200));
    }
    return done;
  };
  int named = 0;
  EXPECT_EQ(
      fill(3,
           [&] {
             v1::CreateSessionRequest create;
             create.set_session_id(absl::StrCat("s", named));
             create.set_metadata_json(absl::StrCat(R"({"a":")", std::string(60'000, 'x'), R"("})"));
             v1::Session session;
             grpc::ClientContext context;
             if (!client.sessions->CreateSession(&context, create, &session).ok()) return false;
             ++named;
             return true;
           }),
      3);
  ASSERT_TRUE(client.Append("s0", {TextTurn(v1::ROLE_USER, Noise(1'000))}).ok());
  v1::PinTurnsRequest pin;
  pin.set_session_id("s0");
  pin.mutable_range()->set_first(1);
  pin.mutable_range()->set_last(1);
  const int expected = 19'000 / 64;
  EXPECT_NEAR(fill(expected - 20,
                   [&] {
                     v1::PinTurnsResponse pinned;
                     grpc::ClientContext context;
                     return client.sessions->PinTurns(&context, pin, &pinned).ok();
                   }),
              expected, 20);
}

TEST(HoldingsE2e, AtTheLimitWhatIsStoredIsStillAnswered) {
  ServerFixture fixture([](service::ServerOptions& options) {
    options.storage = {.sessions = 0, .stored_bytes = 20'000};
  });
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  const std::vector<v1::Turn> turn = {TextTurn(v1::ROLE_USER, Noise(30'000))};
  v1::AppendTurnsResponse first;
  ASSERT_TRUE(client.Append("s", turn, "key", &first).ok());
  EXPECT_EQ(client.Append("s", turn, "other").error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(client.Append("s", turn).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  v1::AppendTurnsResponse again;
  const grpc::Status repeated = client.Append("s", turn, "key", &again);
  EXPECT_TRUE(repeated.ok()) << repeated.error_message();
  EXPECT_EQ(again.first_seq(), first.first_seq());
  EXPECT_EQ(client.MustRead("s").size(), 1U);
  // A model may read the turn again, though there is no room to remember that it did.
  v1::ExpandTurnRequest expand;
  expand.set_session_id("s");
  expand.set_seq(1);
  expand.set_record_recall(true);
  v1::ExpandTurnResponse expanded;
  grpc::ClientContext context;
  EXPECT_TRUE(client.sessions->ExpandTurn(&context, expand, &expanded).ok());
}

}  // namespace
}  // namespace fovea::testing
