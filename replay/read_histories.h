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
  // What was not read whole, each with the reason: of folders, files that hold sessions and folders
  // that cannot be read; and files that are cut off within their last line.
  std::vector<std::string> left_out;
  std::vector<std::string> files;  // that hold sessions, read or not
};

// All sessions of the files, in order; a name that is a folder stands for all files below it that
// hold sessions and are named so (.jsonl, .json, .traj, also with .gz), and "-" for standard input.
// Files may be packed by gzip. `format` is one of transcripts/, or "" to find out; in a folder, it
// leaves out files of others. A session's name is its id, or its file's name, as Printable writes
// it, of at most 200 bytes; of two with one name the second is called "name (2)". Of a file that is
// cut off within its last line, what stands before it is read. INVALID_ARGUMENT names the file,
// line and key that cannot be read, or a file that is neither a regular one nor a shell's pipe;
// DATA_LOSS one that is damaged or a packed one that is cut short; NOT_FOUND if a file is missing
// or holds no turns, or a folder no session; RESOURCE_EXHAUSTED, naming it, if a file is over a
// limit.
absl::StatusOr<Histories> ReadHistories(const std::vector<std::string>& paths,
                                        const std::string& format);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_READ_HISTORIES_H_
