#include "core/base/pdf_pages.h"

#include <algorithm>
#include <cstddef>

namespace fovea {
namespace {

constexpr int64_t kMax = 100'000;

bool IsWhite(char c) { return c == ' ' || c == '\r' || c == '\n' || c == '\t' || c == '\f'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t SkipWhite(std::string_view data, size_t at) {
  while (at < data.size() && IsWhite(data[at])) ++at;
  return at;
}

}  // namespace

int64_t PdfPages(std::string_view data) {
  if (data.substr(0, 1024).find("%PDF-") == std::string_view::npos) return 0;
  int64_t pages = 0;
  int64_t counted = 0;  // the largest /Count: that of the root of the page tree
  for (size_t at = data.find('/'); at != std::string_view::npos; at = data.find('/', at + 1)) {
    const std::string_view name = data.substr(at + 1, 5);
    if (name.substr(0, 4) == "Type") {
      const size_t value = SkipWhite(data, at + 5);
      // "/Pages" is a node of the tree.
      if (data.substr(value, 5) == "/Page" && data.substr(value + 5, 1) != "s") ++pages;
    } else if (name == "Count") {
      int64_t count = 0;
      for (size_t digit = SkipWhite(data, at + 6);
           digit < data.size() && IsDigit(data[digit]) && count < kMax; ++digit) {
        count = count * 10 + (data[digit] - '0');
      }
      counted = std::max(counted, count);
    }
  }
  return std::min(kMax, std::max(pages, counted));
}

}  // namespace fovea
