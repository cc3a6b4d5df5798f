// What a client sees of forgetting, over a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000;

class ForgettingE2e : public ::testing::Test {
 protected:
  // An agent's session of turns a second apart; the last comes after the pause.
  void Fill(int turns, int64_t pause_seconds) {
    std::vector<v1::Turn> agent = WorkingAgent(turns, 3000);
    int64_t now = 1'700'000'000 * kSecond;
    for (v1::Turn& turn : agent) turn.set_time_us(now += kSecond);
    agent.push_back(TextTurn(v1::ROLE_USER, "Go on."));
    agent.back().set_time_us(now + pause_seconds * kSecond);
    ASSERT_TRUE(client_.CreateSession("s").ok());
    ASSERT_TRUE(client_.Append("s", agent).ok());
  }

  v1::ContextSummary Summary(int64_t budget) {
    return client_.MustBuild(ViewOf("s", budget, v1::WIRE_FORMAT_NATIVE)).summary();
  }

  grpc::Status Compact(const std::string& session) {
    grpc::ClientContext context;
    v1::CompactSessionRequest request;
    request.set_session_id(session);
    v1::CompactSessionResponse response;
    return client_.sessions->CompactSession(&context, request, &response);
  }

  ServerFixture fixture_;
  Client client_ = fixture_.MakeClient();
};

TEST_F(ForgettingE2e, CompactionTakesAStepAndOutlivesARestart) {
  Fill(12, 1);
  const v1::ContextSummary before = Summary(64'000);
  ASSERT_EQ(before.epoch(), 0);
  ASSERT_TRUE(Compact("s").ok());
  const v1::ContextSummary after = Summary(64'000);
  EXPECT_EQ(after.epoch(), 1);
  EXPECT_EQ(after.epoch_reason(), "forgetting was asked for");
  EXPECT_LT(after.tokens(), before.tokens());
  EXPECT_GT(after.characters().pages(), 0);
  fixture_.Restart();
  const v1::ContextSummary again =
      fixture_.MakeClient().MustBuild(ViewOf("s", 64'000, v1::WIRE_FORMAT_NATIVE)).summary();
  EXPECT_EQ(again.SerializeAsString(), after.SerializeAsString());
}

TEST_F(ForgettingE2e, CompactionOfNothingIsRefused) {
  EXPECT_EQ(Compact("none").error_code(), grpc::StatusCode::NOT_FOUND);
  ASSERT_TRUE(client_.CreateSession("empty").ok());
  EXPECT_EQ(Compact("empty").error_code(), grpc::StatusCode::OUT_OF_RANGE);
}

TEST_F(ForgettingE2e, ASummarySaysWhatTheContextCosts) {
  Fill(120, 1);
  const v1::ContextSummary warm = Summary(16'000);
  EXPECT_FALSE(warm.cost().cache_is_cold());
  EXPECT_GT(warm.cost().cached_tokens(), 0);
  EXPECT_EQ(warm.cost().cached_tokens() + warm.cost().written_tokens(), warm.tokens());
  EXPECT_GT(warm.cost().now_usd(), 0);
  EXPECT_LT(warm.cost().next(), warm.cost().now());
  EXPECT_GE(warm.marks().tail_high_permille(), 150);
  EXPECT_GT(warm.marks().expected_billed(), 0);
}

TEST_F(ForgettingE2e, AColdCacheIsKnownByTheTurnsTimes) {
  Fill(120, 3'600);
  const v1::ContextSummary cold = Summary(16'000);
  EXPECT_TRUE(cold.cost().cache_is_cold());
  EXPECT_EQ(cold.cost().cached_tokens(), 0);
  EXPECT_EQ(cold.cost().written_tokens(), cold.tokens());
}

// ADR 0030: what nobody knows is not served by chance as something else.
TEST_F(ForgettingE2e, AnUnknownReaderIsToldTheNearest) {
  Fill(120, 1);
  auto request = ViewOf("s", 16'000, v1::WIRE_FORMAT_OPENAI_CHAT);
  request.mutable_view()->set_reader("claude-opus-99");
  v1::BuildContextResponse response;
  const grpc::Status status = client_.Build(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("view.reader: no reader named \"claude-opus-99\""));
  EXPECT_THAT(status.error_message(), HasSubstr("claude-opus-4"));
  EXPECT_THAT(status.error_message(), HasSubstr("text-only"));
}

TEST_F(ForgettingE2e, AModelsIdFindsItsReader) {
  Fill(120, 1);
  auto request = ViewOf("s", 16'000, v1::WIRE_FORMAT_OPENAI_CHAT);
  request.mutable_view()->set_reader("openrouter/anthropic/claude-opus-5-20260115");
  EXPECT_EQ(client_.MustBuild(request).summary().reader(), "claude-opus-5");
}

// Whoever wants text asks for it.
TEST_F(ForgettingE2e, TextOnlyServesTextToAnyModel) {
  Fill(120, 1);
  auto request = ViewOf("s", 16'000, v1::WIRE_FORMAT_OPENAI_CHAT);
  request.mutable_view()->set_reader("text-only");
  const v1::BuildContextResponse context = client_.MustBuild(request);
  EXPECT_EQ(context.summary().reader(), "text-only");
  EXPECT_EQ(context.summary().pages_size(), 0);
  EXPECT_LE(context.summary().tokens(), 16'000);
  EXPECT_THAT(context.payload(), ::testing::Not(HasSubstr("image_url")));
}

// Whatever fades, every turn is somewhere, and what is left out is counted.
TEST_F(ForgettingE2e, AGistIsInTheManifest) {
  Fill(1'200, 1);
  const v1::ContextSummary summary = Summary(16'000);
  bool gist = false;
  for (const v1::RungShare& share : summary.rungs()) gist |= share.rung() == "gist";
  EXPECT_TRUE(gist);
  uint64_t elided = 0;
  for (const auto& entry : summary.loss().entries()) elided += entry.elided_characters();
  EXPECT_EQ(elided, summary.characters().elided());
  EXPECT_GT(elided, 0);
}

}  // namespace
}  // namespace fovea::testing
