// A real server on a Unix socket in a directory of its own, and a client to it.
#ifndef FOVEA_TESTS_SERVICE_SERVER_FIXTURE_H_
#define FOVEA_TESTS_SERVICE_SERVER_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fovea/v1/admin.grpc.pb.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "service/server.h"
#include "tests/support/temporary_directory.h"

namespace fovea::testing {

// Stubs of one caller; `token` is sent with every call, if there is one.
class Client {
 public:
  explicit Client(const std::string& address, std::string token = "");

  grpc::Status CreateSession(const std::string& id);
  grpc::Status Append(const std::string& id, const std::vector<v1::Turn>& turns,
                      const std::string& key = "", v1::AppendTurnsResponse* response = nullptr);
  grpc::Status Build(const v1::BuildContextRequest& request, v1::BuildContextResponse* response);
  // Fails the test on an error.
  v1::BuildContextResponse MustBuild(const v1::BuildContextRequest& request);
  std::vector<v1::Turn> MustRead(const std::string& id);
  // Asks again for up to a minute while the index, which follows the log, lacks turns of the
  // session.
  v1::SearchTurnsResponse MustSearch(const v1::SearchTurnsRequest& request);

  void Prepare(grpc::ClientContext& context) const;

  std::unique_ptr<v1::SessionService::Stub> sessions;
  std::unique_ptr<v1::ContextService::Stub> contexts;
  std::unique_ptr<v1::AdminService::Stub> admin;
  std::shared_ptr<grpc::Channel> channel;

 private:
  const std::string token_;
};

// A unary call with whatever bytes; `answer` gets the response's, if it is not null.
grpc::Status CallRaw(const Client& client, const std::string& method, const std::string& bytes,
                     std::string* answer = nullptr,
                     std::chrono::milliseconds patience = std::chrono::minutes(1));

class ServerFixture {
 public:
  // `change` may alter the options before the start.
  explicit ServerFixture(const std::function<void(service::ServerOptions&)>& change = [](auto&) {});

  // Stops the server and starts another on the same data.
  void Restart();
  void Stop() { server_.reset(); }
  const std::string& address() const { return options_.addresses.front(); }
  Client MakeClient(std::string token = "") const { return Client(address(), std::move(token)); }
  service::Server& server() { return *server_; }
  const TemporaryDirectory& directory() const { return directory_; }

 private:
  TemporaryDirectory directory_;
  service::ServerOptions options_;
  std::unique_ptr<service::Server> server_;
};

v1::Turn TextTurn(v1::Role role, const std::string& text);
v1::Turn CallTurn(const std::string& text, const std::vector<std::string>& ids);
v1::Turn ResultTurn(const std::string& id, const std::string& text);
v1::BuildContextRequest ViewOf(const std::string& session, int64_t budget, v1::WireFormat format,
                               uint64_t as_of_seq = 0);

// `turns` turns of an agent at work: each call is answered, with text that differs everywhere.
std::vector<v1::Turn> WorkingAgent(int turns, int bytes_of_result);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_SERVER_FIXTURE_H_
