#include "tests/service/server_fixture.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpc/grpc.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "spdlog/sinks/null_sink.h"

namespace fovea::testing {
namespace {

// gRPC's threads and pollers live from here to the end of the program. Otherwise they end with each
// fixture, which waits for them, and start with the next.
[[maybe_unused]] const bool kGrpcHeld = [] {
  grpc_init();
  return true;
}();

}  // namespace

Client::Client(const std::string& address, std::string token) : token_(std::move(token)) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  // A channel of its own: clients must not share a connection that an earlier server had.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  sessions = v1::SessionService::NewStub(channel);
  contexts = v1::ContextService::NewStub(channel);
  admin = v1::AdminService::NewStub(channel);
}

void Client::Prepare(grpc::ClientContext& context) const {
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
}

grpc::Status Client::CreateSession(const std::string& id) {
  grpc::ClientContext context;
  Prepare(context);
  v1::CreateSessionRequest request;
  request.set_session_id(id);
  v1::Session response;
  return sessions->CreateSession(&context, request, &response);
}

grpc::Status Client::Append(const std::string& id, const std::vector<v1::Turn>& turns,
                            const std::string& key, v1::AppendTurnsResponse* response) {
  grpc::ClientContext context;
  Prepare(context);
  v1::AppendTurnsRequest request;
  request.set_session_id(id);
  request.set_idempotency_key(key);
  for (const v1::Turn& turn : turns) *request.add_turns() = turn;
  v1::AppendTurnsResponse ignored;
  return sessions->AppendTurns(&context, request, response == nullptr ? &ignored : response);
}

grpc::Status Client::Build(const v1::BuildContextRequest& request,
                           v1::BuildContextResponse* response) {
  grpc::ClientContext context;
  Prepare(context);
  return contexts->BuildContext(&context, request, response);
}

v1::BuildContextResponse Client::MustBuild(const v1::BuildContextRequest& request) {
  v1::BuildContextResponse response;
  const grpc::Status status = Build(request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

std::vector<v1::Turn> Client::MustRead(const std::string& id) {
  grpc::ClientContext context;
  Prepare(context);
  v1::ReadTurnsRequest request;
  request.set_session_id(id);
  auto reader = sessions->ReadTurns(&context, request);
  std::vector<v1::Turn> turns;
  v1::ReadTurnsResponse response;
  while (reader->Read(&response)) {
    turns.insert(turns.end(), response.turns().begin(), response.turns().end());
  }
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return turns;
}

v1::SearchTurnsResponse Client::MustSearch(const v1::SearchTurnsRequest& request) {
  v1::GetSessionRequest get;
  get.set_session_id(request.session_id());
  v1::Session session;
  grpc::ClientContext get_context;
  Prepare(get_context);
  const grpc::Status known = sessions->GetSession(&get_context, get, &session);
  EXPECT_TRUE(known.ok()) << known.error_message();
  const absl::Time end = absl::Now() + absl::Minutes(1);
  while (true) {
    grpc::ClientContext context;
    Prepare(context);
    v1::SearchTurnsResponse response;
    const grpc::Status status = sessions->SearchTurns(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok() || response.indexed_through_seq() >= session.last_seq()) return response;
    EXPECT_LT(absl::Now(), end) << "the index is through " << response.indexed_through_seq();
    if (absl::Now() >= end) return response;
  }
}

grpc::Status CallRaw(const Client& client, const std::string& method, const std::string& bytes,
                     std::string* answer, std::chrono::milliseconds patience) {
  grpc::ClientContext context;
  client.Prepare(context);
  context.set_deadline(std::chrono::system_clock::now() + patience);
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      client.channel.get(),
      grpc::internal::RpcMethod(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC), &context,
      request, &response);
  grpc::Slice whole;
  if (answer != nullptr && status.ok() && response.DumpToSingleSlice(&whole).ok()) {
    answer->assign(whole.begin(), whole.end());
  }
  return status;
}

ServerFixture::ServerFixture(const std::function<void(service::ServerOptions&)>& change) {
  auto readers = BuiltInReaders();
  EXPECT_TRUE(readers.ok()) << readers.status();
  options_.data_directory = directory_.Path("data");
  options_.addresses = {"unix:" + directory_.Path("fovead.sock")};
  options_.readers = *std::move(readers);
  options_.version = "test";
  options_.log =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  change(options_);
  Restart();
}

void ServerFixture::Restart() {
  server_.reset();
  auto server = service::Server::Start(options_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
}

v1::Turn TextTurn(v1::Role role, const std::string& text) {
  v1::Turn turn;
  turn.set_role(role);
  turn.add_parts()->mutable_text()->set_text(text);
  return turn;
}

v1::Turn CallTurn(const std::string& text, const std::vector<std::string>& ids) {
  v1::Turn turn = TextTurn(v1::ROLE_ASSISTANT, text);
  for (const std::string& id : ids) {
    v1::ToolCallPart* call = turn.add_parts()->mutable_tool_call();
    call->set_call_id(id);
    call->set_name("bash");
    call->set_arguments_json(R"({"command":"make"})");
  }
  return turn;
}

v1::Turn ResultTurn(const std::string& id, const std::string& text) {
  v1::Turn turn;
  turn.set_role(v1::ROLE_TOOL);
  v1::ToolResultPart* result = turn.add_parts()->mutable_tool_result();
  result->set_call_id(id);
  result->add_content()->mutable_text()->set_text(text);
  return turn;
}

v1::BuildContextRequest ViewOf(const std::string& session, int64_t budget, v1::WireFormat format,
                               uint64_t as_of_seq) {
  v1::BuildContextRequest request;
  request.mutable_view()->set_session_id(session);
  request.mutable_view()->set_reader("claude");
  request.mutable_view()->set_token_budget(budget);
  request.mutable_view()->set_as_of_seq(as_of_seq);
  request.set_format(format);
  return request;
}

std::vector<v1::Turn> WorkingAgent(int turns, int bytes_of_result) {
  std::vector<v1::Turn> history = {
      TextTurn(v1::ROLE_SYSTEM, "You are a careful engineer."),
      TextTurn(v1::ROLE_USER, "Make the build green. Requirements: 1. no new warnings.")};
  for (int i = 0; static_cast<int>(history.size()) < turns; ++i) {
    const std::string id = absl::StrCat("call_", i);
    history.push_back(CallTurn(absl::StrCat("Step ", i, ": look at the next file."), {id}));
    std::string output;
    for (int line = 0; static_cast<int>(output.size()) < bytes_of_result; ++line) {
      absl::StrAppend(&output, "src/module_", i, "/file_", line, ".cc:", line * 7 + i,
                      ": note: value ", (line * 2654435761U) ^ static_cast<unsigned>(i), "\n");
    }
    history.push_back(ResultTurn(id, output));
  }
  history.resize(turns);
  return history;
}

}  // namespace fovea::testing
