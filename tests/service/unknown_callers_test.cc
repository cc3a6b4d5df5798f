// Connections that nobody known calls by, and callers who are known no longer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/sha256.h"
#include "tests/service/process.h"
#include "tests/service/raw_connection.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;

constexpr uint64_t kMiB = uint64_t{1} << 20;

void WriteTokens(const std::string& file, const std::vector<std::string>& tokens) {
  std::ofstream out(file);
  for (const std::string& token : tokens) {
    out << absl::StrCat(R"({"token_sha256": ")", Sha256Hex(token), R"(", "tenant": "red"})", "\n");
  }
}

bool WaitUntilServing(const Client& client) {
  return client.channel->WaitForConnected(std::chrono::system_clock::now() +
                                          std::chrono::seconds(90));
}

TEST(UnknownCallers, HeadersWithoutAnEndTakeLittleMemory) {
  const TemporaryDirectory directory;
  const std::string address = FreeAddress();
  WriteTokens(directory.Path("tokens"), {"red"});
  Process server({.flags = {"--data", directory.Path("data"), "--listen", address, "--tokens",
                            directory.Path("tokens"), "--log-level", "error"}});
  const Client red(address, "red");
  ASSERT_TRUE(WaitUntilServing(red));
  const uint64_t before = server.memory();
  server.ResetPeak();
  std::string block;
  for (int i = 0; i < 128; ++i) {
    block += Frame(kContinuation, 0, 1, Literal(absl::StrCat("x-", i), std::string(8'000, 'v')));
  }
  size_t sent = 0;
  for (int connections = 0; connections < 3; ++connections) {
    const RawConnection flood(address);
    ASSERT_TRUE(flood.Send(Frame(kHeaders, 0, 1, Literal("x", std::string(200, 'v')))));
    for (int i = 0; i < 600 && flood.Send(block); ++i) sent += block.size();
  }
  ASSERT_TRUE(server.running());
  std::cout << "[ figure   ] sent: " << sent / kMiB
            << " MiB, grown by: " << (server.peak_memory() - before) / kMiB << " MiB\n";
  EXPECT_LT(sent, size_t{1'200} * kMiB);
  EXPECT_LT(server.peak_memory() - before, 256 * kMiB);
  Client after(address, "red");
  EXPECT_TRUE(after.CreateSession("s").ok());
}

// Those who are known keep their places, and those who come get one.
TEST(UnknownCallers, TheirConnectionsMakeRoomForOthers) {
  const TemporaryDirectory directory;
  const std::string address = FreeAddress();
  WriteTokens(directory.Path("tokens"), {"red"});
  Process server(
      {.flags = {"--data", directory.Path("data"), "--listen", address, "--tokens",
                 directory.Path("tokens"), "--log-level", "error", "--connections", "20"}});
  Client early(address, "red");
  ASSERT_TRUE(WaitUntilServing(early));
  ASSERT_TRUE(early.CreateSession("early").ok());
  std::vector<std::unique_ptr<RawConnection>> unknown;
  for (int i = 0; i < 60; ++i) unknown.push_back(std::make_unique<RawConnection>(address));
  for (int i = 0; i < 5; ++i) {
    grpc::ChannelArguments own;
    own.SetInt("fovea.test", i);  // a connection of its own
    const auto channel =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), own);
    const auto stub = v1::SessionService::NewStub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    context.AddMetadata("authorization", "Bearer red");
    v1::ListSessionsResponse response;
    const grpc::Status status = stub->ListSessions(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_TRUE(early.CreateSession("late").ok());
}

// A stream may last longer than the token that began it.
TEST(UnknownCallers, AStreamEndsWithItsToken) {
  const TemporaryDirectory directory;
  WriteTokens(directory.Path("tokens"), {"red", "blue"});
  ServerFixture fixture(
      [&](service::ServerOptions& options) { options.tokens_file = directory.Path("tokens"); });
  Client red = fixture.MakeClient("red");
  ASSERT_TRUE(red.CreateSession("s").ok());
  grpc::ClientContext context;
  red.Prepare(context);
  v1::StreamAppendTurnsResponse response;
  auto stream = red.sessions->StreamAppendTurns(&context, &response);
  v1::AppendTurnsRequest request;
  request.set_session_id("s");
  *request.add_turns() = TextTurn(v1::ROLE_USER, "hello");
  ASSERT_TRUE(stream->Write(request));
  Client blue = fixture.MakeClient("blue");
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (blue.MustRead("s").size() != 1 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  WriteTokens(directory.Path("tokens"), {"blue"});
  ASSERT_TRUE(fixture.server().ReloadTokens().ok());
  stream->Write(request);
  stream->WritesDone();
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(blue.MustRead("s").size(), 1);
}

// What a stream has sent and the log has taken is held no longer.
TEST(UnknownCallers, ASilentStreamHoldsNothing) {
  ServerFixture fixture(
      [](service::ServerOptions& options) { options.max_call_bytes = 96 * kMiB; });
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  const v1::Turn large = TextTurn(v1::ROLE_USER, std::string(24 * kMiB, 'x'));
  grpc::ClientContext context;
  v1::StreamAppendTurnsResponse response;
  auto stream = client.sessions->StreamAppendTurns(&context, &response);
  v1::AppendTurnsRequest request;
  request.set_session_id("s");
  *request.add_turns() = large;
  ASSERT_TRUE(stream->Write(request));
  grpc::Status status;
  for (int i = 0; i < 200; ++i) {
    status = client.Append("s", {large});
    if (status.ok()) break;
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_TRUE(status.ok()) << status.error_message();
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

// A folder as the configuration or the tokens is a mistake, not an open door.
TEST(UnknownCallers, AFolderIsNoConfiguration) {
  const TemporaryDirectory directory;
  for (const char* flag : {"--config", "--tokens"}) {
    Process server({.flags = {flag, "/tmp", "--data", directory.Path("data"), "--listen",
                              "unix:" + directory.Path("s")},
                    .log = directory.Path("log")});
    int ended = -1;
    for (int i = 0; i < 600 && (ended = server.EndedWith()) == -1; ++i) {
      absl::SleepFor(absl::Milliseconds(50));
    }
    ASSERT_NE(ended, -1) << flag;
    EXPECT_NE(ended, 0) << flag;
    std::ifstream log(directory.Path("log"));
    const std::string text((std::istreambuf_iterator<char>(log)), {});
    EXPECT_THAT(text, HasSubstr("cannot read /tmp"));
  }
}

}  // namespace
}  // namespace fovea::testing
