// The JSON records of a file: its lines (JSON Lines), or the one value that it is.
#ifndef FOVEA_TRANSCRIPTS_RECORDS_H_
#define FOVEA_TRANSCRIPTS_RECORDS_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "transcripts/lines.h"
#include "transcripts/lossless_json.h"
#include "transcripts/transcript.h"

namespace fovea::transcripts {

struct Record {
  Json json;
  uint64_t line = 1;  // where it begins
  size_t bytes = 0;   // of its text
  size_t values = 0;  // in it
};

// Reads a file whose first line is a whole JSON value line by line; any other as one value. Refers
// to the lines. Thread-compatible.
class Records {
 public:
  Records(Lines& lines, const ReadOptions& options) : lines_(lines), options_(options) {}

  // The next record; none at the end. INVALID_ARGUMENT names the line; RESOURCE_EXHAUSTED the
  // limit; or an error of the lines.
  absl::StatusOr<std::optional<Record>> Next();

  // Looks at one record more, which Next will give as well; null at the end, and behind as much as
  // is kept for that (kMaxLooks records of kMaxLookBytes). Errors as of Next.
  absl::StatusOr<const Record*> Look();

  // What comes next belongs to another session: its limits count from zero.
  void BeginSession() { session_bytes_ = session_records_ = 0; }

  // The last line, if it was left out because it is cut off; 0 if none was.
  uint64_t cut_line() const { return cut_line_; }

 private:
  static constexpr size_t kMaxLooks = 200;
  static constexpr size_t kMaxLookBytes = size_t{16} << 20;

  absl::StatusOr<std::optional<Record>> Read();
  // The one value over several lines that begins with `first`, which is no value by itself.
  absl::StatusOr<std::optional<Record>> ReadDocument(std::string first, const absl::Status& error);
  absl::Status Count(size_t bytes);

  Lines& lines_;
  const ReadOptions options_;
  std::deque<Record> looked_at_;
  size_t looks_ = 0;
  size_t look_bytes_ = 0;
  uint64_t session_bytes_ = 0;
  uint64_t session_records_ = 0;
  uint64_t line_ = 0;  // that was read last
  uint64_t cut_line_ = 0;
  bool by_line_ = false;  // known once a record was read
  bool done_ = false;
};

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_RECORDS_H_
