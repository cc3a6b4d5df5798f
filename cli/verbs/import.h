// Brings agents' files of sessions (transcripts/transcript.h) to the server.
#ifndef FOVEA_CLI_VERBS_IMPORT_H_
#define FOVEA_CLI_VERBS_IMPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/verb.h"

namespace fovea::cli {

struct ImportOptions {
  std::vector<std::string> files;  // or folders; "-" is standard input
  std::string format;              // by its name; empty: told by each file's content
  bool strict = false;
  bool dry_run = false;
  bool watch = false;
  bool resume = false;
  uint64_t until = 0;  // the last turn to import of each session; 0: all
  bool turn_by_turn = false;
  bool acks = false;
};

// Imports the sessions of the files, and of all files below the folders, in their order. A session
// that the server has already, or has the beginning of, gets only what is new; one of which the
// server has something else becomes ID-2, ID-3, ... (with `resume` that is FAILED_PRECONDITION).
// Appends carry idempotency keys made of their content, and an append that the server could not
// take (UNAVAILABLE) is tried again for some seconds. INVALID_ARGUMENT names file, line and key.
// What was appended before an error stays, and what is wrong with one file keeps no other from
// being imported; of a file that is cut off within its last line the lines before it are. With
// `watch` it goes on as the files grow, until it is stopped.
absl::Status RunImport(const Environment& environment, const ImportOptions& options);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_VERBS_IMPORT_H_
