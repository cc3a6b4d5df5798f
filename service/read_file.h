// Files of the operator's own: configuration, tokens, certificates, profiles and vocabularies.
#ifndef FOVEA_SERVICE_READ_FILE_H_
#define FOVEA_SERVICE_READ_FILE_H_

#include <cstddef>
#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace fovea::service {

// The whole of a file. NOT_FOUND if it cannot be read or is no regular file; INVALID_ARGUMENT if it
// is larger than `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, size_t max_bytes);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_READ_FILE_H_
