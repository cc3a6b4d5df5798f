#include "cli/formats/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fovea::cli {
namespace {

constexpr size_t kReadBytes = size_t{1} << 18;
constexpr size_t kMaxBytes = size_t{2} << 30;

}  // namespace

absl::Status ErrnoStatus(const std::string& path) { return absl::ErrnoToStatus(errno, path); }

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path) {
  struct stat about {};
  const bool standard_input = path == "-";
  if (!standard_input && stat(path.c_str(), &about) != 0) return ErrnoStatus(path);
  if (S_ISDIR(about.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a directory, not a file"));
  }
  gzFile_s* file = standard_input ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path.c_str(), "rb");
  if (file == nullptr) return ErrnoStatus(path);
  gzbuffer(file, kReadBytes);
  return absl::WrapUnique(new LineReader(path, std::unique_ptr<gzFile_s, Closer>(file),
                                         static_cast<uint64_t>(about.st_size)));
}

LineReader::LineReader(std::string path, std::unique_ptr<gzFile_s, Closer> file,
                       uint64_t file_bytes)
    : path_(std::move(path)), file_(std::move(file)), file_bytes_(file_bytes) {}

absl::Status LineReader::Fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const int got = gzread(file_.get(), buffer_.data() + before, kReadBytes);
  buffer_.resize(before + static_cast<size_t>(std::max(got, 0)));
  int error = Z_OK;
  const char* message = gzerror(file_.get(), &error);
  if (got < 0 || (error != Z_OK && error != Z_STREAM_END)) {
    if (error == Z_ERRNO) return ErrnoStatus(path_);
    return absl::DataLossError(absl::StrCat(path_, " is damaged or cut short: ", message));
  }
  ended_ = got == 0;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> LineReader::Next() {
  size_t searched = at_;
  size_t newline = std::string::npos;
  while ((newline = buffer_.find('\n', searched)) == std::string::npos && !ended_) {
    searched = buffer_.size() - at_;
    if (absl::Status status = Fill(); !status.ok()) return status;
  }
  if (newline == std::string::npos && at_ == buffer_.size()) return std::nullopt;
  const size_t end = std::min(newline, buffer_.size());
  std::string line = buffer_.substr(at_, end - at_);
  at_ = std::min(end + 1, buffer_.size());
  ++line_number_;
  return line;
}

absl::StatusOr<std::string> LineReader::Rest() {
  while (!ended_) {
    if (buffer_.size() > kMaxBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path_, " has more than ", kMaxBytes, " bytes"));
    }
    if (absl::Status status = Fill(); !status.ok()) return status;
  }
  return std::exchange(buffer_, {}).substr(std::exchange(at_, 0));
}

double LineReader::Share() const {
  if (file_bytes_ == 0) return 0;
  return std::min(1.0,
                  static_cast<double>(gzoffset(file_.get())) / static_cast<double>(file_bytes_));
}

absl::Status WriteFile(const std::string& path, std::string_view bytes) {
  const std::string unfinished = path + ".new";
  {
    std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) return ErrnoStatus(unfinished);
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return ErrnoStatus(path);
  return absl::OkStatus();
}

absl::Status MakeOwnersFile(const std::string& path) {
  constexpr mode_t kOwner = S_IRUSR | S_IWUSR;
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, kOwner);
  if (file < 0) return ErrnoStatus(path);
  // One that was there before keeps its mode when it is opened.
  const bool made = fchmod(file, kOwner) == 0;
  const absl::Status status = made ? absl::OkStatus() : ErrnoStatus(path);
  close(file);
  return status;
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  if (path == "-") {
    return std::string{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return ErrnoStatus(path);
  return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

absl::StatusOr<std::string> ReadUncompressed(const std::string& path) {
  absl::StatusOr<std::unique_ptr<LineReader>> reader = LineReader::Open(path);
  if (!reader.ok()) return reader.status();
  return (*reader)->Rest();
}

absl::StatusOr<std::string> ReadTrimmed(const std::string& path) {
  absl::StatusOr<std::string> text = ReadWhole(path);
  if (text.ok()) absl::StripTrailingAsciiWhitespace(&*text);
  return text;
}

}  // namespace fovea::cli
