// Which files hold sessions, by their names.
#ifndef FOVEA_TRANSCRIPTS_FILES_FILE_NAME_H_
#define FOVEA_TRANSCRIPTS_FILES_FILE_NAME_H_

#include <string_view>

namespace fovea::transcripts {

// Whether a file found in a folder could hold a session: .jsonl, .json or .traj, also with .gz.
bool CouldHoldASession(std::string_view path);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_FILES_FILE_NAME_H_
