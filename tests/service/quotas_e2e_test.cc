// What each method costs of a tenant's quotas per second.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fovea/v1/page.grpc.pb.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;

// One build, or one append, however slow the machine is; and then nothing for long.
constexpr double kOnce = 0.001;

class QuotasE2e : public ::testing::Test {
 protected:
  QuotasE2e() : client_(fixture_.MakeClient()) {
    EXPECT_TRUE(client_.CreateSession("s").ok());
    EXPECT_TRUE(client_.Append("s", WorkingAgent(60, 2'000)).ok());
  }

  static v1::View View(int64_t budget) {
    return ViewOf("s", budget, v1::WIRE_FORMAT_ANTHROPIC).view();
  }
  grpc::Status Build() {
    v1::BuildContextResponse response;
    return client_.Build(ViewOf("s", 8'000, v1::WIRE_FORMAT_ANTHROPIC), &response);
  }
  grpc::Status StreamContext() {
    grpc::ClientContext context;
    auto stream =
        client_.contexts->StreamContext(&context, ViewOf("s", 8'000, v1::WIRE_FORMAT_ANTHROPIC));
    v1::ContextChunk chunk;
    while (stream->Read(&chunk)) {
    }
    return stream->Finish();
  }
  grpc::Status Plan() {
    grpc::ClientContext context;
    v1::PlanContextResponse response;
    return client_.contexts->PlanContext(&context, ViewOf("s", 8'000, v1::WIRE_FORMAT_ANTHROPIC),
                                         &response);
  }
  grpc::Status Ladder() {
    grpc::ClientContext context;
    v1::DrawLadderRequest request;
    *request.mutable_view() = View(8'000);
    v1::DrawLadderResponse response;
    return client_.contexts->DrawLadder(&context, request, &response);
  }
  grpc::Status Render() {
    const auto pages = v1::PageService::NewStub(client_.channel);
    grpc::ClientContext context;
    v1::RenderDocumentRequest request;
    request.set_reader("claude");
    request.set_text("some words to draw");
    auto stream = pages->RenderDocument(&context, request);
    v1::RenderDocumentResponse response;
    while (stream->Read(&response)) {
    }
    return stream->Finish();
  }
  grpc::Status Explain(int64_t budget) {
    grpc::ClientContext context;
    v1::ExplainTurnRequest request;
    *request.mutable_view() = View(budget);
    request.set_seq(1);
    v1::ExplainTurnResponse response;
    return client_.contexts->ExplainTurn(&context, request, &response);
  }
  grpc::Status Diff(int64_t budget) {
    grpc::ClientContext context;
    v1::DiffEpochsRequest request;
    *request.mutable_view() = View(budget);
    v1::DiffEpochsResponse response;
    return client_.contexts->DiffEpochs(&context, request, &response);
  }
  grpc::Status Page(int64_t budget, const std::string& id) {
    grpc::ClientContext context;
    v1::GetPageRequest request;
    *request.mutable_view() = View(budget);
    request.set_page_id(id);
    v1::GetPageResponse response;
    return client_.contexts->GetPage(&context, request, &response);
  }
  grpc::Status Count() {
    const auto readers = v1::ReaderService::NewStub(client_.channel);
    grpc::ClientContext context;
    v1::CountTokensRequest request;
    request.set_reader("claude");
    request.set_text("x");
    v1::CountTokensResponse response;
    return readers->CountTokens(&context, request, &response);
  }
  grpc::Status Fork(const std::string& id) {
    grpc::ClientContext context;
    v1::ForkSessionRequest request;
    request.set_session_id("s");
    request.set_new_session_id(id);
    v1::Session response;
    return client_.sessions->ForkSession(&context, request, &response);
  }
  grpc::Status Append() { return client_.Append("s", {TextTurn(v1::ROLE_USER, "more")}); }

  ServerFixture fixture_;
  Client client_;
};

// An import of `turns` turns, to be ended by Finish.
class Importing {
 public:
  Importing(Client& client, const std::string& id, int turns, int bytes) {
    writer_ = client.sessions->ImportSession(&context_, &session_);
    v1::ExportChunk header;
    header.mutable_header()->set_format_version(1);
    header.mutable_header()->mutable_session()->set_session_id(id);
    header.mutable_header()->mutable_session()->set_last_seq(turns);
    writer_->Write(header);
    for (int i = 1; i <= turns; ++i) {
      v1::ExportChunk chunk;
      *chunk.mutable_turn() = TextTurn(v1::ROLE_USER, std::string(bytes, 'x'));
      chunk.mutable_turn()->set_seq(i);
      if (!writer_->Write(chunk)) break;
    }
    writer_->WritesDone();
  }
  grpc::Status Finish() { return writer_->Finish(); }
  void Cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  v1::Session session_;
  std::unique_ptr<grpc::ClientWriter<v1::ExportChunk>> writer_;
};

class BuildsE2e : public QuotasE2e, public ::testing::WithParamInterface<int> {};

// What builds a view, or draws, is a build.
TEST_P(BuildsE2e, AreCounted) {
  const std::vector<std::function<grpc::Status()>> builds = {
      [this] { return Build(); },    [this] { return StreamContext(); },
      [this] { return Plan(); },     [this] { return Ladder(); },
      [this] { return Render(); },   [this] { return Explain(8'000); },
      [this] { return Diff(8'000); }};
  fixture_.server().SetQuotas({.builds_per_second = kOnce});
  const grpc::Status first = builds[GetParam()]();
  EXPECT_TRUE(first.ok()) << first.error_message();
  for (const auto& build : {builds[0], builds[3], builds[4]}) {
    const grpc::Status over = build();
    EXPECT_EQ(over.error_code(), StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(over.error_message(), HasSubstr("over its quota of builds a second; retry"));
  }
}
INSTANTIATE_TEST_SUITE_P(All, BuildsE2e, ::testing::Range(0, 7));

TEST_F(QuotasE2e, WhatLooksAtAStandingViewIsNoBuild) {
  const auto built = client_.MustBuild(ViewOf("s", 8'000, v1::WIRE_FORMAT_ANTHROPIC));
  ASSERT_GT(built.summary().pages_size(), 0);
  const std::string page = built.summary().pages(0).page_id();
  fixture_.server().SetQuotas({.builds_per_second = kOnce});
  ASSERT_TRUE(Build().ok());
  ASSERT_EQ(Build().error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Count().ok());
  EXPECT_TRUE(Explain(8'000).ok());
  EXPECT_TRUE(Diff(8'000).ok());
  EXPECT_TRUE(Page(8'000, page).ok());
  // Another view would have to be built.
  EXPECT_EQ(Explain(9'000).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Diff(9'000).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Page(9'000, page).error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(QuotasE2e, AForkCostsTheTurnsThatItCopies) {
  fixture_.server().SetQuotas({.turns_per_second = 1});  // and ten at once
  EXPECT_TRUE(Fork("f1").ok());
  // 60 turns are a minute's.
  EXPECT_EQ(Fork("f2").error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(Append().error_message(), HasSubstr("over its quota of turns a second; retry"));
}

TEST_F(QuotasE2e, AForkCostsTheEventsThatItCopies) {
  v1::PinTurnsRequest pin;
  pin.set_session_id("s");
  pin.mutable_range()->set_first(1);
  pin.mutable_range()->set_last(1);
  for (int i = 0; i < 60; ++i) {
    grpc::ClientContext context;
    v1::PinTurnsResponse pinned;
    ASSERT_TRUE(client_.sessions->PinTurns(&context, pin, &pinned).ok());
  }
  fixture_.server().SetQuotas({.turns_per_second = 10});  // and a hundred at once
  EXPECT_TRUE(Fork("f1").ok());
  EXPECT_EQ(Fork("f2").error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(QuotasE2e, AForkThatFailsCostsNothing) {
  ASSERT_TRUE(Fork("f1").ok());
  fixture_.server().SetQuotas({.turns_per_second = 1});
  EXPECT_EQ(Fork("f1").error_code(), StatusCode::ALREADY_EXISTS);
  EXPECT_TRUE(Append().ok());
}

TEST_F(QuotasE2e, WhatIsRefusedTakesNobodysPlace) {
  fixture_.server().SetQuotas({.builds_per_second = kOnce});
  ASSERT_TRUE(Build().ok());
  for (int budget = 9'000; budget < 9'300; ++budget) {
    ASSERT_EQ(Explain(budget).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  }
  // It would have to be built again, and is not.
  EXPECT_TRUE(Explain(8'000).ok());
}

TEST_F(QuotasE2e, AnImportIsSlowedDown) {
  fixture_.server().SetQuotas({.turns_per_second = 10});  // and a hundred at once
  const absl::Time begun = absl::Now();
  const grpc::Status status = Importing(client_, "copy", 75, 10).Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_GE(absl::Now() - begun, absl::Seconds(2));
  EXPECT_EQ(client_.MustRead("copy").size(), 75U);

  fixture_.server().SetQuotas({.bytes_per_second = 20'000});
  EXPECT_TRUE(Importing(client_, "large", 4, 60'000).Finish().ok());
}

TEST_F(QuotasE2e, ImportsThatWaitHoldNobodyUp) {
  fixture_.server().SetQuotas({.turns_per_second = kOnce});
  std::vector<std::unique_ptr<Importing>> imports;
  for (int i = 0; i < 40; ++i) {
    imports.push_back(std::make_unique<Importing>(client_, absl::StrCat("i", i), 3, 10));
  }
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  v1::DeleteSessionRequest request;
  request.set_session_id("s");
  v1::DeleteSessionResponse response;
  const grpc::Status deleted = client_.sessions->DeleteSession(&context, request, &response);
  EXPECT_TRUE(deleted.ok()) << deleted.error_message();
  for (const auto& import : imports) import->Cancel();
  for (const auto& import : imports)
    EXPECT_EQ(import->Finish().error_code(), StatusCode::CANCELLED);
}

}  // namespace
}  // namespace fovea::testing
