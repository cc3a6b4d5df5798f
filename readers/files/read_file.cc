#include "readers/files/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace fovea {

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, size_t max_bytes) {
  constexpr size_t kStep = size_t{1} << 20;
  const auto cannot = [&](const char* why) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path.string(), ": ", why));
  };
  // A pipe that nobody writes to is an error, and not a wait.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return cannot(std::strerror(errno));
  const absl::Cleanup closes = [file] { close(file); };
  struct stat info = {};
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) return cannot("it is no regular file");
  std::string text;
  while (text.size() <= max_bytes) {
    const size_t before = text.size();
    text.resize(before + kStep);
    const ssize_t more = read(file, text.data() + before, kStep);
    const int error = errno;
    text.resize(before + static_cast<size_t>(std::max<ssize_t>(more, 0)));
    if (more == 0) break;
    if (more < 0 && error != EINTR) return cannot(std::strerror(error));
  }
  if (text.size() <= max_bytes) return text;
  return absl::InvalidArgumentError(
      absl::StrCat(path.string(), " is larger than ", max_bytes, " bytes"));
}

}  // namespace fovea
