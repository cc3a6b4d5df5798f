#include "core/tokens/token_script.h"

#include <algorithm>
#include <array>

#include "core/base/utf8.h"

namespace fovea {
namespace {

using Kind = HighCharacter::Kind;

// In 1/256 token, upwards.
constexpr uint16_t Tokens(double tokens) { return static_cast<uint16_t>(tokens * 256) + 1; }

struct Block {
  char32_t last;  // its last code point; it begins after the block before
  Kind kind;
  uint16_t first;   // of a run
  uint16_t weight;  // of a character
};

constexpr Block Latin(char32_t last) { return {last, Kind::kLatin, 0, 0}; }
constexpr Block Symbol(char32_t last, double weight) {
  return {last, Kind::kSymbol, 0, Tokens(weight)};
}
constexpr Block Letter(char32_t last, double first, double weight) {
  return {last, Kind::kLetter, Tokens(first), Tokens(weight)};
}

// Letters of the twelve languages that the calibration has are fitted and rounded up; other scripts
// are set from sample sentences, and what has neither from the mean of its characters one by one.
constexpr std::array kBlocks = {
    Symbol(0x00BF, 1.05),         // ° · « »
    Latin(0x036F),                // with combining accents
    Letter(0x03FF, 0.12, 0.4),    // Greek
    Letter(0x052F, 0.75, 0.195),  // Cyrillic
    Letter(0x058F, 0.3, 0.42),    // Armenian
    Letter(0x05FF, 0.3, 0.42),    // Hebrew
    Letter(0x07FF, 0.35, 0.3),    // Arabic
    Letter(0x08FF, 0.3, 1.5),     //
    Letter(0x097F, 0.28, 0.345),  // Devanagari
    Letter(0x0DFF, 0.3, 0.42),    // Bengali to Sinhala
    Letter(0x0E7F, 0.38, 0.44),   // Thai
    Letter(0x0FFF, 0.3, 2.0),     // Lao, Tibetan
    Letter(0x109F, 0.3, 0.6),     // Burmese
    Letter(0x10FF, 0.3, 0.45),    // Georgian
    Letter(0x177F, 0.3, 3.0),     // Ethiopic, Cherokee and others
    Letter(0x17FF, 0.3, 0.65),    // Khmer
    Letter(0x1DFF, 0.3, 3.0),     //
    Latin(0x1EFF),                // Vietnamese
    Letter(0x1FFF, 0.3, 1.5),     // Greek with accents
    Symbol(0x206F, 1.1),          // dashes, quotes, spaces, ellipsis
    Symbol(0x218F, 2.0),          // currency, letterlike
    Symbol(0x21FF, 1.5),          // arrows
    Symbol(0x23FF, 3.0),          // mathematics, technical
    Symbol(0x24FF, 2.0),          //
    Symbol(0x257F, 1.15),         // box drawing
    Symbol(0x27BF, 2.1),          // blocks, shapes, dingbats
    Symbol(0x2BFF, 3.0),          // Braille, more arrows
    Letter(0x2FFF, 0.3, 3.0),     //
    Symbol(0x303F, 1.05),         // punctuation of Chinese and Japanese
    Letter(0x30FF, 0.4, 0.85),    // Kana
    Letter(0x33FF, 0.3, 2.5),     //
    Letter(0x4DBF, 0.3, 3.0),     // rare Han
    Letter(0x9FFF, 0.4, 0.83),    // Han
    Letter(0xABFF, 0.3, 3.0),     //
    Letter(0xD7FF, 0.3, 0.6),     // Hangul
    Symbol(0xFAFF, 2.8),          // private use
    Letter(0xFDFF, 0.3, 2.5),     // Arabic forms
    Symbol(0xFFFF, 1.2),          // variation selectors, full-width punctuation, U+FFFD
    Letter(0x1EFFF, 0.3, 3.8),    // historic scripts, styled letters
    Symbol(0x1FAFF, 2.5),         // emoji
    Letter(0x3FFFF, 0.3, 3.8),    // rarer Han
    Symbol(0x10FFFF, 3.8),
};

constexpr char32_t kPlane = 0x10000;

// Blocks of the first plane begin at multiples of 16.
constexpr std::array<uint8_t, kPlane / 16> MakeIndex() {
  std::array<uint8_t, kPlane / 16> index{};
  uint8_t block = 0;
  for (char32_t i = 0; i < index.size(); ++i) {
    while (kBlocks[block].last < i * 16) ++block;
    index[i] = block;
  }
  return index;
}
constexpr std::array<uint8_t, kPlane / 16> kIndex = MakeIndex();

const Block& BlockOf(char32_t code_point) {
  if (code_point < kPlane) return kBlocks[kIndex[code_point / 16]];
  return *std::ranges::lower_bound(kBlocks, code_point, {}, &Block::last);
}

bool Folds(char32_t code_point) {
  return code_point == 0x2500 || code_point == 0x2501 || code_point == 0x2550 ||
         code_point == 0x2014 || code_point == 0x2588 || code_point == 0xFFFD;
}

}  // namespace

HighCharacter ClassifyHigh(std::string_view text, size_t at) {
  const DecodedCharacter decoded = DecodeUtf8(text, at);
  HighCharacter high = {.bytes = decoded.length};
  if (!decoded.well_formed) {
    high.weight = Tokens(1.05);
    return high;
  }
  const Block& block = BlockOf(decoded.code_point);
  high.kind = block.kind;
  high.eastern = decoded.code_point >= 0x100;
  high.folds = Folds(decoded.code_point);
  high.first = block.first;
  high.weight = block.weight;
  return high;
}

}  // namespace fovea
