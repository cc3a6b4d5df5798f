// The general categories of Unicode 15, as far as the patterns that cut text before BPE ask for
// them.
#ifndef FOVEA_CORE_TOKENS_CHARACTER_CLASS_H_
#define FOVEA_CORE_TOKENS_CHARACTER_CLASS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fovea {

// Flags: a character has exactly one of them, and kCjk on top in the blocks named there.
inline constexpr uint32_t kUpper = 1;          // Lu, Lt
inline constexpr uint32_t kLower = 2;          // Ll
inline constexpr uint32_t kOtherLetter = 4;    // Lm, Lo
inline constexpr uint32_t kMark = 8;           // M
inline constexpr uint32_t kNumber = 16;        // N
inline constexpr uint32_t kSpace = 32;         // White_Space but for kNewline
inline constexpr uint32_t kNewline = 64;       // \r \n
inline constexpr uint32_t kPunctuation = 128;  // P
inline constexpr uint32_t kSymbol = 256;       // S
inline constexpr uint32_t kOther = 512;        // C
inline constexpr uint32_t kCjk = 1024;         // 一-龥, hiragana and katakana: U+3040 to U+30FF

inline constexpr uint32_t kLetter = kUpper | kLower | kOtherLetter;
inline constexpr uint32_t kWhite = kSpace | kNewline;

struct ClassifiedCharacter {
  uint32_t classes = 0;  // 0 at the end of the text
  uint32_t bytes = 0;
};

// The character at `at`, whose first byte is not ASCII. An ill-formed byte is kOther.
ClassifiedCharacter ClassifyBeyondAscii(std::string_view text, size_t at);

constexpr uint32_t AsciiClass(char c) {
  if (c >= 'a' && c <= 'z') return kLower;
  if (c >= 'A' && c <= 'Z') return kUpper;
  if (c >= '0' && c <= '9') return kNumber;
  if (c == '\r' || c == '\n') return kNewline;
  if (c == ' ' || (c >= '\t' && c <= '\f')) return kSpace;
  if (c < ' ' || c == 0x7F) return kOther;
  return std::string_view("$+<=>^`|~").find(c) != std::string_view::npos ? kSymbol : kPunctuation;
}

constexpr std::array<uint16_t, 128> MakeAsciiClasses() {
  std::array<uint16_t, 128> classes{};
  for (size_t c = 0; c < classes.size(); ++c) classes[c] = AsciiClass(static_cast<char>(c));
  return classes;
}
inline constexpr std::array<uint16_t, 128> kAsciiClasses = MakeAsciiClasses();

inline ClassifiedCharacter Classify(std::string_view text, size_t at) {
  if (at >= text.size()) return {};
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {.classes = kAsciiClasses[byte], .bytes = 1};
  return ClassifyBeyondAscii(text, at);
}

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_CHARACTER_CLASS_H_
