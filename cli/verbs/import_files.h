// Which files an import reads.
#ifndef FOVEA_CLI_VERBS_IMPORT_FILES_H_
#define FOVEA_CLI_VERBS_IMPORT_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fovea::cli {

struct ImportFile {
  std::string path;        // "-": standard input
  bool in_folder = false;  // found below a folder that was named, not named itself
  uint64_t bytes = 0;      // 0 if unknown
  int64_t changed_ns = 0;  // when it was written last; 0 if unknown
};

// The named files, and every file below the named folders that could hold a session by its name
// (.jsonl, .json, .traj, also with .gz), in the order of their paths. NOT_FOUND, PERMISSION_DENIED.
absl::StatusOr<std::vector<ImportFile>> FindImportFiles(const std::vector<std::string>& names);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_VERBS_IMPORT_FILES_H_
