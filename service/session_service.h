// The handlers of fovea.v1.SessionService.
#ifndef FOVEA_SERVICE_SESSION_SERVICE_H_
#define FOVEA_SERVICE_SESSION_SERVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/forgetting/view_store.h"
#include "core/log/log_store.h"
#include "core/log/search_index.h"
#include "core/page/page_store.h"
#include "fovea/v1/session.grpc.pb.h"
#include "service/raw_service.h"
#include "service/session_states.h"

namespace fovea::service {

// All outlive the service.
struct SessionServiceInputs {
  const RpcEnvironment* environment = nullptr;
  LogStore* log = nullptr;
  PageStore* pages = nullptr;
  ViewStore* views = nullptr;
  SearchIndex* search = nullptr;
  SessionStates* states = nullptr;
  // Drops what other services keep in memory of a session.
  std::function<void(const SessionState&)> forget_session;
  // Whether the last words of a deleted session have left every file.
  std::function<bool(const DeletionReceipt&)> erased;
  std::function<int64_t()> now_us;  // microseconds since the Unix epoch
};

// Thread-safe.
class SessionService final : public RawService<v1::SessionService::Service> {
 public:
  explicit SessionService(SessionServiceInputs inputs);

 private:
  absl::Status Create(const Call& call, const v1::CreateSessionRequest& request,
                      v1::Session* response);
  absl::Status Get(const Call& call, const v1::GetSessionRequest& request, v1::Session* response);
  absl::Status List(const Call& call, const v1::ListSessionsRequest& request,
                    v1::ListSessionsResponse* response);
  absl::Status Delete(const Call& call, const v1::DeleteSessionRequest& request,
                      v1::DeleteSessionResponse* response);
  absl::Status Fork(const Call& call, const v1::ForkSessionRequest& request, v1::Session* response);
  void Append(const Call& call, const v1::AppendTurnsRequest& request,
              v1::AppendTurnsResponse* response, Done done);
  absl::Status Expand(const Call& call, const v1::ExpandTurnRequest& request,
                      v1::ExpandTurnResponse* response);
  absl::Status Search(const Call& call, const v1::SearchTurnsRequest& request,
                      v1::SearchTurnsResponse* response);
  absl::Status Pin(const Call& call, const v1::PinTurnsRequest& request,
                   v1::PinTurnsResponse* response);
  absl::Status Unpin(const Call& call, const v1::UnpinTurnsRequest& request,
                     v1::UnpinTurnsResponse* response);
  absl::Status Compact(const Call& call, const v1::CompactSessionRequest& request,
                       v1::CompactSessionResponse* response);
  absl::StatusOr<NextAnswer<v1::ReadTurnsResponse>> Read(const Call& call,
                                                         const v1::ReadTurnsRequest& request);
  absl::StatusOr<NextAnswer<v1::ExportChunk>> Export(const Call& call,
                                                     const v1::ExportSessionRequest& request);
  std::unique_ptr<StreamConsumer<v1::AppendTurnsRequest, v1::StreamAppendTurnsResponse>>
  StreamAppend();
  std::unique_ptr<StreamConsumer<v1::ExportChunk, v1::Session>> Import();

  absl::StatusOr<uint64_t> AddEvent(const Call& call, const std::string& session_id,
                                    LogEvent::Kind kind, SeqRange turns);

  const SessionServiceInputs in_;
};

// A new session's id: "s-" and 128 random bits in hex.
std::string MakeSessionId();

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_SESSION_SERVICE_H_
