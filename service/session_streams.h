// The streaming calls of SessionService, step by step.
#ifndef FOVEA_SERVICE_SESSION_STREAMS_H_
#define FOVEA_SERVICE_SESSION_STREAMS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/log/log_store.h"
#include "fovea/v1/session.pb.h"
#include "service/reactors.h"

namespace fovea::service {

// `log` outlives what these return.
std::unique_ptr<StreamConsumer<v1::AppendTurnsRequest, v1::StreamAppendTurnsResponse>>
MakeAppendStream(LogStore* log);

// Creates the session with the first chunk and takes it away again if the stream does not end well.
std::unique_ptr<StreamConsumer<v1::ExportChunk, v1::Session>> MakeImportStream(
    LogStore* log, std::function<int64_t()> now_us);

// As LogStore::ReadTurns. In the lane for reads it says Call::GoOn where a turn is large.
absl::StatusOr<std::vector<Turn>> ReadTurnsInLane(const Call& call, LogStore& log,
                                                  const SessionRef& session, SeqRange range,
                                                  uint64_t max_bytes);

// Answers of about 1 MiB.
NextAnswer<v1::ReadTurnsResponse> ReadTurnsSteps(LogStore* log,
                                                 const v1::ReadTurnsRequest& request);

// The session as it is at the first step; what is appended meanwhile is left out.
NextAnswer<v1::ExportChunk> ExportSteps(LogStore* log, std::string session_id);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_SESSION_STREAMS_H_
