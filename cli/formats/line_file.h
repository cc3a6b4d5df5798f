// What the verbs read.
#ifndef FOVEA_CLI_FORMATS_LINE_FILE_H_
#define FOVEA_CLI_FORMATS_LINE_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transcripts/files/line_reader.h"

namespace fovea::cli {

using transcripts::LineReader;

// Bytes of what may be read whole: a profile, a token, a certificate, an answer; ...
inline constexpr size_t kMaxSmallFileBytes = size_t{1} << 20;
// ... and a text to draw or to count, four times what a server takes, so that it says what it does.
inline constexpr size_t kMaxTextFileBytes = size_t{64} << 20;

// All bytes of a file, "-" for standard input. NOT_FOUND, PERMISSION_DENIED; RESOURCE_EXHAUSTED,
// naming the limit, for more than `limit`.
absl::StatusOr<std::string> ReadWhole(const std::string& path, size_t limit);
// The text of a small file without trailing white space (a token). Errors as above.
absl::StatusOr<std::string> ReadTrimmed(const std::string& path);

// The error for a failed system call on `path`, from errno.
absl::Status ErrnoStatus(const std::string& path);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_LINE_FILE_H_
