#include "core/base/colour_codes.h"

#include <array>
#include <optional>
#include <utility>

namespace fovea {
namespace {

// More parameters or longer ones are no code that any tool writes.
constexpr size_t kMaxParameters = 16;
constexpr int kMaxParameter = 999;

struct Parameters {
  std::array<int, kMaxParameters> values = {};
  size_t count = 0;
  size_t length = 0;  // bytes, with ESC, the bracket and the letter
};

// The code of numbers at `at` that ends with 'm'.
std::optional<Parameters> GraphicRendition(std::string_view text, size_t at) {
  if (text.substr(at, 2) != "\x1b[") return std::nullopt;
  Parameters parameters{.count = 1};
  for (size_t i = at + 2; i < text.size(); ++i) {
    const char c = text[i];
    int& value = parameters.values[parameters.count - 1];
    if (c >= '0' && c <= '9') {
      value = value * 10 + (c - '0');
      if (value > kMaxParameter) return std::nullopt;
    } else if (c == ';' || c == ':') {
      if (++parameters.count > kMaxParameters) return std::nullopt;
    } else if (c == 'm') {
      parameters.length = i + 1 - at;
      return parameters;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// How many parameters a colour given by its number or its parts takes, from the 38, 48 or 58 on.
size_t ColourParameters(const Parameters& parameters, size_t at) {
  constexpr int kByNumber = 5;
  const bool by_number = at + 1 < parameters.count && parameters.values[at + 1] == kByNumber;
  return by_number ? 3 : 5;
}

bool OnlyColours(const Parameters& parameters) {
  for (size_t i = 0; i < parameters.count; ++i) {
    switch (parameters.values[i]) {
      case 5:   // blinks
      case 6:   // blinks fast
      case 8:   // hidden
      case 28:  // hidden no more
        return false;
      case 38:
      case 48:
      case 58:
        i += ColourParameters(parameters, i) - 1;
        break;
      default:
        break;
    }
  }
  return true;
}

}  // namespace

size_t ColourCodesAt(std::string_view text, size_t at) {
  constexpr std::string_view kEraseToLineEnd = "\x1b[K";
  size_t end = at;
  while (end < text.size() && text[end] == '\x1b') {
    const std::optional<Parameters> code = GraphicRendition(text, end);
    if (!code.has_value() || !OnlyColours(*code)) break;
    end += code->length;
    if (text.substr(end, kEraseToLineEnd.size()) == kEraseToLineEnd) end += kEraseToLineEnd.size();
  }
  return end - at;
}

uint64_t RemoveColourCodes(std::string* text) {
  size_t escape = text->find('\x1b');
  if (escape == std::string::npos) return 0;
  const std::string_view all = *text;
  std::string kept;
  kept.reserve(all.size());
  uint64_t removed = 0;
  size_t at = 0;
  for (; escape != std::string::npos; escape = all.find('\x1b', escape)) {
    const size_t length = ColourCodesAt(all, escape);
    if (length == 0) {
      ++escape;
      continue;
    }
    kept += all.substr(at, escape - at);
    removed += length;  // they are ASCII
    at = escape += length;
  }
  if (removed == 0) return 0;
  kept += all.substr(at);
  *text = std::move(kept);
  return removed;
}

}  // namespace fovea
