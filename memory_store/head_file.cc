#include "memory_store/head_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"
#include "memory_store/absl_view.h"
#include "memory_store/directory.h"

namespace fovea {
namespace {

// Text of one length, so that each write replaces the whole of the last.
constexpr size_t kFileBytes = 256;
constexpr absl::string_view kName = "fovea-head-1";

std::string Format(const LogHead& head) {
  std::string text =
      absl::StrCat(kName, "\nstore ", absl::BytesToHexString(AbslView(head.store_id)), "\ncommit ",
                   head.commit, "\n");
  absl::StrAppend(&text, "sha256 ", Sha256Hex(text), "\n");
  text.resize(kFileBytes, ' ');
  return text;
}

absl::StatusOr<LogHead> Parse(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  LogHead head;
  constexpr size_t kStore = 6;   // "store "
  constexpr size_t kCommit = 7;  // "commit "
  if (lines.size() < 4 || lines[0] != kName || lines[1].size() < kStore ||
      lines[2].size() < kCommit || !absl::SimpleAtoi(lines[2].substr(kCommit), &head.commit)) {
    return absl::DataLossError("it is not of the form that is written");
  }
  head.store_id = absl::HexStringToBytes(lines[1].substr(kStore));
  if (Format(head) != StdView(text)) return absl::DataLossError("its checksum does not match");
  return head;
}

}  // namespace

absl::StatusOr<LogHead> HeadFile::Read(const std::string& path) {
  FOVEA_ASSIGN_OR_RETURN(const int file, OpenRegularFile(path, O_RDONLY));
  std::array<char, kFileBytes + 1> text = {};
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  const int error = errno;
  close(file);
  if (size < 0) return absl::ErrnoToStatus(error, absl::StrCat("reading ", path));
  auto head = Parse({text.data(), static_cast<size_t>(size)});
  if (!head.ok()) {
    return absl::DataLossError(absl::StrCat(path, " is damaged: ", head.status().message()));
  }
  return head;
}

absl::StatusOr<std::unique_ptr<HeadFile>> HeadFile::Open(const std::string& path) {
  FOVEA_ASSIGN_OR_RETURN(const int file, OpenRegularFile(path, O_WRONLY | O_CREAT));
  return std::unique_ptr<HeadFile>(new HeadFile(path, file));
}

HeadFile::~HeadFile() { close(file_); }

absl::Status HeadFile::Write(const LogHead& head) {
  const std::string text = Format(head);
  const ssize_t size = pwrite(file_, text.data(), text.size(), 0);
  if (size != static_cast<ssize_t>(text.size())) {
    return absl::ErrnoToStatus(size < 0 ? errno : ENOSPC, absl::StrCat("writing ", path_));
  }
  // A longer one is damaged, whatever it begins with.
  struct stat file = {};
  if (fstat(file_, &file) == 0 && file.st_size <= size) return absl::OkStatus();
  if (ftruncate(file_, size) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cutting ", path_));
}

absl::Status HeadFile::Sync() {
  if (fsync(file_) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("syncing ", path_));
}

}  // namespace fovea
