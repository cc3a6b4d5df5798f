// One call in progress: who calls, until when, and what it may take in memory.
#ifndef FOVEA_SERVICE_RPC_H_
#define FOVEA_SERVICE_RPC_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/log/turn.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "service/auth.h"
#include "service/call_registry.h"
#include "service/lanes.h"
#include "service/memory_budget.h"
#include "service/method.h"
#include "service/metrics.h"
#include "service/quotas.h"
#include "service/steady_clock.h"
#include "spdlog/logger.h"

namespace fovea::service {

class AuditLog;
class Caller;
class Connections;
class WriteHealth;

// What every handler needs. All of it outlives the server.
struct RpcEnvironment {
  const Authenticator* auth = nullptr;
  Metrics* metrics = nullptr;
  spdlog::logger* log = nullptr;
  MemoryBudget* memory = nullptr;
  Lanes* lanes = nullptr;
  CallRegistry* calls = nullptr;
  Connections* connections = nullptr;  // none where nothing listens
  AuditLog* audit = nullptr;
  Quotas* quotas = nullptr;
  WriteHealth* write_health = nullptr;
};

// Thread-compatible.
class Call {
 public:
  // `method` outlives the call.
  Call(const RpcEnvironment& environment, grpc::CallbackServerContext* context,
       const Method& method);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Finds out who calls. UNAUTHENTICATED; PERMISSION_DENIED if the caller may not do what the
  // method does; RESOURCE_EXHAUSTED if the tenant's quota is used up; DEADLINE_EXCEEDED or
  // CANCELLED if nobody waits for the answer any more.
  absl::Status Begin();
  // Runs `step` on a thread of the call's lane. RESOURCE_EXHAUSTED if too many wait there.
  absl::Status Post(absl::AnyInvocable<void()> step);
  // Whether this thread may begin the call itself: a small append, which then waits without a
  // thread, or a quick read, where nobody queues. The call holds a place in its lane from then on,
  // until it ends or leaves.
  bool MayBeginAtOnce(const grpc::ByteBuffer& request);
  // It is on a thread of gRPC's, and must not wait.
  bool at_once() const { return entered_; }
  // What it began at once has ended.
  void LeaveLane();
  // Counts the call; to be called once, with the handler's answer. The log has it when the call is
  // over, so that nobody waits for that.
  grpc::Status End(const absl::Status& status);

  // Parses a request, after Begin and for as long as the call lives, and gives `bytes` back.
  // INVALID_ARGUMENT if it is larger than the method takes, or does not parse; RESOURCE_EXHAUSTED
  // if there is no memory for it now, or the tenant is over its quota of bytes (as TakeTurns). A
  // request takes the place of the one before it.
  absl::Status Parse(grpc::ByteBuffer* bytes, google::protobuf::Message* request);
  // The answer's bytes, which take the place of the request in the call's memory, and are due to be
  // taken from then on. RESOURCE_EXHAUSTED.
  absl::Status Serialize(const google::protobuf::Message& response, grpc::ByteBuffer* bytes);
  // The client took a part of the answer.
  void Sent();
  // A stream's request was taken, and what it held in memory is gone.
  void DoneWithRequest() { request_memory_.Release(); }
  // For what a stream holds between its answers. RESOURCE_EXHAUSTED.
  absl::StatusOr<MemoryBudget::Hold> TakeMemory(uint64_t bytes) const {
    return environment_.memory->Take(identity_.tenant, bytes);
  }

  // CANCELLED or DEADLINE_EXCEEDED once nobody waits for the answer.
  absl::Status StillWanted() const;
  // For a stream, which may last: as Begin, if the caller's token has expired or was taken back.
  absl::Status StillAllowed();
  const Identity& identity() const { return identity_; }
  // PERMISSION_DENIED unless the caller may do so much.
  absl::Status CheckAccess(Access needed) const;
  // RESOURCE_EXHAUSTED if the tenant is over its quota of turns now. A stream that waits for the
  // quota is let through, and waits before its next request (QuotaWait).
  absl::Status TakeTurns(uint64_t turns) const;
  // Turns that were taken and not written.
  void GiveBackTurns(uint64_t turns) const;
  // A view has to be made. RESOURCE_EXHAUSTED if the method costs a view and the tenant is over its
  // quota of builds now.
  absl::Status TakeView() const;
  // How long to wait before another request of the stream is read, at most a second: then it is
  // asked again. Zero unless the method waits for its quotas.
  absl::Duration QuotaWait() const;
  SessionKey Key(std::string session_id) const {
    return {.tenant = identity_.tenant, .session_id = std::move(session_id)};
  }
  const std::string& session() const { return session_; }
  const std::string& request_id() const { return request_id_; }
  std::string peer() const { return context_->peer(); }
  void set_session(std::string_view session_id) { session_ = session_id; }

  // The lane that the call is in: what says GoOn may change it.
  Lane lane() const { return lane_; }
  // Work that a call in this lane does in one go: then it makes room, and goes on where it was.
  absl::Duration Slice() const;
  // From a handler: the work is more than a slice. It is called again with the same request, behind
  // those who wait.
  static absl::Status GoOn();
  static bool IsGoOn(const absl::Status& status);
  // A handler said GoOn: the call is in the lane for what takes longer from then on. What began at
  // once is in its lane's queue first.
  void MoveOn();

 private:
  void Log() const;
  absl::Status TakeOrWait(const Quotas::Use& use) const;

  const RpcEnvironment& environment_;
  grpc::CallbackServerContext* const context_;
  const Method& method_;
  const SteadyTime started_ = SteadyNow();
  const CallRegistry::Place place_;
  std::shared_ptr<Caller> caller_;
  Identity identity_;
  std::string session_;
  std::string request_id_;  // the trace id of the caller's traceparent, or one made here
  Lane lane_;
  bool entered_ = false;  // its lane
  std::optional<absl::Status> ended_;
  absl::Duration latency_;
  MemoryBudget::Hold request_memory_;
  MemoryBudget::Hold response_memory_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_RPC_H_
