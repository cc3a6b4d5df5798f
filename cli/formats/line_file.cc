#include "cli/formats/line_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fovea::cli {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;

}  // namespace

absl::Status ErrnoStatus(const std::string& path) { return absl::ErrnoToStatus(errno, path); }

absl::StatusOr<std::string> ReadWhole(const std::string& path, size_t limit) {
  const int file = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus(path);
  const absl::Cleanup closer = [file] { close(file); };
  std::string bytes;
  while (bytes.size() <= limit) {
    const size_t before = bytes.size();
    bytes.resize(before + kReadBytes);
    const ssize_t got = read(file, bytes.data() + before, kReadBytes);
    const int error = errno;
    bytes.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && error != EINTR) return absl::ErrnoToStatus(error, path);
    if (got == 0) return bytes;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(path == "-" ? "standard input" : path, " has more than ", limit, " bytes"));
}

absl::StatusOr<std::string> ReadTrimmed(const std::string& path) {
  absl::StatusOr<std::string> text = ReadWhole(path, kMaxSmallFileBytes);
  if (text.ok()) absl::StripTrailingAsciiWhitespace(&*text);
  return text;
}

}  // namespace fovea::cli
