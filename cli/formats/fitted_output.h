// Lines that fit a terminal: what is wider goes on in lines of its own, behind an indent.
#ifndef FOVEA_CLI_FORMATS_FITTED_OUTPUT_H_
#define FOVEA_CLI_FORMATS_FITTED_OUTPUT_H_

#include <cstddef>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace fovea::cli {

// The line without its newline, over several of at most `columns` where it is wider: broken at
// spaces, columns of a table closed up. A word that is wider by itself stays whole, so that it can
// be copied. Colours take no columns.
std::string FittedLine(std::string_view line, size_t columns);

// Fits each line before it passes it on.
class FittedBuffer final : public std::streambuf {
 public:
  FittedBuffer(std::ostream& to, size_t columns) : to_(to), columns_(columns) {}
  // Passes on what has no newline yet.
  int sync() override;

 private:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* bytes, std::streamsize count) override;

  std::ostream& to_;
  const size_t columns_;
  std::string line_;  // what is known of it
};

// An output whose lines are fitted. What has no newline yet is passed on as it is when the output
// is flushed or destroyed. Single thread.
class FittedOutput final : public std::ostream {
 public:
  FittedOutput(std::ostream& to, size_t columns) : std::ostream(nullptr), buffer_(to, columns) {
    rdbuf(&buffer_);
  }
  ~FittedOutput() override { buffer_.sync(); }
  FittedOutput(const FittedOutput&) = delete;
  FittedOutput& operator=(const FittedOutput&) = delete;

 private:
  FittedBuffer buffer_;
};

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_FITTED_OUTPUT_H_
