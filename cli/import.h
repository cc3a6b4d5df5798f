// Brings files of histories (cli/history.h) to the server.
#ifndef FOVEA_CLI_IMPORT_H_
#define FOVEA_CLI_IMPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/verb.h"

namespace fovea::cli {

struct ImportOptions {
  std::vector<std::string> files;  // "-" is standard input
  bool resume = false;
  uint64_t until = 0;  // the last turn to import of each session; 0: all
  bool turn_by_turn = false;
  bool acks = false;
};

// Imports the files' sessions in their order. Appends carry idempotency keys made of their content,
// and an append that the server could not take (UNAVAILABLE) is tried again for some seconds.
// INVALID_ARGUMENT names the file and line; FAILED_PRECONDITION if with `resume` the server's
// session is not the beginning of the file's. What was appended before an error stays.
absl::Status RunImport(const Environment& environment, const ImportOptions& options);

// `id` as the API takes it, 1 to 200 bytes of printable ASCII: other bytes as %XX, cut with a
// digest.
std::string UsableSessionId(const std::string& id);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_IMPORT_H_
