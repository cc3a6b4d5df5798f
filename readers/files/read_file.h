// Files of the user's or operator's own: profiles and vocabularies, and the server's configuration,
// tokens and certificates.
#ifndef FOVEA_READERS_FILES_READ_FILE_H_
#define FOVEA_READERS_FILES_READ_FILE_H_

#include <cstddef>
#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace fovea {

// The whole of a file. NOT_FOUND if it cannot be read or is no regular file; INVALID_ARGUMENT if it
// is larger than `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, size_t max_bytes);

}  // namespace fovea

#endif  // FOVEA_READERS_FILES_READ_FILE_H_
