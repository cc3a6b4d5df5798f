// Histories from files, as agents leave them.
#ifndef FOVEA_REPLAY_READ_HISTORIES_H_
#define FOVEA_REPLAY_READ_HISTORIES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "replay/session.h"

namespace fovea::replay {

// The largest file that is read, unpacked.
inline constexpr size_t kMaxHistoryBytes = size_t{1} << 30;

// All sessions of the files, in order; a name that is a folder stands for all files below it that
// hold sessions. Files may be packed by gzip. `format` is one of transcripts/, or "" to find out.
// INVALID_ARGUMENT names the file, line and key that cannot be read; NOT_FOUND if a file is missing
// or a folder holds no session; RESOURCE_EXHAUSTED if a file is over kMaxHistoryBytes.
absl::StatusOr<std::vector<std::unique_ptr<Session>>> ReadHistories(
    const std::vector<std::string>& paths, const std::string& format);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_READ_HISTORIES_H_
