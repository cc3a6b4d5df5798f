// The lines of a file, in order, wherever it is read from.
#ifndef FOVEA_TRANSCRIPTS_LINES_H_
#define FOVEA_TRANSCRIPTS_LINES_H_

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fovea::transcripts {

// Thread-compatible.
class Lines {
 public:
  virtual ~Lines() = default;
  // The next line without its newline; none at the end.
  virtual absl::StatusOr<std::optional<std::string>> Next() = 0;
  // If a newline ended the last line that Next gave.
  virtual bool ended() const = 0;
};

// Refers to the text.
class TextLines final : public Lines {
 public:
  explicit TextLines(std::string_view text) : text_(text) {}

  absl::StatusOr<std::optional<std::string>> Next() override {
    if (text_.empty()) return std::nullopt;
    const size_t end = std::min(text_.find('\n'), text_.size());
    ended_ = end < text_.size();
    std::string line(text_.substr(0, end));
    text_.remove_prefix(end + (ended_ ? 1 : 0));
    return line;
  }
  bool ended() const override { return ended_; }

 private:
  std::string_view text_;
  bool ended_ = false;
};

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_LINES_H_
