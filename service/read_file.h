// Files of the operator's own: profiles and vocabularies.
#ifndef FOVEA_SERVICE_READ_FILE_H_
#define FOVEA_SERVICE_READ_FILE_H_

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace fovea::service {

// The whole of a file; NOT_FOUND if it cannot be read.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_READ_FILE_H_
