#include "cli/formats/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::cli {
namespace {

constexpr size_t kPendingBytes = size_t{64} << 10;
constexpr mode_t kOwnerMode = S_IRUSR | S_IWUSR;
constexpr mode_t kAllMode = kOwnerMode | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
constexpr mode_t kModeBits = 0777;

// Where a chain of links leads whose end is not there yet.
absl::StatusOr<std::string> EndOfLinks(const std::string& path) {
  constexpr int kMaxLinks = 40;  // as the kernel's
  std::filesystem::path at = path;
  for (int links = 0; links < kMaxLinks; ++links) {
    std::array<char, PATH_MAX> to;
    const ssize_t length = readlink(at.c_str(), to.data(), to.size());
    if (length < 0) return at.string();
    at = at.parent_path() / std::string(to.data(), static_cast<size_t>(length));
  }
  return absl::ErrnoToStatus(ELOOP, path);
}

// What a rename would replace where `path` names a regular file; "" if that file has no name of its
// own (/proc/self/fd/1 of a file that was deleted).
std::string NameOfRegular(const std::string& path, const struct stat& about) {
  std::array<char, PATH_MAX> name;
  struct stat named {};
  if (realpath(path.c_str(), name.data()) == nullptr || stat(name.data(), &named) != 0 ||
      named.st_dev != about.st_dev || named.st_ino != about.st_ino) {
    return "";
  }
  return name.data();
}

// A new file beside `target`; the name goes to `unfinished`.
int MakeBeside(const std::string& target, mode_t mode, std::string* unfinished) {
  constexpr int kTries = 1'000;
  for (int i = 0; i < kTries; ++i) {
    *unfinished = absl::StrCat(target, ".", getpid(), i == 0 ? "" : absl::StrCat("-", i), ".new");
    const int descriptor =
        open(unfinished->c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

}  // namespace

bool DescriptorBuffer::Write(std::string_view bytes) {
  while (!bytes.empty() && error_ == 0) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
      poll(&ready, 1, /*timeout=*/-1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  return error_ == 0;
}

int DescriptorBuffer::sync() { return Write(std::exchange(pending_, {})) ? 0 : -1; }

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char byte = traits_type::to_char_type(c);
  return xsputn(&byte, 1) == 1 ? c : traits_type::eof();
}

std::streamsize DescriptorBuffer::xsputn(const char* bytes, std::streamsize count) {
  const std::string_view more(bytes, static_cast<size_t>(count));
  if (pending_.size() + more.size() <= kPendingBytes) {
    pending_ += more;
    return error_ == 0 ? count : 0;
  }
  return sync() == 0 && Write(more) ? count : 0;
}

std::ostream& StandardOutput() {
  static DescriptorBuffer buffer(STDOUT_FILENO);
  static std::ostream out(&buffer);
  return out;
}

absl::Status OutputStatus(std::ostream& out, const std::string& name) {
  out.flush();
  if (out) return absl::OkStatus();
  const auto* buffer = dynamic_cast<const DescriptorBuffer*>(out.rdbuf());
  if (buffer != nullptr && buffer->error() != 0) {
    return absl::ErrnoToStatus(buffer->error(), name);
  }
  return absl::UnavailableError(name + ": cannot be written");
}

bool IsBrokenPipe(const std::ostream& out) {
  const auto* buffer = dynamic_cast<const DescriptorBuffer*>(out.rdbuf());
  return buffer != nullptr && buffer->error() == EPIPE;
}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path, For whom) {
  std::string target;
  std::string unfinished;
  mode_t mode = whom == For::kOwner ? kOwnerMode : kAllMode;
  struct stat about {};
  const bool exists = stat(path.c_str(), &about) == 0;
  if (!exists) {
    FOVEA_ASSIGN_OR_RETURN(std::string end, EndOfLinks(path));
    target = std::move(end);
  } else if (S_ISREG(about.st_mode)) {
    target = NameOfRegular(path, about);
  }
  int descriptor = -1;
  if (target.empty()) {
    descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return absl::ErrnoToStatus(errno, path);
    if (exists && S_ISREG(about.st_mode) && ftruncate(descriptor, 0) != 0) {
      const int error = errno;
      close(descriptor);
      return absl::ErrnoToStatus(error, path);
    }
  } else {
    // A file that may not be written is not replaced either.
    if (exists && access(target.c_str(), W_OK) != 0) return absl::ErrnoToStatus(errno, path);
    descriptor = MakeBeside(target, mode, &unfinished);
    if (descriptor < 0) return absl::ErrnoToStatus(errno, path);
    if (exists && whom == For::kAll) fchmod(descriptor, about.st_mode & kModeBits);
  }
  return absl::WrapUnique(
      new OutputFile(path, std::move(target), std::move(unfinished), descriptor));
}

OutputFile::OutputFile(std::string path, std::string target, std::string unfinished, int descriptor)
    : path_(std::move(path)),
      target_(std::move(target)),
      unfinished_(std::move(unfinished)),
      descriptor_(descriptor),
      buffer_(descriptor),
      stream_(&buffer_) {}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) {
    if (unfinished_.empty()) stream_.flush();
    close(descriptor_);
  }
  if (!renamed_ && !unfinished_.empty()) std::remove(unfinished_.c_str());
}

absl::Status OutputFile::Finish(bool sync) {
  FOVEA_RETURN_IF_ERROR(OutputStatus(stream_, path_));
  // What is no regular file may know no fsync.
  if (sync && !unfinished_.empty() && fsync(descriptor_) != 0) {
    return absl::ErrnoToStatus(errno, path_);
  }
  if (close(std::exchange(descriptor_, -1)) != 0) return absl::ErrnoToStatus(errno, path_);
  if (unfinished_.empty()) return absl::OkStatus();
  if (std::rename(unfinished_.c_str(), target_.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, path_);
  }
  renamed_ = true;
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, std::string_view bytes) {
  FOVEA_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, OutputFile::Open(path));
  file->stream().write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file->Finish();
}

bool IsWrittenInPlace(const std::string& path) {
  struct stat about {};
  return stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

std::string SafeFileName(std::string_view name) {
  std::string safe(name);
  for (char& c : safe) {
    const bool plain =
        absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  if (safe.starts_with('.')) safe[0] = '_';
  return safe;
}

}  // namespace fovea::cli
