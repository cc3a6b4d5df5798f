// fovead, as the gateway needs it: the public API with a deadline on every call.
#ifndef FOVEA_GATEWAY_FOVEA_CLIENT_H_
#define FOVEA_GATEWAY_FOVEA_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "fovea/v1/context.pb.h"
#include "fovea/v1/reader.pb.h"
#include "fovea/v1/session.pb.h"

namespace fovea::gateway {

// An interface, so that tests can stand in for a server that is slow or gone. All calls are
// thread-safe, and fail with UNAVAILABLE or DEADLINE_EXCEEDED where the server is down or slow,
// with PERMISSION_DENIED where the socket is another user's (nothing is sent then); else as the API
// says.
class FoveaClient {
 public:
  virtual ~FoveaClient() = default;

  virtual absl::Status CreateSession(const v1::CreateSessionRequest& request) = 0;
  virtual absl::StatusOr<v1::Session> GetSession(const std::string& session) = 0;
  virtual absl::StatusOr<v1::Session> ForkSession(const v1::ForkSessionRequest& request) = 0;
  virtual absl::StatusOr<v1::AppendTurnsResponse> Append(const v1::AppendTurnsRequest& request) = 0;
  // All turns from `first` on.
  virtual absl::StatusOr<std::vector<v1::Turn>> ReadTurns(const std::string& session,
                                                          uint64_t first) = 0;
  virtual absl::StatusOr<v1::BuildContextResponse> BuildContext(
      const v1::BuildContextRequest& request) = 0;
  virtual absl::StatusOr<std::string> RecallTools(v1::WireFormat format) = 0;
  virtual absl::StatusOr<v1::ListReadersResponse> ListReaders() = 0;
  virtual absl::StatusOr<v1::ExpandTurnResponse> ExpandTurn(
      const v1::ExpandTurnRequest& request) = 0;
  virtual absl::StatusOr<v1::SearchTurnsResponse> Search(const v1::SearchTurnsRequest& request) = 0;
  // What a text costs a reader; at most 16 MiB. `most`: how long it may take.
  virtual absl::StatusOr<int64_t> CountTokens(const std::string& reader, absl::string_view text,
                                              absl::Duration most) = 0;
  virtual absl::Status ReportUsage(const v1::ReportUsageRequest& request) = 0;
};

// A client of the server at `address` ("unix:PATH" or "HOST:PORT"). Does not connect yet. `token`
// is sent as "authorization: Bearer"; empty: none. `patience` bounds each call. Where one takes
// over two seconds, and the server's health service does not answer for another, it stands still:
// calls are given up, and later ones fail at once until it answers.
std::unique_ptr<FoveaClient> ConnectFovea(const std::string& address, const std::string& token,
                                          absl::Duration patience);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_FOVEA_CLIENT_H_
