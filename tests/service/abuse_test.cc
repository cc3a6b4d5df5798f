// What hostile callers send: none ends the process, and nobody without a token takes much memory.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/sha256.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "tests/service/process.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;

constexpr uint64_t kMiB = uint64_t{1} << 20;

bool WaitUntilServing(const Client& client, int seconds = 90) {
  return client.channel->WaitForConnected(std::chrono::system_clock::now() +
                                          std::chrono::seconds(seconds));
}

// Empty turns of AppendTurnsRequest, two bytes each, which take a hundred parsed.
std::string TinyFields(size_t bytes) {
  std::string fields;
  fields.reserve(bytes);
  const int number = v1::AppendTurnsRequest::kTurnsFieldNumber;
  while (fields.size() + 2 <= bytes) {
    fields += static_cast<char>(number << 3 | 2);
    fields += '\0';
  }
  return fields;
}

// Fields that no message has: parsed, each is an entry of its own.
std::string UnknownFields(size_t bytes) {
  std::string fields;
  fields.reserve(bytes);
  while (fields.size() + 3 <= bytes) fields += std::string("\xf8\x07\x01", 3);
  return fields;
}

TEST(Abuse, DeepJsonIsRefusedOrText) {
  const TemporaryDirectory directory;
  const std::string socket = directory.Path("s");
  Process server(directory.Path("data"), socket);
  Client client("unix:" + socket);
  ASSERT_TRUE(WaitUntilServing(client));
  ASSERT_TRUE(client.CreateSession("s").ok());
  const std::string open = R"({"a":)" + std::string(70'000, '[');
  v1::Turn turn = CallTurn("look", {"c"});
  turn.mutable_parts(1)->mutable_tool_call()->set_arguments_json(open + std::string(70'000, ']') +
                                                                 "}");
  const grpc::Status refused = client.Append("s", {turn});
  EXPECT_EQ(refused.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(refused.error_message(),
            "turns[0].parts[1].tool_call.arguments_json: is JSON nested deeper than 64 levels");
  // What is no JSON is a model's stutter: kept, and never parsed.
  turn.mutable_parts(1)->mutable_tool_call()->set_arguments_json(open);
  ASSERT_TRUE(client.Append("s", {turn, ResultTurn("c", "x")}).ok());
  ASSERT_TRUE(client.Append("s", WorkingAgent(40, 3000)).ok());
  for (const v1::WireFormat format :
       {v1::WIRE_FORMAT_NATIVE, v1::WIRE_FORMAT_ANTHROPIC, v1::WIRE_FORMAT_GEMINI,
        v1::WIRE_FORMAT_OPENAI_RESPONSES, v1::WIRE_FORMAT_DEEPSEEK}) {
    const auto built = client.MustBuild(ViewOf("s", 30'000, format));
    EXPECT_GT(built.summary().tokens(), 0);
  }
  EXPECT_TRUE(server.running());
}

TEST(Abuse, NobodyWithoutATokenTakesMemory) {
  const TemporaryDirectory directory;
  const std::string socket = directory.Path("s");
  const std::string tokens = directory.Path("tokens");
  std::ofstream(tokens) << absl::StrCat(R"({"token_sha256": ")", Sha256Hex("red"),
                                        R"(", "tenant": "red"})");
  Process server({.flags = {"--data", directory.Path("data"), "--listen", "unix:" + socket,
                            "--tokens", tokens, "--log-level", "error"}});
  ASSERT_TRUE(WaitUntilServing(Client("unix:" + socket)));
  const uint64_t before = server.memory();
  server.ResetPeak();
  const std::string tiny = TinyFields(64 * kMiB);
  const std::string unknown = UnknownFields(64 * kMiB);
  std::vector<std::thread> callers;
  callers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, i] {
      const Client nobody("unix:" + socket);
      const grpc::Status status =
          i % 2 == 0 ? CallRaw(nobody, "/fovea.v1.SessionService/AppendTurns", tiny)
                     : CallRaw(nobody, "/fovea.v1.SessionService/GetSession", unknown);
      EXPECT_EQ(status.error_code(), StatusCode::UNAUTHENTICATED) << status.error_message();
    });
  }
  // One who talks to the services that gRPC brings.
  for (const char* method :
       {"/grpc.health.v1.Health/Check", "/grpc.reflection.v1alpha.ServerReflection/X"}) {
    callers.emplace_back([&, method] { CallRaw(Client("unix:" + socket), method, unknown); });
  }
  for (std::thread& caller : callers) caller.join();
  ASSERT_TRUE(server.running());
  const uint64_t peak = server.peak_memory();
  std::cout << "[ figure   ] without a token: " << (peak - before) / kMiB << " MiB\n";
  EXPECT_LT(peak - before, 256 * kMiB);

  // One with a token is told what is wrong, and takes what it sent and little more.
  server.ResetPeak();
  const uint64_t idle = server.memory();
  const Client red("unix:" + socket, "red");
  const grpc::Status fields = CallRaw(red, "/fovea.v1.SessionService/AppendTurns", tiny);
  EXPECT_EQ(fields.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(absl::StrContains(fields.error_message(), "too many fields"));
  const grpc::Status size = CallRaw(red, "/fovea.v1.SessionService/GetSession", unknown);
  EXPECT_EQ(size.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(absl::StrContains(size.error_message(), "GetSession takes at most"));
  ASSERT_TRUE(server.running());
  std::cout << "[ figure   ] with a token: " << (server.peak_memory() - idle) / kMiB << " MiB\n";
  EXPECT_LT(server.peak_memory() - idle, 256 * kMiB);
}

std::vector<int> SilentConnections(const std::string& path, int count) {
  std::vector<int> sockets;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  for (int i = 0; i < count; ++i) {
    const int one = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (one < 0) break;
    if (connect(one, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    sockets.push_back(one);
  }
  return sockets;
}

TEST(Abuse, SilentConnectionsDoNotShutTheDoor) {
  const TemporaryDirectory directory;
  const std::string socket = directory.Path("s");
  Process server({.flags = {"--data", directory.Path("data"), "--listen", "unix:" + socket,
                            "--log-level", "error", "--handshake-time", "1s"},
                  .max_files = 256});
  ASSERT_TRUE(WaitUntilServing(Client("unix:" + socket)));
  const std::vector<int> silent = SilentConnections(socket, 600);
  EXPECT_EQ(silent.size(), 600);
  Client late("unix:" + socket);
  EXPECT_TRUE(WaitUntilServing(late));
  EXPECT_TRUE(late.CreateSession("s").ok());
  for (const int one : silent) close(one);
  EXPECT_TRUE(server.running());
}

// Clients that ask and do not take the answers hold what the budget gives, and not for ever.
TEST(Abuse, AnswersThatNobodyTakesAreBounded) {
  const TemporaryDirectory directory;
  ServerFixture fixture([](service::ServerOptions& options) {
    options.max_call_bytes = 24 * kMiB;
    options.answer_time = absl::Seconds(5);  // enough for all of them to begin, on a busy machine
  });
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  ASSERT_TRUE(client.Append("s", {TextTurn(v1::ROLE_USER, std::string(6 * kMiB, 'x'))}).ok());
  // Streams whose client reads nothing: each holds what its window does not take.
  std::vector<std::unique_ptr<Client>> deaf;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::ReadTurnsResponse>>> readers;
  v1::ReadTurnsRequest request;
  request.set_session_id("s");
  for (int i = 0; i < 6; ++i) {
    deaf.push_back(std::make_unique<Client>(fixture.address()));
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(deaf.back()->sessions->ReadTurns(contexts.back().get(), request));
  }
  // The budget gives out: the refusal comes at once and says when to come again. Then those that
  // take nothing are ended, and others are served again.
  const auto read = [&](bool* hint) {
    grpc::ClientContext context;
    auto reader = client.sessions->ReadTurns(&context, request);
    v1::ReadTurnsResponse response;
    while (reader->Read(&response)) continue;
    const grpc::Status status = reader->Finish();
    *hint = context.GetServerTrailingMetadata().count("grpc-retry-pushback-ms") == 1;
    return status.error_code();
  };
  const auto read_until = [&](StatusCode wanted, bool* hint) {
    for (int i = 0; i < 200; ++i) {
      if (read(hint) == wanted) return true;
      absl::SleepFor(absl::Milliseconds(50));
    }
    return false;
  };
  bool hint = false;
  EXPECT_TRUE(read_until(StatusCode::RESOURCE_EXHAUSTED, &hint));
  EXPECT_TRUE(hint);
  EXPECT_TRUE(read_until(StatusCode::OK, &hint));
  for (auto& one : contexts) one->TryCancel();
  for (auto& one : readers) one->Finish();
}

}  // namespace
}  // namespace fovea::testing
