// Files of lines, plain or compressed with gzip.
#ifndef FOVEA_CLI_FORMATS_LINE_FILE_H_
#define FOVEA_CLI_FORMATS_LINE_FILE_H_

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea::cli {

// Reads a file line by line. Thread-compatible.
class LineReader {
 public:
  // "-" is standard input. NOT_FOUND or PERMISSION_DENIED if the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(const std::string& path);

  // The next line without its newline; none at the end. DATA_LOSS if the compressed file is damaged
  // or cut short.
  absl::StatusOr<std::optional<std::string>> Next();

  // All that was not given out yet. RESOURCE_EXHAUSTED for more than 2 GiB; DATA_LOSS as above.
  absl::StatusOr<std::string> Rest();

  uint64_t line_number() const { return line_number_; }  // of the last line read, from 1
  // How much of the file was read, 0 to 1; 0 where its size is unknown.
  double Share() const;

 private:
  struct Closer {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };
  LineReader(std::string path, std::unique_ptr<gzFile_s, Closer> file, uint64_t file_bytes);

  absl::Status Fill();

  const std::string path_;
  const std::unique_ptr<gzFile_s, Closer> file_;
  const uint64_t file_bytes_;
  std::string buffer_;
  size_t at_ = 0;  // of the first byte in buffer_ that was not given out
  bool ended_ = false;
  uint64_t line_number_ = 0;
};

// Writes `bytes` to `path` so that a crash leaves the old file or the new one. UNAVAILABLE, naming
// the path, if the disk refuses.
absl::Status WriteFile(const std::string& path, std::string_view bytes);

// An empty file that only its owner can read and write (mode 0600), for what a session holds.
absl::Status MakeOwnersFile(const std::string& path);

// All bytes of a file, "-" for standard input. NOT_FOUND, PERMISSION_DENIED.
absl::StatusOr<std::string> ReadWhole(const std::string& path);
// All bytes of a file, unpacked if it is a gzip's; "-" for standard input. NOT_FOUND,
// PERMISSION_DENIED; RESOURCE_EXHAUSTED for more than 2 GiB; DATA_LOSS if the packed file is
// damaged or cut short.
absl::StatusOr<std::string> ReadUncompressed(const std::string& path);
// The text of a small file without trailing white space (a token). NOT_FOUND, PERMISSION_DENIED.
absl::StatusOr<std::string> ReadTrimmed(const std::string& path);

// The error for a failed system call on `path`, from errno.
absl::Status ErrnoStatus(const std::string& path);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_LINE_FILE_H_
