#include "core/tokens/spelled_bytes.h"

#include <cstddef>
#include <cstring>

#include "absl/strings/ascii.h"
#include "core/base/utf8.h"

namespace fovea {
namespace {

// What a byte is if it is no part of a longer character. Flags.
constexpr uint8_t kSpelled = 1;          // beyond ASCII, so shown as \xNN
constexpr uint8_t kCutsBehind = 2;       // a spelled byte behind it begins a piece
constexpr uint8_t kCutsBefore = 4;       // and one before it ends a piece
constexpr uint8_t kBeginsCharacter = 8;  // of several bytes, if the right ones follow (RFC 3629)
constexpr uint8_t kContinues = 16;

struct ByteShown {
  std::array<char, 4> spelling = {};
  uint8_t flags = 0;
};
using BytesShown = std::array<ByteShown, 256>;

uint8_t FlagsOf(unsigned char byte) {
  if (byte < 0x80) {
    if (absl::ascii_isalnum(byte)) return kCutsBehind;
    return byte == '\'' ? 0 : kCutsBefore;
  }
  if (byte >= 0xC2 && byte <= 0xF4) return kSpelled | kCutsBehind | kBeginsCharacter;
  return kSpelled | kCutsBehind | kCutsBefore | (byte < 0xC0 ? kContinues : 0);
}

BytesShown ShowBytes() {
  BytesShown shown;
  for (size_t byte = 0; byte < shown.size(); ++byte) {
    const std::string spelling = MakeWellFormed(std::string(1, static_cast<char>(byte)));
    spelling.copy(shown[byte].spelling.data(), shown[byte].spelling.size());
    shown[byte].flags = FlagsOf(static_cast<unsigned char>(byte));
  }
  return shown;
}

}  // namespace

TextAndTokens TakeOutSpelledBytes(std::string_view text,
                                  const std::array<uint8_t, 256>& spelled_tokens) {
  static const BytesShown kShown = ShowBytes();
  const auto shown_at = [&](size_t at) -> const ByteShown& {
    return kShown[at < text.size() ? static_cast<unsigned char>(text[at]) : '\''];
  };
  TextAndTokens result;
  std::array<char, 4096> gathered;
  size_t used = 0;
  size_t before = 0;  // the flags of the byte before
  for (size_t at = 0; at < text.size();) {
    if (used + sizeof(ByteShown::spelling) > gathered.size()) {
      result.text.append(gathered.data(), used);
      used = 0;
    }
    const ByteShown& shown = shown_at(at);
    const size_t flags = shown.flags;
    const size_t behind = shown_at(at + 1).flags;
    if ((flags & kBeginsCharacter) / kBeginsCharacter & (behind & kContinues) / kContinues) {
      const DecodedCharacter character = DecodeUtf8(text, at);
      if (character.well_formed) {
        used += text.copy(gathered.data() + used, character.length, at);
        at += character.length;
        before = 0;
        continue;
      }
    }
    // In noise nothing foretells which bytes are spelled, and which of those are taken out: so four
    // characters are written for each, and no branch is taken on how many of them stay.
    const size_t spelled = flags & kSpelled;
    const size_t taken = spelled & before / kCutsBehind & behind / kCutsBefore;
    std::memcpy(gathered.data() + used, shown.spelling.data(), sizeof(shown.spelling));
    used += (1 + 3 * spelled) * (1 - taken);
    result.tokens +=
        static_cast<int64_t>(taken) * spelled_tokens[static_cast<unsigned char>(text[at])];
    before = flags;
    ++at;
  }
  result.text.append(gathered.data(), used);
  return result;
}

}  // namespace fovea
