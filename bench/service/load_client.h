// Callers of a running fovead, for what measures it.
#ifndef FOVEA_BENCH_SERVICE_LOAD_CLIENT_H_
#define FOVEA_BENCH_SERVICE_LOAD_CLIENT_H_

#include <memory>
#include <random>
#include <string>

#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"
#include "grpcpp/grpcpp.h"

namespace fovea::bench {

// How a server is reached.
struct Access {
  std::string server;     // unix:PATH or HOST:PORT
  std::string token;      // "" for none
  std::string authority;  // a file of certificates that the server's is to be of; "" without TLS
};

// Each has a connection of its own. Thread-safe.
class Stubs {
 public:
  explicit Stubs(const Access& access);
  explicit Stubs(const std::string& address) : Stubs(Access{.server = address}) {}

  // Sends the token with the call.
  void Prepare(grpc::ClientContext& context) const;
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  const std::string token_;
  const std::shared_ptr<grpc::Channel> channel_;

 public:
  const std::unique_ptr<v1::SessionService::Stub> sessions;
  const std::unique_ptr<v1::ContextService::Stub> contexts;
};

// These end the program on an error.
void Create(Stubs& stubs, const std::string& id);
void Append(Stubs& stubs, const v1::AppendTurnsRequest& request);
v1::BuildContextResponse Build(Stubs& stubs, const v1::BuildContextRequest& request);

v1::AppendTurnsRequest Batch(const std::string& id, int turns, std::mt19937_64& random,
                             size_t bytes_of_turn = 1000);

// A session of that many turns of 1 KB.
void Fill(Stubs& stubs, const std::string& id, uint64_t turns, std::mt19937_64& random);

// The request for a view of which the caller holds all pages.
struct ViewFlags {
  std::string session = "s";
  std::string reader = "claude";
  int64_t budget = 64'000;
};
v1::BuildContextRequest HeldView(Stubs& stubs, const ViewFlags& flags);
// The caller holds what an answer had.
void Hold(const v1::BuildContextResponse& answer, v1::BuildContextRequest* request);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_SERVICE_LOAD_CLIENT_H_
