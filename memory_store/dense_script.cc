#include "memory_store/dense_script.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/utf8.h"

namespace fovea {
namespace {

// Inclusive, in order.
constexpr std::array<std::pair<char32_t, char32_t>, 20> kDense = {{
    {0x0E00, 0x0EFF},    // Thai, Lao
    {0x0F00, 0x0FFF},    // Tibetan
    {0x1000, 0x109F},    // Myanmar
    {0x1100, 0x11FF},    // Hangul letters
    {0x1780, 0x17FF},    // Khmer
    {0x1950, 0x19DF},    // Tai Le, New Tai Lue
    {0x1A20, 0x1AAF},    // Tai Tham
    {0x2E80, 0x2FDF},    // radicals
    {0x3005, 0x3007},    // iteration marks, zero
    {0x3021, 0x303B},    // numerals
    {0x3041, 0x31FF},    // kana, bopomofo, Hangul letters, strokes
    {0x3400, 0x4DBF},    // Han
    {0x4E00, 0x9FFF},    // Han
    {0xA9E0, 0xA9FF},    // Myanmar
    {0xAA60, 0xAADF},    // Myanmar, Tai Viet
    {0xAC00, 0xD7FF},    // Hangul
    {0xF900, 0xFAFF},    // Han
    {0xFF66, 0xFFDC},    // half-width kana and Hangul
    {0x1AFF0, 0x1B16F},  // kana supplements
    {0x20000, 0x3FFFF},  // Han
}};

size_t CharacterBytes(std::string_view text, size_t at) { return DecodeUtf8(text, at).length; }

// Takes the run's pairs and its last character.
bool CutRun(std::string_view run,
            absl::FunctionRef<bool(std::string_view piece, PieceKind kind)> take) {
  size_t at = 0;
  size_t length = CharacterBytes(run, 0);
  if (length == run.size()) return take(run, PieceKind::kSingle);
  while (at + length < run.size()) {
    const size_t next = CharacterBytes(run, at + length);
    if (!take(run.substr(at, length + next), PieceKind::kPair)) return false;
    at += length;
    length = next;
  }
  return take(run.substr(at), PieceKind::kLast);
}

}  // namespace

bool IsDense(char32_t code_point) {
  const auto* const range = std::find_if(kDense.begin(), kDense.end(), [&](const auto& candidate) {
    return code_point <= candidate.second;
  });
  return range != kDense.end() && code_point >= range->first;
}

bool HoldsDense(std::string_view utf8) {
  for (size_t at = 0; at < utf8.size();) {
    const DecodedCharacter character = DecodeUtf8(utf8, at);
    if (IsDense(character.code_point)) return true;
    at += character.length;
  }
  return false;
}

bool CutToken(std::string_view token,
              absl::FunctionRef<bool(std::string_view piece, PieceKind kind)> take) {
  size_t begin = 0;
  while (begin < token.size()) {
    const bool dense = IsDense(DecodeUtf8(token, begin).code_point);
    size_t end = begin;
    while (end < token.size()) {
      const DecodedCharacter character = DecodeUtf8(token, end);
      if (IsDense(character.code_point) != dense) break;
      end += character.length;
    }
    const std::string_view run = token.substr(begin, end - begin);
    if (!(dense ? CutRun(run, take) : take(run, PieceKind::kWord))) return false;
    begin = end;
  }
  return true;
}

}  // namespace fovea
