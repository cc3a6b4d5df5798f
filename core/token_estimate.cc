#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/token_counter.h"

namespace fovea {
namespace {

enum class Class : uint8_t { kLetter, kDigit, kSpace, kNewline, kPunctuation, kOther };

Class ClassOf(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') return Class::kLetter;
  if (byte >= '0' && byte <= '9') return Class::kDigit;
  if (byte == '\n' || byte == '\r') return Class::kNewline;
  if (byte == ' ' || byte == '\t') return Class::kSpace;
  return byte < 0x80 ? Class::kPunctuation : Class::kOther;
}

int64_t RunTokens(Class run, int64_t length) {
  switch (run) {
    case Class::kLetter:
      return (length + 3) / 4;
    case Class::kDigit:
      return (length + 2) / 3;
    case Class::kSpace:
      return length > 1 ? 1 + length / 64 : 0;
    case Class::kNewline:
      return 1 + length / 8;
    case Class::kPunctuation:
      return (length + 1) / 2;
    case Class::kOther:
      return length;
  }
  return length;
}

}  // namespace

int64_t EstimateTokens(std::string_view text) {
  int64_t tokens = 0;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = at;
    const Class run = ClassOf(text[at]);
    while (at < text.size() && ClassOf(text[at]) == run) ++at;
    tokens += RunTokens(run, static_cast<int64_t>(at - begin));
  }
  return tokens;
}

}  // namespace fovea
