// Histories from files, as agents leave them.
#ifndef FOVEA_REPLAY_READ_HISTORIES_H_
#define FOVEA_REPLAY_READ_HISTORIES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "replay/session.h"

namespace fovea::replay {

// The largest file that is read, unpacked; its lines and sessions have the limits of transcripts/.
inline constexpr size_t kMaxHistoryBytes = size_t{1} << 30;

struct Histories {
  std::vector<std::unique_ptr<Session>> sessions;  // no two of one name
  // Of folders, the files that hold sessions and cannot be read, each with the reason.
  std::vector<std::string> left_out;
};

// All sessions of the files, in order; a name that is a folder stands for all files below it that
// hold sessions. Files may be packed by gzip. `format` is one of transcripts/, or "" to find out;
// in a folder, it leaves out files of others. Of two sessions with one name the second is called
// "name (2)". INVALID_ARGUMENT names the file, line and key that cannot be read, DATA_LOSS one that
// is damaged or cut short; NOT_FOUND if a file is missing or holds no turns, or a folder no
// session; RESOURCE_EXHAUSTED, naming it, if a file is over a limit.
absl::StatusOr<Histories> ReadHistories(const std::vector<std::string>& paths,
                                        const std::string& format);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_READ_HISTORIES_H_
