// fovead for as long as any wrap needs it.
#ifndef FOVEA_GATEWAY_KEEP_FOVEAD_H_
#define FOVEA_GATEWAY_KEEP_FOVEAD_H_

#include <string>

#include "absl/status/statusor.h"
#include "gateway/socket.h"

namespace fovea::gateway {

// The lock that each wrap of this server holds together with the others, whatever their data
// directories are. Whoever keeps fovead takes the file away in the end. UNAVAILABLE if there is no
// place for it.
absl::StatusOr<FileDescriptor> HoldWrapLock(const std::string& server);

// Starts fovead where none answers, with `data` ("": its default) as its folder. `lock`: of
// HoldWrapLock; without it none is started, since none would be ended. UNAVAILABLE if it does not
// start, PERMISSION_DENIED if the address is another user's socket.
absl::Status EnsureFovead(const std::string& server, const std::string& data,
                          const absl::StatusOr<FileDescriptor>& lock);

// Runs fovead until no wrap holds the lock any more, and starts it again if it dies. For a process
// of its own. An exit code.
int KeepFovead(const std::string& server, const std::string& data);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_KEEP_FOVEAD_H_
