// Counting for a reader, and learning from what its provider counted.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "fovea/v1/reader.grpc.pb.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;

class Readers : public ::testing::Test {
 protected:
  void SetUp() override { Connect(); }

  void Connect() {
    client_ = std::make_unique<Client>(fixture_.MakeClient());
    readers_ = v1::ReaderService::NewStub(client_->channel);
  }

  grpc::Status Count(const v1::CountTokensRequest& request, v1::CountTokensResponse* response) {
    grpc::ClientContext context;
    client_->Prepare(context);
    return readers_->CountTokens(&context, request, response);
  }

  grpc::Status Report(const std::string& payload, int64_t input, int64_t other,
                      v1::ReportUsageResponse* response) {
    v1::ReportUsageRequest request;
    request.set_payload_sha256(payload);
    request.set_input_tokens(input);
    request.set_other_tokens(other);
    grpc::ClientContext context;
    client_->Prepare(context);
    return readers_->ReportUsage(&context, request, response);
  }

  ServerFixture fixture_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<v1::ReaderService::Stub> readers_;
};

// Its sessions are counted by the same reader: what one of them teaches moves no prefix of another.
TEST_F(Readers, WhatIsLearntHoldsFromAViewsNextEpochOn) {
  constexpr int64_t kBudget = 8'000;
  for (const char* id : {"teacher", "other"}) {
    ASSERT_TRUE(client_->CreateSession(id).ok());
    ASSERT_TRUE(client_->Append(id, WorkingAgent(60, 600)).ok());
  }
  const auto build = [&](const char* id) {
    return client_->MustBuild(ViewOf(id, kBudget, v1::WIRE_FORMAT_NATIVE));
  };
  const auto before = build("other");
  ASSERT_GT(before.summary().epoch(), 0);
  EXPECT_EQ(before.summary().text_factor(), 1);
  const auto taught = build("teacher");
  v1::ReportUsageResponse reported;
  // Pages are not text: who counts what was promised teaches nothing.
  const int64_t promised = taught.summary().tokens();
  ASSERT_GT(taught.summary().pages_size(), 0);
  ASSERT_TRUE(Report(taught.payload_sha256(), promised + 50, 50, &reported).ok());
  EXPECT_EQ(reported.text_factor(), 1);
  ASSERT_TRUE(Report(taught.payload_sha256(), promised * 3 / 2, 0, &reported).ok());
  ASSERT_GT(reported.text_factor(), 1.2);
  EXPECT_EQ(build("teacher").payload_sha256(), taught.payload_sha256());
  EXPECT_EQ(build("other").payload_sha256(), before.payload_sha256());

  uint64_t epoch = before.summary().epoch();
  std::string prefix = before.summary().prefix_sha256();
  bool crossed = false;
  for (int i = 0; i < 60 && !crossed; ++i) {
    ASSERT_TRUE(client_->Append("other", {TextTurn(v1::ROLE_USER, std::string(700, 'q'))}).ok());
    const auto after = build("other");
    crossed = after.summary().text_factor() != 1;
    if (!crossed) {
      EXPECT_EQ(after.summary().epoch(), epoch);
      EXPECT_EQ(after.summary().prefix_sha256(), prefix);
    } else {
      EXPECT_NE(after.summary().prefix_sha256(), prefix);
      EXPECT_EQ(after.summary().text_factor(), reported.text_factor());
    }
  }
  EXPECT_TRUE(crossed);
  // A look back is at what the view is now.
  const auto past = client_->MustBuild(ViewOf("other", kBudget, v1::WIRE_FORMAT_NATIVE, 30));
  EXPECT_EQ(past.summary().text_factor(), reported.text_factor());
}

TEST_F(Readers, AnImageCostsWhatTheRuleSays) {
  v1::CountTokensRequest request;
  request.set_reader("claude");
  request.mutable_image()->set_width(3840);
  request.mutable_image()->set_height(2160);
  v1::CountTokensResponse response;
  ASSERT_TRUE(Count(request, &response).ok());
  EXPECT_EQ(response.tokens(), 4784);
  EXPECT_TRUE(response.exact());
  EXPECT_EQ(response.seen_width(), 2576);
  EXPECT_EQ(response.seen_height(), 1449);
  EXPECT_FALSE(response.source().empty());

  request.set_reader("gemini-3");
  request.mutable_image()->set_resolution("MEDIA_RESOLUTION_MEDIUM");
  ASSERT_TRUE(Count(request, &response).ok());
  EXPECT_EQ(response.tokens(), 560 + 75);
  EXPECT_FALSE(response.exact());
}

TEST_F(Readers, AProfileIsGivenAsItsFileHasIt) {
  v1::GetReaderProfileRequest request;
  v1::GetReaderProfileResponse response;
  request.set_reader("amazon-nova");
  grpc::ClientContext context;
  client_->Prepare(context);
  ASSERT_TRUE(readers_->GetReaderProfile(&context, request, &response).ok());
  std::ifstream file(FOVEA_SOURCE_DIR "/readers/amazon-nova.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(response.json(), text);
  request.set_reader("nobody");
  grpc::ClientContext other;
  client_->Prepare(other);
  EXPECT_EQ(readers_->GetReaderProfile(&other, request, &response).error_code(),
            StatusCode::NOT_FOUND);
}

TEST_F(Readers, WhatCannotBeCountedIsRefusedByName) {
  v1::CountTokensRequest request;
  v1::CountTokensResponse response;
  request.set_reader("nobody");
  EXPECT_EQ(Count(request, &response).error_code(), StatusCode::NOT_FOUND);
  request.set_reader("text-only");
  EXPECT_EQ(Count(request, &response).error_message(), "text or image: one of them must be set");
  request.mutable_image()->set_width(10);
  request.mutable_image()->set_height(10);
  EXPECT_EQ(Count(request, &response).error_message(), "image: text-only takes no images");
  request.set_text(std::string((16 << 20) + 1, 'a'));
  EXPECT_EQ(Count(request, &response).error_code(), StatusCode::INVALID_ARGUMENT);
  request.set_text("four words are here");
  ASSERT_TRUE(Count(request, &response).ok());
  EXPECT_GE(response.tokens(), 4);
}

TEST_F(Readers, AReportOfMoreRaisesTheCountForGood) {
  ASSERT_TRUE(client_->CreateSession("s").ok());
  ASSERT_TRUE(client_->Append("s", WorkingAgent(30, 2000)).ok());
  const auto view = ViewOf("s", 400'000, v1::WIRE_FORMAT_ANTHROPIC);
  const v1::BuildContextResponse before = client_->MustBuild(view);
  const int64_t promised = before.summary().tokens();
  ASSERT_EQ(before.summary().pages_size(), 0);

  v1::ReportUsageResponse reported;
  ASSERT_TRUE(Report(before.payload_sha256(), promised * 3 / 2 + 100, 100, &reported).ok());
  EXPECT_EQ(reported.reader(), "claude");
  EXPECT_EQ(reported.promised_tokens(), promised);
  EXPECT_GE(reported.text_factor(), 1.5);
  EXPECT_LE(reported.text_factor(), 1.55);

  const int64_t corrected = client_->MustBuild(view).summary().tokens();
  EXPECT_GE(corrected, promised * 14 / 10);
  fixture_.Restart();
  Connect();
  EXPECT_EQ(client_->MustBuild(view).summary().tokens(), corrected);

  // The other readers of the tenant keep theirs.
  auto other = view;
  other.mutable_view()->set_reader("text-only");
  const int64_t others = client_->MustBuild(other).summary().tokens();
  EXPECT_LE(others, promised);
}

TEST_F(Readers, AReportThatCannotBeOfTheContextIsRefused) {
  ASSERT_TRUE(client_->CreateSession("s").ok());
  ASSERT_TRUE(client_->Append("s", WorkingAgent(30, 2000)).ok());
  const auto view = ViewOf("s", 100'000, v1::WIRE_FORMAT_NATIVE);
  const v1::BuildContextResponse built = client_->MustBuild(view);
  v1::ReportUsageResponse reported;
  EXPECT_EQ(Report("0123", 1000, 0, &reported).error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(Report(built.payload_sha256(), 0, 0, &reported).error_code(),
            StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Report(built.payload_sha256(), 10, 11, &reported).error_code(),
            StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(
      Report(built.payload_sha256(), 100 * built.summary().tokens(), 0, &reported).error_code(),
      StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(client_->MustBuild(view).summary().tokens(), built.summary().tokens());
}

}  // namespace
}  // namespace fovea::testing
