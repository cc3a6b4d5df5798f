#include "cli/formats/fitted_output.h"

#include <algorithm>
#include <utility>

#include "cli/formats/console.h"

namespace fovea::cli {
namespace {

constexpr size_t kMoreIndent = 4;

// Without the codes that colour.
size_t WidthOf(std::string_view text) {
  size_t codes = 0;
  for (size_t at = text.find("\x1b["); at != std::string_view::npos; at = text.find("\x1b[", at)) {
    const size_t end = text.find('m', at);
    if (end == std::string_view::npos) break;
    codes += end + 1 - at;
    at = end;
  }
  return DisplayWidth(text) - codes;
}

}  // namespace

std::string FittedLine(std::string_view line, size_t columns) {
  if (WidthOf(line) <= columns) return std::string(line);
  const size_t indent = std::min(line.find_first_not_of(' '), line.size());
  const std::string more(std::min(indent + kMoreIndent, columns / 2), ' ');
  std::string fitted(line.substr(0, std::min(indent, columns / 2)));
  size_t width = fitted.size();
  bool begins = true;
  for (size_t at = indent; at < line.size();) {
    const size_t end = std::min(line.find(' ', at), line.size());
    const std::string_view word = line.substr(at, end - at);
    const size_t next = std::min(line.find_first_not_of(' ', end), line.size());
    const size_t word_width = WidthOf(word);
    if (!begins && width + word_width > columns) {
      while (!fitted.empty() && fitted.back() == ' ') fitted.pop_back();
      fitted.append("\n").append(more);
      width = more.size();
    }
    fitted.append(word);
    width += word_width;
    const size_t gap = std::min<size_t>(next - end, 2);
    if (next < line.size()) fitted.append(gap, ' ');
    width += gap;
    begins = false;
    at = next;
  }
  return fitted;
}

std::streambuf::int_type FittedBuffer::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char byte = traits_type::to_char_type(c);
  xsputn(&byte, 1);
  return c;
}

std::streamsize FittedBuffer::xsputn(const char* bytes, std::streamsize count) {
  std::string_view text(bytes, static_cast<size_t>(count));
  for (size_t newline = text.find('\n'); newline != std::string_view::npos;
       newline = text.find('\n')) {
    line_ += text.substr(0, newline);
    to_ << FittedLine(line_, columns_) << '\n';
    line_.clear();
    text.remove_prefix(newline + 1);
  }
  line_ += text;
  return count;
}

int FittedBuffer::sync() {
  to_ << std::exchange(line_, {});
  to_.flush();
  return 0;
}

}  // namespace fovea::cli
