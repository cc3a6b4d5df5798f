#include "core/tokens/token_estimate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/types/span.h"
#include "core/base/utf8.h"
#include "core/tokens/known_tokens.h"
#include "core/tokens/pretokenizer.h"
#include "core/tokens/spelled_bytes.h"
#include "core/tokens/token_counter.h"

namespace fovea {
namespace {

// On top of the sum: what the sum of many pieces may differ by chance.
constexpr double kSpread = 0.3;
// A piece that repeats itself, as rulers and closing brackets do, has up to half as many tokens
// more than the search finds: byte-pair encoding merges what is frequent elsewhere, wherever it
// stands in the loop.
constexpr size_t kLongestLoop = 16;
constexpr size_t kMinLoops = 3;

struct Family {
  uint8_t bit;  // in kKnownTokens
  SplitPattern split;
  // On top of the sum: byte-pair encoding does not find the fewest tokens that spell a piece, and
  // the search here may find fewer than it. The least that holds for the texts of the calibration.
  double margin;
};
constexpr std::array kFamilies = {
    Family{1, SplitPattern::kO200k, 1.07},      // TokenFamily::kO200k
    Family{2, SplitPattern::kCl100k, 1.09},     // TokenFamily::kCl100k
    Family{4, SplitPattern::kQwen2, 1.09},      // TokenFamily::kQwen
    Family{8, SplitPattern::kDeepSeek3, 1.09},  // TokenFamily::kDeepSeek
    Family{16, SplitPattern::kLlama3, 1.09},    // TokenFamily::kLlama3
    Family{32, SplitPattern::kTekken, 1.08}};   // TokenFamily::kTekken

uint64_t Extend(uint64_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * kTokenHashFactor;
}

// The known tokens by hash. Thread-safe: immutable once made.
class KnownTokens {
 public:
  KnownTokens() {
    std::string packed;
    // The text is this program's own.
    absl::Base64Unescape(kKnownTokens, &packed);
    slots_.resize(std::bit_ceil(packed.size() / kKnownTokenBytes * 2));
    for (size_t at = 0; at < packed.size(); at += kKnownTokenBytes) {
      uint64_t entry = 0;
      for (size_t i = 0; i < kKnownTokenBytes; ++i) {
        entry = entry << 8 | static_cast<unsigned char>(packed[at + i]);
      }
      size_t slot = SlotOf(entry >> 8);
      while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = entry | kTaken;
    }
  }

  // The vocabularies that have the string with this hash, kTaken among them if it is the beginning
  // of one at least; 0 if it is unknown.
  uint8_t Find(uint64_t hash) const {
    const uint64_t key = hash >> 32;
    for (size_t slot = SlotOf(key);; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == 0) return 0;
      if (slots_[slot] >> 8 == key) return static_cast<uint8_t>(slots_[slot]);
    }
  }

 private:
  static constexpr uint8_t kTaken = 0x80;
  size_t SlotOf(uint64_t key) const { return key & (slots_.size() - 1); }

  std::vector<uint64_t> slots_;
};

const KnownTokens& Known() {
  static const auto* const known = new KnownTokens();
  return *known;
}

// Bytes of the longest known token of the family that the text begins with.
size_t LongestToken(const KnownTokens& known, uint8_t bit, std::string_view text) {
  size_t longest = 1;
  uint64_t hash = Extend(0, text[0]);
  const size_t most = std::min(text.size(), kMaxKnownTokenBytes);
  for (size_t bytes = 2; bytes <= most; ++bytes) {
    hash = Extend(hash, text[bytes - 1]);
    const uint8_t found = known.Find(hash);
    if (found == 0) break;
    if ((found & bit) != 0) longest = bytes;
  }
  return longest;
}

// Whether the piece is a short string three times and more, but for what may stand before it and
// for the newlines behind it.
bool Loops(std::string_view piece) {
  piece = piece.substr(0, piece.find_last_not_of("\r\n") + 1);
  for (const std::string_view loop : {piece, piece.substr(std::min<size_t>(1, piece.size()))}) {
    const size_t longest = std::min(kLongestLoop, loop.size() / kMinLoops);
    for (size_t length = 1; length <= longest; ++length) {
      if (loop.substr(length) == loop.substr(0, loop.size() - length)) return true;
    }
  }
  return false;
}

int64_t CountPiece(const KnownTokens& known, uint8_t bit, std::string_view piece) {
  // Most pieces are one token.
  if (piece.size() <= kMaxKnownTokenBytes) {
    uint64_t hash = 0;
    for (const char c : piece) hash = Extend(hash, c);
    if (piece.size() == 1 || (known.Find(hash) & bit) != 0) return 1;
  }
  int64_t tokens = 0;
  for (std::string_view rest = piece; !rest.empty(); ++tokens) {
    rest.remove_prefix(LongestToken(known, bit, rest));
  }
  return tokens > 2 && Loops(piece) ? tokens + tokens / 2 : tokens;
}

int64_t CountWellFormed(const Family& family, std::string_view text) {
  const KnownTokens& known = Known();
  int64_t tokens = 0;
  std::array<size_t, 256> ends;  // in batches: one call for each costs more than a short piece
  for (size_t at = 0; at < text.size();) {
    const size_t pieces = PieceEnds(family.split, text, at, absl::MakeSpan(ends));
    for (const size_t end : absl::MakeSpan(ends).first(pieces)) {
      tokens += CountPiece(known, family.bit, text.substr(at, end - at));
      at = end;
    }
  }
  return tokens;
}

std::array<uint8_t, 256> SpelledTokens(const Family& family) {
  std::array<uint8_t, 256> tokens = {};
  for (size_t byte = 0x80; byte < tokens.size(); ++byte) {
    const std::string spelled = MakeWellFormed(std::string(1, static_cast<char>(byte)));
    tokens[byte] = static_cast<uint8_t>(CountWellFormed(family, spelled));
  }
  return tokens;
}

int64_t CountAny(const Family& family, std::string_view text) {
  if (IsWellFormedUtf8(text)) return CountWellFormed(family, text);
  const auto [rest, tokens] = TakeOutSpelledBytes(text, SpelledTokens(family));
  return tokens + CountWellFormed(family, rest);
}

}  // namespace

TokenFamily TokenFamilyOf(std::string_view vocabulary) {
  static constexpr std::array<std::string_view, kFamilies.size()> kNames = {
      "o200k_base", "cl100k_base", "qwen", "deepseek", "llama3", "tekken"};
  const auto* const found = std::ranges::find(kNames, vocabulary);
  return found == kNames.end() ? TokenFamily::kO200k
                               : static_cast<TokenFamily>(found - kNames.begin());
}

int64_t EstimateTokens(std::string_view text, TokenFamily of) {
  const Family& family = kFamilies[static_cast<size_t>(of)];
  const auto counted = static_cast<double>(CountAny(family, text));
  return static_cast<int64_t>(std::ceil(counted * family.margin + kSpread * std::sqrt(counted)));
}

int64_t EstimateTokens(std::string_view text) { return EstimateTokens(text, TokenFamily::kO200k); }

}  // namespace fovea
