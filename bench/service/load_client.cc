#include "bench/service/load_client.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "bench/service/load_baselines.h"

namespace fovea::bench {
namespace {

std::shared_ptr<grpc::ChannelCredentials> Credentials(const Access& access) {
  if (access.authority.empty()) return grpc::InsecureChannelCredentials();
  const std::ifstream file(access.authority);
  std::ostringstream text;
  text << file.rdbuf();
  return grpc::SslCredentials({.pem_root_certs = text.str()});
}

std::shared_ptr<grpc::Channel> Connect(const Access& access) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(access.server, Credentials(access), arguments);
}

}  // namespace

Stubs::Stubs(const Access& access)
    : token_(access.token),
      channel_(Connect(access)),
      sessions(v1::SessionService::NewStub(channel_)),
      contexts(v1::ContextService::NewStub(channel_)) {}

void Stubs::Prepare(grpc::ClientContext& context) const {
  if (!token_.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token_));
}

void Create(Stubs& stubs, const std::string& id) {
  grpc::ClientContext context;
  stubs.Prepare(context);
  v1::CreateSessionRequest request;
  request.set_session_id(id);
  v1::Session response;
  Must(stubs.sessions->CreateSession(&context, request, &response));
}

void Append(Stubs& stubs, const v1::AppendTurnsRequest& request) {
  grpc::ClientContext context;
  stubs.Prepare(context);
  v1::AppendTurnsResponse response;
  Must(stubs.sessions->AppendTurns(&context, request, &response));
}

v1::BuildContextResponse Build(Stubs& stubs, const v1::BuildContextRequest& request) {
  grpc::ClientContext context;
  stubs.Prepare(context);
  v1::BuildContextResponse response;
  Must(stubs.contexts->BuildContext(&context, request, &response));
  return response;
}

v1::AppendTurnsRequest Batch(const std::string& id, int turns, std::mt19937_64& random,
                             size_t bytes_of_turn) {
  v1::AppendTurnsRequest request;
  request.set_session_id(id);
  for (int i = 0; i < turns; ++i) {
    v1::Turn* turn = request.add_turns();
    turn->set_role(i % 2 == 0 ? v1::ROLE_USER : v1::ROLE_ASSISTANT);
    turn->add_parts()->mutable_text()->set_text(Words(random, bytes_of_turn));
  }
  return request;
}

void Fill(Stubs& stubs, const std::string& id, uint64_t turns, std::mt19937_64& random) {
  Create(stubs, id);
  for (uint64_t done = 0; done < turns;) {
    const uint64_t batch = std::min<uint64_t>(1000, turns - done);
    Append(stubs, Batch(id, static_cast<int>(batch), random));
    done += batch;
  }
}

v1::BuildContextRequest HeldView(Stubs& stubs, const ViewFlags& flags) {
  v1::BuildContextRequest request;
  request.mutable_view()->set_session_id(flags.session);
  request.mutable_view()->set_reader(flags.reader);
  request.mutable_view()->set_token_budget(flags.budget);
  request.set_format(v1::WIRE_FORMAT_ANTHROPIC);
  Hold(Build(stubs, request), &request);
  return request;
}

void Hold(const v1::BuildContextResponse& answer, v1::BuildContextRequest* request) {
  request->clear_held_page_ids();
  for (const v1::PageRef& page : answer.summary().pages()) {
    request->add_held_page_ids(page.page_id());
  }
}

}  // namespace fovea::bench
