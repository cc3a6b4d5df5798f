#include "transcripts/files/line_reader.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::transcripts {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 18;

}  // namespace

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path,
                                                             const LineLimits& limits) {
  struct stat about {};
  const bool standard_input = path == "-";
  if (!standard_input && stat(path.c_str(), &about) != 0) {
    return absl::ErrnoToStatus(errno, path);
  }
  if (S_ISDIR(about.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a directory, not a file"));
  }
  gzFile_s* file = standard_input ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path.c_str(), "rb");
  if (file == nullptr) return absl::ErrnoToStatus(errno, path);
  gzbuffer(file, kBlockBytes);
  return absl::WrapUnique(new LineReader(std::unique_ptr<gzFile_s, Closer>(file),
                                         static_cast<uint64_t>(about.st_size), limits));
}

absl::Status LineReader::Fill() {
  block_.resize(kBlockBytes);
  at_ = 0;
  const int got = gzread(file_.get(), block_.data(), kBlockBytes);
  block_.resize(static_cast<size_t>(std::max(got, 0)));
  // What ends in the middle is an error that only gzerror tells.
  int error = Z_OK;
  const char* message = gzerror(file_.get(), &error);
  if (got < 0 || (error != Z_OK && error != Z_STREAM_END)) {
    if (error == Z_ERRNO) return absl::ErrnoToStatus(errno, "reading");
    return absl::DataLossError(absl::StrCat("is damaged or cut short: ", message));
  }
  all_read_ = got == 0;
  unpacked_ += block_.size();
  if (unpacked_ <= limits_.file) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("has more than ", limits_.file, " bytes, unpacked"));
}

absl::StatusOr<std::optional<std::string>> LineReader::Next() {
  // A long line is kept as it comes and put together at its end: a string that grows would be
  // there twice, and once more for a line that turns out to be too long.
  std::vector<std::string> blocks;
  size_t bytes = 0;
  while (true) {
    const std::string_view rest = std::string_view(block_).substr(at_);
    const size_t newline = rest.find('\n');
    const size_t more = std::min(newline, rest.size());
    if (more > limits_.line - bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("line ", line_number_ + 1, ": is longer than ", limits_.line, " bytes"));
    }
    bytes += more;
    if (newline == std::string_view::npos && !all_read_) {
      if (more > 0) blocks.emplace_back(rest);
      FOVEA_RETURN_IF_ERROR(Fill());
      continue;
    }
    ended_ = newline != std::string_view::npos;
    if (!ended_ && bytes == 0) return std::nullopt;
    std::string line;
    line.reserve(bytes);
    for (std::string& block : blocks) line += std::exchange(block, {});
    line += rest.substr(0, more);
    at_ += more + (ended_ ? 1 : 0);
    ++line_number_;
    return line;
  }
}

double LineReader::Share() const {
  if (file_bytes_ == 0) return 0;
  return std::min(1.0,
                  static_cast<double>(gzoffset(file_.get())) / static_cast<double>(file_bytes_));
}

}  // namespace fovea::transcripts
