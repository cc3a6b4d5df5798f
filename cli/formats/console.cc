#include "cli/formats/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/formats/output_file.h"
#include "cli/formats/utf8.h"

namespace fovea::cli {
namespace {

constexpr int kBarColumns = 24;
constexpr std::chrono::milliseconds kRedraw(100);

int TerminalColumns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) return 80;
  return size.ws_col;
}

// Characters that turn the order of what follows, so that a line reads as what it is not, and the
// separators that a terminal may take for the end of a line.
bool IsBidiControl(std::string_view character) {
  if (character == "\xd8\x9c") return true;  // U+061C
  if (character.size() != 3 || !character.starts_with("\xe2")) return false;
  const auto second = static_cast<unsigned char>(character[1]);
  const auto third = static_cast<unsigned char>(character[2]);
  const bool mark = second == 0x80 && (third == 0x8e || third == 0x8f);     // U+200E, U+200F
  const bool embedding = second == 0x80 && third >= 0xa8 && third <= 0xae;  // U+2028 to U+202E
  const bool isolate = second == 0x81 && third >= 0xa6 && third <= 0xa9;    // U+2066 to U+2069
  return mark || embedding || isolate;
}

// Length of the character at `at` if a terminal may show it; 0 for controls, C1 and bidi ones too,
// and for bytes that are no character.
size_t VisibleLength(std::string_view text, size_t at) {
  const size_t length = CharacterLength(text, at);
  const auto first = static_cast<unsigned char>(text[at]);
  if (length == 1) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const bool control = first == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0;
  return control || IsBidiControl(text.substr(at, length)) ? 0 : length;
}

}  // namespace

Console TerminalConsole() {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool wanted = no_colour == nullptr || *no_colour == '\0';
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  return Console{.out = StandardOutput(),
                 .err = std::cerr,
                 .colour = terminal && wanted,
                 .terminal = terminal,
                 .live_progress = isatty(STDERR_FILENO) != 0,
                 .columns = terminal ? TerminalColumns() : 100};
}

std::string Grouped(int64_t number) {
  std::string digits = absl::StrCat(number);
  const size_t sign = number < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > sign + 3;) digits.insert(at -= 3, ",");
  return digits;
}

size_t DisplayWidth(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return !IsContinuation(c); }));
}

std::string Padded(std::string_view text, size_t width, bool left) {
  const size_t have = DisplayWidth(text);
  const std::string spaces(width > have ? width - have : 0, ' ');
  return left ? std::string(text) + spaces : spaces + std::string(text);
}

std::string OneLine(std::string_view text, size_t columns) {
  std::string line;
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    if (width >= columns) return line + "…";
    const auto byte = static_cast<unsigned char>(text[at]);
    const size_t length = VisibleLength(text, at);
    if (length > 0) {
      line += text.substr(at, length);
    } else if (byte == '\n' || byte == '\r' || byte == '\t') {
      line += ' ';
    } else {
      line += absl::StrFormat("\\x%02x", byte);
      width += 3;
    }
    at += std::max<size_t>(length, 1);
    ++width;
  }
  return line;
}

std::string Visible(std::string_view text) {
  std::string visible;
  visible.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t length = VisibleLength(text, at);
    if (length > 0) {
      visible += text.substr(at, length);
    } else if (text[at] == '\n' || text[at] == '\t') {
      visible += text[at];
    } else if (text.substr(at, 2) == "\r\n") {
      // The end of a line as other systems write it.
    } else {
      absl::StrAppendFormat(&visible, "\\x%02x", static_cast<unsigned char>(text[at]));
    }
    at += std::max<size_t>(length, 1);
  }
  return visible;
}

void ProgressBar::Update(uint64_t done, double share, std::string_view what) {
  if (!console_.live_progress) return;
  const auto now = std::chrono::steady_clock::now();
  if (visible_ && now - drawn_ < kRedraw) return;
  drawn_ = now;
  visible_ = true;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double clamped = std::clamp(share, 0.0, 1.0);
  std::string bar;
  for (int i = 0; i < kBarColumns; ++i) bar += i < clamped * kBarColumns ? "█" : "░";
  console_.err << "\r\x1b[K" << bar << absl::StrFormat(" %3.0f %%  ", clamped * 100)
               << Grouped(static_cast<int64_t>(done)) << ' ' << unit_
               << absl::StrFormat("  %s/s  ",
                                  Grouped(static_cast<int64_t>(seconds > 0 ? done / seconds : 0)))
               << OneLine(what, 30) << std::flush;
}

void ProgressBar::Wipe() {
  if (!visible_) return;
  console_.err << "\r\x1b[K" << std::flush;
  visible_ = false;
}

}  // namespace fovea::cli
