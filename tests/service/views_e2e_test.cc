// What is asked of views: contexts in chunks, who looks at a session, where a page has a turn,
// colours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;

constexpr int64_t kBudget = 16'000;
constexpr size_t kUsualLimit = size_t{4} << 20;  // of gRPC's clients

class ViewsE2e : public ::testing::Test {
 protected:
  void Fill(const std::string& session, const std::vector<v1::Turn>& turns) {
    ASSERT_TRUE(client_.CreateSession(session).ok());
    ASSERT_TRUE(client_.Append(session, turns).ok());
  }

  // The chunks' data, one after the other.
  static std::string Streamed(v1::ContextService::Stub& contexts,
                              const v1::BuildContextRequest& request, grpc::Status* status) {
    grpc::ClientContext context;
    const auto stream = contexts.StreamContext(&context, request);
    std::string all;
    v1::ContextChunk chunk;
    uint64_t total = 0;
    while (stream->Read(&chunk)) {
      EXPECT_LE(chunk.ByteSizeLong(), kUsualLimit);
      EXPECT_GT(chunk.data().size(), 0U);
      total = chunk.total_bytes();
      all += chunk.data();
    }
    *status = stream->Finish();
    if (status->ok()) {
      EXPECT_EQ(all.size(), total);
    }
    return all;
  }

  v1::ListViewsResponse Views(const std::string& session) {
    grpc::ClientContext context;
    client_.Prepare(context);
    v1::ListViewsRequest request;
    request.set_session_id(session);
    v1::ListViewsResponse response;
    const grpc::Status status = client_.contexts->ListViews(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  ServerFixture fixture_;
  Client client_ = fixture_.MakeClient();
};

TEST_F(ViewsE2e, AStreamedContextIsTheSameInChunks) {
  Fill("s", WorkingAgent(120, 3000));
  for (int format = v1::WIRE_FORMAT_NATIVE; format <= v1::WIRE_FORMAT_DEEPSEEK; ++format) {
    const auto request = ViewOf("s", kBudget, static_cast<v1::WireFormat>(format));
    grpc::Status status;
    const std::string streamed = Streamed(*client_.contexts, request, &status);
    ASSERT_TRUE(status.ok()) << status.error_message();
    v1::BuildContextResponse context;
    ASSERT_TRUE(context.ParseFromString(streamed));
    EXPECT_EQ(context.SerializeAsString(), client_.MustBuild(request).SerializeAsString());
  }
}

// A client that knows nothing of gRPC's limits gets what BuildContext cannot give it.
TEST_F(ViewsE2e, AStreamedContextNeedsNoLargerLimit) {
  v1::Turn turn = TextTurn(v1::ROLE_USER, "look");
  turn.add_parts()->mutable_image()->set_media_type("image/png");
  turn.mutable_parts(1)->mutable_image()->set_data(std::string(5 << 20, 'p'));
  Fill("s", {turn});
  const auto channel = grpc::CreateChannel(fixture_.address(), grpc::InsecureChannelCredentials());
  const auto contexts = v1::ContextService::NewStub(channel);
  const auto request = ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE);
  grpc::ClientContext whole;
  v1::BuildContextResponse response;
  EXPECT_EQ(contexts->BuildContext(&whole, request, &response).error_code(),
            StatusCode::RESOURCE_EXHAUSTED);
  grpc::Status status;
  const std::string streamed = Streamed(*contexts, request, &status);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_TRUE(response.ParseFromString(streamed));
  EXPECT_EQ(response.blocks(0).turn().parts(1).image().data().size(), size_t{5} << 20);
}

TEST_F(ViewsE2e, AStreamedContextFailsAsTheOtherDoes) {
  grpc::Status status;
  Streamed(*client_.contexts, ViewOf("none", kBudget, v1::WIRE_FORMAT_NATIVE), &status);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  Fill("s", {TextTurn(v1::ROLE_USER, std::string(100'000, 'x'))});
  Streamed(*client_.contexts, ViewOf("s", 1'000, v1::WIRE_FORMAT_NATIVE), &status);
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), ::testing::HasSubstr("the context needs at least"));
  Streamed(*client_.contexts, ViewOf("", kBudget, v1::WIRE_FORMAT_NATIVE), &status);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(ViewsE2e, ListsWhoLooksAtASession) {
  Fill("s", WorkingAgent(40, 2000));
  Fill("t", WorkingAgent(4, 100));
  EXPECT_EQ(Views("").entries_size(), 0);
  client_.MustBuild(ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE));
  client_.MustBuild(ViewOf("t", kBudget, v1::WIRE_FORMAT_NATIVE));
  auto request = ViewOf("s", 2 * kBudget, v1::WIRE_FORMAT_NATIVE);
  request.mutable_view()->mutable_policy()->set_name(v1::POLICY_NAME_FRUGAL);
  request.mutable_view()->mutable_policy()->set_entry_rung(1);
  const v1::BuildContextResponse context = client_.MustBuild(request);

  const v1::ListViewsResponse views = Views("s");
  ASSERT_EQ(views.entries_size(), 2);
  const v1::ListViewsResponse::Entry& latest = views.entries(0);
  EXPECT_EQ(latest.view().SerializeAsString(), request.view().SerializeAsString());
  EXPECT_EQ(latest.last_seq(), 40U);
  EXPECT_EQ(latest.tokens(), context.summary().tokens());
  EXPECT_EQ(latest.epoch(), context.summary().epoch());
  EXPECT_GE(latest.used_us(), views.entries(1).used_us());
  EXPECT_EQ(views.entries(1).view().token_budget(), kBudget);
  EXPECT_FALSE(views.entries(1).view().has_policy());
  EXPECT_EQ(Views("").entries_size(), 3);

  grpc::ClientContext of_none;
  v1::ListViewsRequest none;
  none.set_session_id("none");
  v1::ListViewsResponse response;
  EXPECT_EQ(client_.contexts->ListViews(&of_none, none, &response).error_code(),
            StatusCode::NOT_FOUND);
}

TEST_F(ViewsE2e, APageSaysWhereItHasATurn) {
  Fill("s", WorkingAgent(120, 900));
  const auto request = ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE);
  const v1::BuildContextResponse context = client_.MustBuild(request);
  ASSERT_GT(context.summary().pages_size(), 0);
  const v1::PageRef& page = context.summary().pages(0);
  ASSERT_GT(page.last_seq(), page.first_seq() + 1);
  const auto rows = [&](uint64_t seq) {
    grpc::ClientContext call;
    client_.Prepare(call);
    v1::GetPageRequest get;
    *get.mutable_view() = request.view();
    get.set_page_id(page.page_id());
    get.set_seq(seq);
    v1::GetPageResponse response;
    const grpc::Status status = client_.contexts->GetPage(&call, get, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return std::pair(response.turn_top(), response.turn_bottom());
  };
  EXPECT_EQ(rows(0), std::pair(0, 0));
  EXPECT_EQ(rows(page.last_seq() + 1), std::pair(0, 0));
  int top = 0;
  int bottom = 0;
  for (uint64_t seq = page.first_seq(); seq <= page.last_seq(); ++seq) {
    const auto [turn_top, turn_bottom] = rows(seq);
    EXPECT_LT(turn_top, turn_bottom) << seq;
    EXPECT_GE(turn_top, top) << seq;
    EXPECT_GE(turn_bottom, bottom) << seq;
    EXPECT_LE(turn_top, std::max(bottom, 1)) << "a gap before " << seq;
    top = turn_top;
    bottom = turn_bottom;
  }
  EXPECT_LE(bottom, page.height());
  EXPECT_GT(bottom, page.height() / 2);
}

TEST_F(ViewsE2e, CodesThatOnlyColourAreLeftOutOfPagesAndCounted) {
  std::vector<v1::Turn> turns = WorkingAgent(120, 900);
  uint64_t codes = 0;
  for (v1::Turn& turn : turns) {
    if (turn.role() != v1::ROLE_TOOL) continue;
    std::string& text = *turn.mutable_parts(0)
                             ->mutable_tool_result()
                             ->mutable_content(0)
                             ->mutable_text()
                             ->mutable_text();
    for (size_t at = 0; at < text.size(); at += 100) text.insert(at, "\x1b[1;31m\x1b[0m");
    ++codes;
  }
  ASSERT_GT(codes, 10U);
  Fill("s", turns);
  const auto sums = [&](bool show) {
    auto request = ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE);
    if (show) request.mutable_view()->mutable_policy()->set_show_colour_codes(true);
    const v1::BuildContextResponse context = client_.MustBuild(request);
    uint64_t colours = 0;
    uint64_t hidden = 0;
    for (const v1::LossManifest::Entry& entry : context.summary().loss().entries()) {
      colours += entry.colour_code_characters();
      hidden += entry.hidden_characters();
    }
    EXPECT_GT(context.summary().pages_size(), 0);
    return std::pair(colours, hidden);
  };
  const auto [left_out, hidden] = sums(false);
  EXPECT_GT(left_out, 11U * 100U);
  EXPECT_EQ(hidden, 0U);
  const auto [none, shown] = sums(true);
  EXPECT_EQ(none, 0U);
  EXPECT_GT(shown, 0U) << "each ESC is a mark";
}

// Anthropic caches what a mark ends, and the API's own blocks take none.
TEST_F(ViewsE2e, WhatNoMarkEndsCostsItsFullPrice) {
  v1::Turn search;
  search.set_role(v1::ROLE_ASSISTANT);
  v1::OpaquePart* call = search.add_parts()->mutable_opaque();
  call->set_kind("anthropic.server_tool_use");
  call->set_data(R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}})");
  v1::OpaquePart* result = search.add_parts()->mutable_opaque();
  result->set_kind("anthropic.web_search_tool_result");
  result->set_data(absl::StrCat(
      R"({"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[],"x":")",
      std::string(4000, 'x'), "\"}"));
  Fill("s", {TextTurn(v1::ROLE_USER, "look it up"), search});
  const auto request = ViewOf("s", kBudget, v1::WIRE_FORMAT_ANTHROPIC);
  const v1::ContextSummary open = client_.MustBuild(request).summary();
  ASSERT_TRUE(client_.Append("s", {TextTurn(v1::ROLE_USER, "and now?")}).ok());
  const v1::ContextSummary marked = client_.MustBuild(request).summary();
  const double read_price = marked.cost().next() / static_cast<double>(marked.tokens());
  EXPECT_LT(read_price, 0.2);
  EXPECT_GT(open.cost().next(), 2 * read_price * static_cast<double>(open.tokens()));
}

}  // namespace
}  // namespace fovea::testing
