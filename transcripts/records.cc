#include "transcripts/records.h"

#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::transcripts {
namespace {

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

absl::Status AtLine(uint64_t line, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", status.message()));
}

void DropByteOrderMark(std::string& line) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
}

}  // namespace

absl::Status Records::Count(size_t bytes) {
  session_bytes_ += bytes;
  ++session_records_;
  const bool records = session_records_ > options_.session.records;
  if (!records && session_bytes_ <= options_.session.bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "line ", line_, ": a session of more than ",
      records ? options_.session.records : options_.session.bytes, records ? " lines" : " bytes"));
}

absl::StatusOr<std::optional<Record>> Records::Read() {
  while (!done_) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<std::string> line, lines_.Next());
    if (!line.has_value() || (options_.live && !lines_.ended())) break;
    if (++line_ == 1) DropByteOrderMark(*line);
    if (IsBlank(*line)) continue;
    FOVEA_RETURN_IF_ERROR(Count(line->size()));
    size_t values = 0;
    absl::StatusOr<Json> json = ParseJson(*line, &values);
    if (json.ok()) {
      by_line_ = true;
      return Record{
          .json = *std::move(json), .line = line_, .bytes = line->size(), .values = values};
    }
    if (!by_line_) return ReadDocument(*std::move(line), json.status());
    if (!options_.leave_cut_line || lines_.ended()) return AtLine(line_, json.status());
    cut_line_ = line_;
    break;
  }
  done_ = true;
  return std::nullopt;
}

absl::StatusOr<std::optional<Record>> Records::ReadDocument(std::string first,
                                                            const absl::Status& error) {
  done_ = true;
  const absl::Status bad_line = AtLine(line_, error);
  std::string text = std::move(first);
  bool several = false;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<std::string> line, lines_.Next());
    if (!line.has_value()) break;
    if (text.size() + line->size() + 1 > kMaxJsonBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(bad_line.message(), "; and as one value, the file has more than ",
                       kMaxJsonBytes, " bytes"));
    }
    several = several || !IsBlank(*line);
    absl::StrAppend(&text, "\n", *line);
  }
  if (!several) return bad_line;
  size_t values = 0;
  absl::StatusOr<Json> json = ParseJson(text, &values);
  if (!json.ok()) return bad_line;
  return Record{.json = *std::move(json), .bytes = text.size(), .values = values};
}

absl::StatusOr<std::optional<Record>> Records::Next() {
  if (looked_at_.empty()) return Read();
  Record record = std::move(looked_at_.front());
  looked_at_.pop_front();
  return record;
}

absl::StatusOr<const Record*> Records::Look() {
  if (looks_ == kMaxLooks || look_bytes_ > kMaxLookBytes) return nullptr;
  FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, Read());
  if (!record.has_value()) return nullptr;
  ++looks_;
  look_bytes_ += record->bytes;
  return &looked_at_.emplace_back(*std::move(record));
}

}  // namespace fovea::transcripts
