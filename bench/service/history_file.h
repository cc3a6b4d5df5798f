// Histories as JSON Lines, for benchmarks.
#ifndef FOVEA_BENCH_SERVICE_HISTORY_FILE_H_
#define FOVEA_BENCH_SERVICE_HISTORY_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fovea/v1/turn.pb.h"

namespace fovea::bench {

// The longest session of a file of {"turns": [{"role", "text", "tool_calls", "tool_call_id"}]}
// lines, plain or gzip. NOT_FOUND if there is none, INVALID_ARGUMENT if a line is not that.
absl::StatusOr<std::vector<v1::Turn>> ReadLongestSession(const std::string& file);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_SERVICE_HISTORY_FILE_H_
