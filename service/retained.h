// What is written of a session that a retention deletes.
#ifndef FOVEA_SERVICE_RETAINED_H_
#define FOVEA_SERVICE_RETAINED_H_

#include "absl/status/status.h"
#include "memory_store/store_reports.h"
#include "service/rpc.h"

namespace fovea::service {

// A line of the audit log, of the session's tenant, and one of the server's. `call` is the one that
// asked for the retention; null: the configuration did. Thread-safe.
void NoteRetained(const RpcEnvironment& environment, const OldSession& session,
                  const absl::Status& outcome, const Call* call);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_RETAINED_H_
