#include "core/page/markdown.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "core/base/utf8.h"

namespace fovea {
namespace {

size_t RunLength(std::string_view text, char c) {
  return std::min(text.find_first_not_of(c), text.size());
}

bool IsRightToLeft(char32_t c) {
  const UCharDirection direction = u_charDirection(static_cast<UChar32>(c));
  return direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC ||
         direction == U_ARABIC_NUMBER;
}

bool HasRightToLeft(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const DecodedCharacter character = DecodeUtf8(text, at);
    if (character.well_formed && IsRightToLeft(character.code_point)) return true;
    at += character.length;
  }
  return false;
}

bool IsHeading(std::string_view line) {
  constexpr size_t kDeepest = 6;
  const size_t depth = RunLength(line, '#');
  return depth >= 1 && depth <= kDeepest && depth < line.size() && line[depth] == ' ';
}

// The fences of code blocks, line by line.
class Fences {
 public:
  // True if the line is a fence or within fences.
  bool Covers(std::string_view line) {
    constexpr size_t kShortest = 3;
    line.remove_prefix(std::min(RunLength(line, ' '), size_t{3}));
    const char mark = line.empty() ? '\0' : line.front();
    const size_t length = mark == '`' || mark == '~' ? RunLength(line, mark) : 0;
    if (length_ > 0) {
      if (mark == mark_ && length >= length_) length_ = 0;
      return true;
    }
    if (length < kShortest) return false;
    mark_ = mark;
    length_ = length;
    return true;
  }

 private:
  char mark_ = '\0';
  size_t length_ = 0;  // of the fence that is open
};

// The bold spans of one line. A kind of mark that was once not closed is not looked for again, so
// that a line is passed over a few times at most.
class LineScan {
 public:
  LineScan(std::string_view line, size_t begin, size_t most, std::vector<EmphasisedSpan>* spans)
      : line_(line), begin_(begin), most_(most), spans_(*spans) {}

  void Run() {
    for (size_t at = 0; at < line_.size() && spans_.size() < most_;) {
      const char c = line_[at];
      if (c == '\\') {
        at += 2;
      } else if (c == '`') {
        at = AfterCode(at);
      } else if (c == '*' || c == '_') {
        at = AfterMark(at, c == '*' ? "**" : "__", c == '*' ? open_stars_ : open_bars_);
      } else {
        ++at;
      }
    }
  }

 private:
  size_t AfterCode(size_t at) {
    constexpr size_t kLongest = 3;
    const size_t length = RunLength(line_.substr(at), '`');
    if (open_ticks_ || length > kLongest) return at + length;
    const size_t close = line_.find(std::string_view("```").substr(0, length), at + length);
    open_ticks_ = close == std::string_view::npos;
    return open_ticks_ ? at + length : close + length;
  }

  size_t AfterMark(size_t at, std::string_view mark, bool& open) {
    if (open || !Opens(at, mark)) return at + 1;
    size_t close = line_.find(mark, at + mark.size() + 1);
    while (close != std::string_view::npos && !Closes(close, mark)) {
      close = line_.find(mark, close + 1);
    }
    open = close == std::string_view::npos;
    if (open || IsRightToLeftLine()) return at + mark.size();
    spans_.push_back({.begin = begin_ + at, .end = begin_ + close + mark.size()});
    return close + mark.size();
  }

  bool Opens(size_t at, std::string_view mark) const {
    const size_t next = at + mark.size();
    if (!line_.substr(at).starts_with(mark) || next >= line_.size()) return false;
    if (mark == "__" && at > 0 && IsWordByte(line_[at - 1])) return false;
    return !absl::ascii_isspace(static_cast<unsigned char>(line_[next])) && line_[next] != mark[0];
  }

  bool Closes(size_t at, std::string_view mark) const {
    const size_t next = at + mark.size();
    if (mark == "__" && next < line_.size() && IsWordByte(line_[next])) return false;
    return !absl::ascii_isspace(static_cast<unsigned char>(line_[at - 1]));
  }

  static bool IsWordByte(char c) {
    return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           !absl::ascii_isascii(static_cast<unsigned char>(c));
  }

  bool IsRightToLeftLine() {
    if (!checked_direction_) is_right_to_left_ = HasRightToLeft(line_);
    checked_direction_ = true;
    return is_right_to_left_;
  }

  const std::string_view line_;
  const size_t begin_;  // of the line in the text
  const size_t most_;
  std::vector<EmphasisedSpan>& spans_;
  bool open_ticks_ = false;
  bool open_stars_ = false;
  bool open_bars_ = false;
  bool checked_direction_ = false;
  bool is_right_to_left_ = false;
};

}  // namespace

std::vector<EmphasisedSpan> FindEmphasis(std::string_view text, size_t most) {
  std::vector<EmphasisedSpan> spans;
  Fences fences;
  for (size_t begin = 0; begin < text.size() && spans.size() < most;) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (fences.Covers(line)) {
      // Code is drawn as it is.
    } else if (IsHeading(line)) {
      spans.push_back({.begin = begin, .end = end, .heading = true});
    } else {
      LineScan(line, begin, most, &spans).Run();
    }
    begin = end + 1;
  }
  return spans;
}

}  // namespace fovea
