// Where a verb writes, and how: colours and moving bars are for people at a terminal only.
#ifndef FOVEA_CLI_FORMATS_CONSOLE_H_
#define FOVEA_CLI_FORMATS_CONSOLE_H_

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace fovea::cli {

struct Console {
  std::ostream& out;              // results
  std::ostream& err;              // errors and progress
  bool colour = false;            // out takes colour sequences
  bool terminal = false;          // out is a terminal: stored text goes there only by Visible
  bool live_progress = false;     // err is a terminal
  int columns = 80;               // of the terminal
  std::ostream* exact = nullptr;  // where out fits its lines to the terminal: without that

  // For what must come out as it is: stored text, pictures, JSON.
  std::ostream& Exact() const { return exact == nullptr ? out : *exact; }
};

// A console on standard output and error. Colour only if standard output is a terminal and NO_COLOR
// is unset or empty.
Console TerminalConsole();

// -1234567 as "-1,234,567". core/base/grouped.h has the like for core and service: the command line
// knows the API only.
std::string Grouped(int64_t number);

// Columns that `text` takes on a terminal, where every character is one wide. UTF-8.
size_t DisplayWidth(std::string_view text);

// `text` with spaces before (or behind, if `left`) up to `width` columns.
std::string Padded(std::string_view text, size_t width, bool left = false);

// `text` for a terminal: control characters, those that turn the order of writing too, and
// ill-formed UTF-8 as \xNN, newlines and tabs as spaces, and at most `columns` characters.
std::string OneLine(std::string_view text, size_t columns);

// `text` for a terminal, with its lines and tabs: control characters and ill-formed UTF-8 as \xNN,
// so that what a tool once printed cannot move the cursor, name the window or turn a line around.
std::string Visible(std::string_view text);

// A bar on standard error for long work, drawn at most ten times a second, wiped when it ends. Does
// nothing if the console is not a terminal. Single thread.
class ProgressBar {
 public:
  ProgressBar(Console& console, std::string unit) : console_(console), unit_(std::move(unit)) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { Wipe(); }

  // `done` units in all are done, which is `share` (0 to 1) of the work; `what` is at hand.
  void Update(uint64_t done, double share, std::string_view what);
  void Wipe();

 private:
  Console& console_;
  std::string unit_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point drawn_{};
  bool visible_ = false;
};

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_CONSOLE_H_
