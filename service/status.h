// The one place where a domain status becomes a gRPC status.
#ifndef FOVEA_SERVICE_STATUS_H_
#define FOVEA_SERVICE_STATUS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"

namespace fovea::service {

// RESOURCE_EXHAUSTED that carries a fovea.v1.RequiredTokens.
absl::Status NeedsMoreTokens(int64_t required_tokens, int64_t budget);
// The number that NeedsMoreTokens put there.
std::optional<int64_t> RequiredTokensOf(const absl::Status& status);

// RESOURCE_EXHAUSTED of a server that has too much to do: worth another try after RetryAfterOf.
absl::Status Overloaded(std::string_view what);
// Work that goes on later (Call::GoOn): never a client's.
absl::Status Unfinished();
bool IsUnfinished(const absl::Status& status);
// How long a caller should wait before it tries again; nothing unless Overloaded made the status.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

// INTERNAL, UNKNOWN, DATA_LOSS and UNAVAILABLE come from below the API and may quote SQL or paths:
// their text is replaced. All others are kept as they are.
bool HasInternalText(const absl::Status& status);

// Details, if any, are packed as a google.rpc.Status (grpc-status-details-bin).
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_STATUS_H_
