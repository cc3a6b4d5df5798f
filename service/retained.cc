#include "service/retained.h"

#include <string>

#include "absl/time/clock.h"
#include "service/audit_log.h"

namespace fovea::service {

void NoteRetained(const RpcEnvironment& environment, const OldSession& session,
                  const absl::Status& outcome, const Call* call) {
  const std::string code = absl::StatusCodeToString(outcome.code());
  if (environment.audit != nullptr) {
    environment.audit->Write({.time = absl::Now(),
                              .method = "RetentionDeletes",
                              .tenant = session.key.tenant,
                              .token = call == nullptr ? "" : call->identity().token_id,
                              .session = session.key.session_id,
                              .peer = call == nullptr ? "" : call->peer(),
                              .request_id = call == nullptr ? "" : call->request_id(),
                              .outcome = code});
  }
  environment.log->info("retention deletes {} bytes: {} [tenant={} session={} request={}]",
                        session.stored_bytes, code, session.key.tenant, session.key.session_id,
                        call == nullptr ? "" : call->request_id());
}

}  // namespace fovea::service
