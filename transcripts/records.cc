#include "transcripts/records.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace fovea::transcripts {
namespace {

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

absl::Status AtLine(uint64_t line, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", status.message()));
}

}  // namespace

Records::Records(std::string_view bytes, bool live) : bytes_(bytes), live_(live) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (bytes_.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    bytes_.remove_prefix(kByteOrderMark.size());
  }
  // A value over several lines: its first line alone is no JSON, and the whole is.
  const size_t begin = bytes_.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return;
  const size_t end = bytes_.find('\n', begin);
  if (end == std::string_view::npos || IsBlank(bytes_.substr(end))) return;
  const std::string_view first = bytes_.substr(begin, end - begin);
  by_line_ = ParseJson(first).ok() || !ParseJson(bytes_).ok();
}

absl::StatusOr<std::optional<Record>> Records::Next() {
  if (!by_line_) {
    if (std::exchange(at_, bytes_.size()) != 0) return std::nullopt;
    absl::StatusOr<Json> json = ParseJson(bytes_);
    if (!json.ok()) return AtLine(1, json.status());
    return Record{.json = *std::move(json)};
  }
  while (at_ < bytes_.size()) {
    const size_t end = std::min(bytes_.find('\n', at_), bytes_.size());
    if (live_ && end == bytes_.size()) return std::nullopt;
    const std::string_view line = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    ++line_;
    if (IsBlank(line)) continue;
    absl::StatusOr<Json> json = ParseJson(line);
    if (!json.ok()) return AtLine(line_, json.status());
    return Record{.json = *std::move(json), .line = line_};
  }
  return std::nullopt;
}

}  // namespace fovea::transcripts
