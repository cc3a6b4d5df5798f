// Files of lines, plain or packed by gzip, read in bounded memory.
#ifndef FOVEA_TRANSCRIPTS_FILES_LINE_READER_H_
#define FOVEA_TRANSCRIPTS_FILES_LINE_READER_H_

#include <zlib.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transcripts/lines.h"

namespace fovea::transcripts {

// In bytes, unpacked.
struct LineLimits {
  size_t line = 0;
  uint64_t file = std::numeric_limits<uint64_t>::max();
};

// Holds one line, and at most 256 KiB beside it, however much a packed file unpacks to.
// Thread-compatible.
class LineReader final : public Lines {
 public:
  // "-" is standard input. NOT_FOUND, PERMISSION_DENIED or INVALID_ARGUMENT, naming the path, if
  // the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(const std::string& path,
                                                          const LineLimits& limits);

  // Errors do not name the path. RESOURCE_EXHAUSTED names the limit that the line or the file is
  // over; DATA_LOSS if the packed file is damaged or cut short.
  absl::StatusOr<std::optional<std::string>> Next() override;
  bool ended() const override { return ended_; }

  uint64_t line_number() const { return line_number_; }  // of the last line read, from 1
  // How much of the file was read, 0 to 1; 0 where its size is unknown.
  double Share() const;

 private:
  struct Closer {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };
  LineReader(std::unique_ptr<gzFile_s, Closer> file, uint64_t file_bytes, const LineLimits& limits)
      : file_(std::move(file)), file_bytes_(file_bytes), limits_(limits) {}

  absl::Status Fill();

  const std::unique_ptr<gzFile_s, Closer> file_;
  const uint64_t file_bytes_;
  const LineLimits limits_;
  std::string block_;
  size_t at_ = 0;  // of the first byte in block_ that was not given out
  uint64_t unpacked_ = 0;
  bool all_read_ = false;
  bool ended_ = false;
  uint64_t line_number_ = 0;
};

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_FILES_LINE_READER_H_
