// Tenants do not see each other.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;

// Calls that name a session, by method.
std::map<std::string, grpc::Status> CallsOn(Client& client, const std::string& id) {
  std::map<std::string, grpc::Status> statuses;
  const auto call = [&](const std::string& name, auto& stub, auto method, auto request,
                        auto response) {
    grpc::ClientContext context;
    client.Prepare(context);
    statuses[name] = ((*stub).*method)(&context, request, &response);
  };
  const auto session = [&](auto request) {
    request.set_session_id(id);
    return request;
  };
  const auto range = [&](auto request) {
    request.set_session_id(id);
    request.mutable_range()->set_first(1);
    request.mutable_range()->set_last(1);
    return request;
  };
  using Sessions = v1::SessionService::Stub;
  using Contexts = v1::ContextService::Stub;
  call("GetSession", client.sessions, &Sessions::GetSession, session(v1::GetSessionRequest()),
       v1::Session());
  call("PinTurns", client.sessions, &Sessions::PinTurns, range(v1::PinTurnsRequest()),
       v1::PinTurnsResponse());
  call("UnpinTurns", client.sessions, &Sessions::UnpinTurns, range(v1::UnpinTurnsRequest()),
       v1::UnpinTurnsResponse());
  call("CompactSession", client.sessions, &Sessions::CompactSession,
       session(v1::CompactSessionRequest()), v1::CompactSessionResponse());
  v1::SearchTurnsRequest search = session(v1::SearchTurnsRequest());
  search.set_query("next");
  call("SearchTurns", client.sessions, &Sessions::SearchTurns, search, v1::SearchTurnsResponse());
  v1::ExpandTurnRequest expand = session(v1::ExpandTurnRequest());
  expand.set_seq(1);
  call("ExpandTurn", client.sessions, &Sessions::ExpandTurn, expand, v1::ExpandTurnResponse());
  v1::ForkSessionRequest fork = session(v1::ForkSessionRequest());
  call("ForkSession", client.sessions, &Sessions::ForkSession, fork, v1::Session());
  const auto build = ViewOf(id, 16000, v1::WIRE_FORMAT_NATIVE);
  call("PlanContext", client.contexts, &Contexts::PlanContext, build, v1::PlanContextResponse());
  v1::ExplainTurnRequest explain;
  *explain.mutable_view() = build.view();
  explain.set_seq(1);
  call("ExplainTurn", client.contexts, &Contexts::ExplainTurn, explain, v1::ExplainTurnResponse());
  v1::DiffEpochsRequest diff;
  *diff.mutable_view() = build.view();
  call("DiffEpochs", client.contexts, &Contexts::DiffEpochs, diff, v1::DiffEpochsResponse());
  v1::DrawLadderRequest ladder;
  *ladder.mutable_view() = build.view();
  call("DrawLadder", client.contexts, &Contexts::DrawLadder, ladder, v1::DrawLadderResponse());
  return statuses;
}

TEST(TenantsE2e, DoNotSeeEachOther) {
  const TemporaryDirectory directory;
  const std::string tokens = directory.Path("tokens");
  std::ofstream(tokens) << absl::StrCat(
      R"({"token_sha256": ")", Sha256Hex("red"), R"(", "tenant": "red", "admin": true})", "\n",
      R"({"token_sha256": ")", Sha256Hex("blue"), R"(", "tenant": "blue"})", "\n");
  ServerFixture fixture([&](service::ServerOptions& options) { options.tokens_file = tokens; });
  EXPECT_EQ(fixture.MakeClient().CreateSession("s").error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(fixture.MakeClient("green").CreateSession("s").error_code(),
            StatusCode::UNAUTHENTICATED);

  Client red = fixture.MakeClient("red");
  Client blue = fixture.MakeClient("blue");
  ASSERT_TRUE(red.CreateSession("s").ok());
  ASSERT_TRUE(red.Append("s", WorkingAgent(60, 3000)).ok());
  EXPECT_EQ(blue.Append("s", WorkingAgent(2, 10)).error_code(), StatusCode::NOT_FOUND);
  v1::BuildContextResponse response;
  EXPECT_EQ(blue.Build(ViewOf("s", 16000, v1::WIRE_FORMAT_NATIVE), &response).error_code(),
            StatusCode::NOT_FOUND);
  const auto reds = red.MustBuild(ViewOf("s", 16000, v1::WIRE_FORMAT_NATIVE));
  ASSERT_GT(reds.summary().pages_size(), 0);

  ASSERT_TRUE(blue.CreateSession("s").ok());
  ASSERT_TRUE(blue.Append("s", {TextTurn(v1::ROLE_USER, "mine")}).ok());
  EXPECT_EQ(blue.MustBuild(ViewOf("s", 16000, v1::WIRE_FORMAT_NATIVE)).blocks_size(), 1);
  v1::GetPageRequest page;
  *page.mutable_view() = ViewOf("s", 16000, v1::WIRE_FORMAT_NATIVE).view();
  page.set_page_id(reds.summary().pages(0).page_id());
  grpc::ClientContext page_context;
  blue.Prepare(page_context);
  v1::GetPageResponse page_response;
  EXPECT_EQ(blue.contexts->GetPage(&page_context, page, &page_response).error_code(),
            StatusCode::NOT_FOUND);

  grpc::ClientContext list_context;
  blue.Prepare(list_context);
  v1::ListSessionsResponse list;
  ASSERT_TRUE(blue.sessions->ListSessions(&list_context, {}, &list).ok());
  ASSERT_EQ(list.sessions_size(), 1);
  EXPECT_EQ(list.sessions(0).last_seq(), 1);

  grpc::ClientContext admin_context;
  blue.Prepare(admin_context);
  v1::DropPagesResponse dropped;
  EXPECT_EQ(blue.admin->DropPages(&admin_context, {}, &dropped).error_code(),
            StatusCode::PERMISSION_DENIED);

  for (const auto& [name, status] : CallsOn(red, "s")) {
    EXPECT_TRUE(status.ok()) << name << ": " << status.error_message();
  }
  ASSERT_TRUE(red.CreateSession("reds").ok());
  for (const auto& [name, status] : CallsOn(blue, "reds")) {
    EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND) << name;
  }

  // Tokens change without a restart.
  std::ofstream(tokens) << absl::StrCat(R"({"token_sha256": ")", Sha256Hex("azure"),
                                        R"(", "tenant": "blue"})");
  ASSERT_TRUE(fixture.server().ReloadTokens().ok());
  EXPECT_EQ(blue.CreateSession("t").error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(fixture.MakeClient("azure").MustRead("s").size(), 1);
  std::ofstream(tokens) << "nonsense";
  EXPECT_FALSE(fixture.server().ReloadTokens().ok());
  EXPECT_EQ(fixture.MakeClient("azure").MustRead("s").size(), 1);
}

}  // namespace
}  // namespace fovea::testing
