// Finds the strings in a text whose every character matters.
#ifndef FOVEA_CORE_EXACT_EXACT_SCAN_H_
#define FOVEA_CORE_EXACT_EXACT_SCAN_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "core/exact/exact_string.h"
#include "core/log/turn.h"

namespace fovea {

constexpr size_t kMinExactBytes = 4;
constexpr size_t kMaxExactBytes = 200;

struct ExactMatch {
  ExactString::Kind kind = ExactString::Kind::kHash;
  std::string_view text;   // a part of the scanned text
  std::string_view label;  // a part of the scanned text; empty if there is none
};

// Walks over one text. Thread-compatible. Linear in the text.
class ExactScanner {
 public:
  // `text` outlives the scanner.
  explicit ExactScanner(std::string_view text) : text_(text) {}
  // The next exact string, in order; nothing at the end.
  std::optional<ExactMatch> Next();

 private:
  std::optional<ExactMatch> Word();
  std::optional<ExactMatch> Url(size_t begin, size_t scheme_end);
  size_t WordEnd(size_t begin, unsigned* traits) const;
  std::string_view TrimWord(std::string_view word) const;
  bool IsThousandsComma(size_t begin, size_t at) const;
  size_t SkipEscape(size_t at) const;
  std::string_view LabelBefore(size_t begin) const;
  bool IsLineNumber(size_t begin, size_t end) const;

  const std::string_view text_;
  size_t at_ = 0;
};

// The texts of a turn in which exact strings are looked for: what a reader reads as text, without
// the names of calls.
void ForEachExactText(const Turn& turn, absl::FunctionRef<void(std::string_view)> visit);

// The kind of a whole word (no spaces or quotes, ends trimmed), or nothing if it is one that a
// reader would not garble.
std::optional<ExactString::Kind> ClassifyWord(std::string_view word);

}  // namespace fovea

#endif  // FOVEA_CORE_EXACT_EXACT_SCAN_H_
