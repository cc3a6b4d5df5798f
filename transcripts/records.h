// The JSON records of a file: its lines (JSON Lines), or the one value that it is.
#ifndef FOVEA_TRANSCRIPTS_RECORDS_H_
#define FOVEA_TRANSCRIPTS_RECORDS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "transcripts/lossless_json.h"

namespace fovea::transcripts {

struct Record {
  Json json;
  uint64_t line = 1;  // where it begins
};

// Refers to the bytes. Thread-compatible.
class Records {
 public:
  // A file whose first line is a whole JSON value is read line by line; any other is one value.
  // `live`: a last line without an end is left out.
  Records(std::string_view bytes, bool live);

  bool by_line() const { return by_line_; }
  // The next record; none at the end. INVALID_ARGUMENT names the line.
  absl::StatusOr<std::optional<Record>> Next();

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  uint64_t line_ = 0;  // of the line before at_
  const bool live_;
  bool by_line_ = true;
};

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_RECORDS_H_
