#include "core/tokens/pretokenizer.h"

#include <algorithm>

#include "core/tokens/character_class.h"

namespace fovea {
namespace {

constexpr uint32_t kMarks = kMark | kPunctuation | kSymbol | kOther;  // [^\s\p{L}\p{N}]
constexpr uint32_t kCapitals = kUpper | kOtherLetter | kMark;  // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
constexpr uint32_t kSmalls = kLower | kOtherLetter | kMark;    // [\p{Ll}\p{Lm}\p{Lo}\p{M}]

bool Has(ClassifiedCharacter character, uint32_t classes) {
  return (character.classes & classes) != 0;
}

// The end of the run of such characters from `at` on.
size_t SkipRun(std::string_view text, size_t at, uint32_t classes) {
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      if ((kAsciiClasses[byte] & classes) == 0) break;
      ++at;
    } else {
      const ClassifiedCharacter c = ClassifyBeyondAscii(text, at);
      if (!Has(c, classes)) break;
      at += c.bytes;
    }
  }
  return at;
}

size_t SkipNumbers(std::string_view text, size_t at, int most) {
  for (int i = 0; i < most; ++i) {
    const ClassifiedCharacter c = Classify(text, at);
    if (!Has(c, kNumber)) break;
    at += c.bytes;
  }
  return at;
}

char LowerAt(std::string_view text, size_t at) {
  const char c = at < text.size() ? text[at] : '\0';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// The bytes at `at` that (?i:'s|'t|'re|'ve|'m|'ll|'d) matches, or 0. Case-insensitively, ſ is an s.
size_t ContractionBytes(std::string_view text, size_t at) {
  if (at >= text.size() || text[at] != '\'') return 0;
  switch (LowerAt(text, at + 1)) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 2;
    case 'r':
    case 'v':
      return LowerAt(text, at + 2) == 'e' ? 3 : 0;
    case 'l':
      return LowerAt(text, at + 2) == 'l' ? 3 : 0;
    default:
      return text.substr(at + 1).starts_with("\u017F") ? 3 : 0;
  }
}

// A run of white space before what comes next.
struct WhiteRun {
  size_t end = 0;
  size_t last = 0;          // where its last character starts
  size_t newlines_end = 0;  // after its last newline, or 0
};

WhiteRun MeasureWhite(std::string_view text, size_t at) {
  WhiteRun run{.end = at, .last = at};
  for (ClassifiedCharacter c = Classify(text, at); Has(c, kWhite); c = Classify(text, run.end)) {
    run.last = run.end;
    run.end += c.bytes;
    if (Has(c, kNewline)) run.newlines_end = run.end;
  }
  return run;
}

// \s*[\r\n]+|\s+(?!\S)|\s+ where white space stands at `at`; `closed` if the text, or what of it
// the pattern sees, ends with the run.
size_t WhiteEnd(const WhiteRun& run, size_t at, bool closed) {
  if (run.newlines_end > 0) return run.newlines_end;
  return closed || run.last == at ? run.end : run.last;
}

struct ClassicRules {
  int digits = 3;
  bool trailing_white_is_whole = false;  // \s++$ before \s*[\r\n]
};

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|
// \s*[\r\n]+|\s+(?!\S)|\s+
template <ClassicRules kRules>
size_t ClassicEnd(std::string_view text, size_t at) {
  const ClassifiedCharacter c = Classify(text, at);
  if (Has(c, kLetter)) return SkipRun(text, at + c.bytes, kLetter);
  if (Has(c, kNumber)) return SkipNumbers(text, at, kRules.digits);
  if (const size_t bytes = ContractionBytes(text, at); bytes > 0) return at + bytes;
  const size_t next = at + c.bytes;
  const ClassifiedCharacter after = Classify(text, next);
  if (!Has(c, kNewline) && Has(after, kLetter)) return SkipRun(text, next, kLetter);
  if (Has(c, kMarks) || (text[at] == ' ' && Has(after, kMarks))) {
    return SkipRun(text, SkipRun(text, next, kMarks), kNewline);
  }
  const WhiteRun run = MeasureWhite(text, at);
  const bool closed = run.end == text.size();
  if (kRules.trailing_white_is_whole && closed) return run.end;
  return WhiteEnd(run, at, closed);
}

struct O200kRules {
  int digits = 3;
  bool contractions = true;
};

// Where a word of o200k's first two alternatives ends that starts at `at` without a character
// before it; `at` if there is none.
struct WordEnds {
  size_t mixed = 0;     // capitals* smalls+
  size_t capitals = 0;  // capitals+ smalls*, where mixed finds nothing
};

WordEnds MeasureWord(std::string_view text, size_t at) {
  size_t end = at;
  // Letters without case and marks are capitals and smalls at once. Where no small letter follows
  // the capitals, the last of those is what is left for smalls+.
  size_t caseless_end = at;
  ClassifiedCharacter c = Classify(text, end);
  for (; Has(c, kCapitals); c = Classify(text, end)) {
    end += c.bytes;
    if (Has(c, kSmalls)) caseless_end = end;
  }
  if (Has(c, kSmalls)) return {.mixed = SkipRun(text, end + c.bytes, kSmalls), .capitals = at};
  return {.mixed = caseless_end, .capitals = end};
}

// [^\r\n\p{L}\p{N}]?capitals*smalls+contraction?|[^\r\n\p{L}\p{N}]?capitals+smalls*contraction?;
// `at` if neither matches. Marks may stand for the character before the word or belong to it.
size_t O200kWordEnd(std::string_view text, size_t at, ClassifiedCharacter c) {
  if (Has(c, kLower)) return SkipRun(text, at + c.bytes, kSmalls);
  size_t led_capitals = at;
  if (!Has(c, kLetter | kNewline)) {
    const size_t next = at + c.bytes;
    const ClassifiedCharacter after = Classify(text, next);
    if (Has(after, kLower)) return SkipRun(text, next + after.bytes, kSmalls);
    if (Has(after, kCapitals)) {
      const WordEnds led = MeasureWord(text, next);
      if (led.mixed > next) return led.mixed;
      led_capitals = led.capitals;
    }
    if (!Has(c, kMark)) return led_capitals;
  }
  const WordEnds bare = MeasureWord(text, at);
  if (bare.mixed > at) return bare.mixed;
  return led_capitals > at ? led_capitals : bare.capitals;
}

// The words above|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <O200kRules kRules>
size_t O200kEnd(std::string_view text, size_t at) {
  const ClassifiedCharacter c = Classify(text, at);
  if (Has(c, kNumber)) return SkipNumbers(text, at, kRules.digits);
  if (const size_t end = O200kWordEnd(text, at, c); end > at) {
    return kRules.contractions ? end + ContractionBytes(text, end) : end;
  }
  const size_t next = at + c.bytes;
  if (Has(c, kMarks) || (text[at] == ' ' && Has(Classify(text, next), kMarks))) {
    size_t end = SkipRun(text, next, kMarks);
    while (end < text.size() && (text[end] == '\r' || text[end] == '\n' || text[end] == '/')) ++end;
    return end;
  }
  const WhiteRun run = MeasureWhite(text, at);
  return WhiteEnd(run, at, run.end == text.size());
}

bool IsAsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// DeepSeek cuts out \p{N}{1,3}, then runs of kCjk, and matches the rest of the pattern within what
// lies between cuts, where it finds its ends.
class DeepSeekSegment {
 public:
  DeepSeekSegment(std::string_view text, uint32_t classes) : text_(text), cjk_(classes & kCjk) {}

  // What is outside reads as the end of the text.
  ClassifiedCharacter At(size_t at) const {
    const ClassifiedCharacter c = Classify(text_, at);
    return Has(c, kNumber) || (c.classes & kCjk) != cjk_ ? ClassifiedCharacter{} : c;
  }

  size_t Skip(size_t at, uint32_t classes) const {
    for (ClassifiedCharacter c = At(at); Has(c, classes); c = At(at)) at += c.bytes;
    return at;
  }

  // The end of what nothing matches: control and unassigned characters, up to one that may stand
  // before a word.
  size_t SkipUnmatched(size_t at) const {
    for (ClassifiedCharacter c = At(at); Has(c, kOther); c = At(at)) {
      if (Has(At(at + c.bytes), kLetter | kMark)) break;
      at += c.bytes;
    }
    return at;
  }

 private:
  const std::string_view text_;
  const uint32_t cjk_;
};

// [!-/:-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|
// \s*[\r\n]+|\s+(?!\S)|\s+ with [!-/:-~] for ASCII's punctuation and symbols.
size_t DeepSeekEnd(std::string_view text, size_t at) {
  constexpr uint32_t kWord = kLetter | kMark;
  constexpr uint32_t kSigns = kPunctuation | kSymbol;
  const ClassifiedCharacter c = Classify(text, at);
  if (Has(c, kNumber)) return SkipNumbers(text, at, 3);
  const DeepSeekSegment segment(text, c.classes);
  const size_t next = at + c.bytes;
  const bool ascii_sign = Has(c, kSigns) && c.bytes == 1;
  if (ascii_sign && next < text.size() && IsAsciiLetter(text[next])) {
    return std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(next), text.end(),
                            IsAsciiLetter) -
           text.begin();
  }
  const ClassifiedCharacter after = segment.At(next);
  if (Has(c, kWord) || (!Has(c, kSigns | kNewline) && Has(after, kWord))) {
    return segment.Skip(next, kWord);
  }
  if (Has(c, kSigns) || (text[at] == ' ' && Has(after, kSigns))) {
    return segment.Skip(segment.Skip(next, kSigns), kNewline);
  }
  if (Has(c, kOther)) return segment.SkipUnmatched(next);
  const WhiteRun run = MeasureWhite(text, at);
  return WhiteEnd(run, at, segment.At(run.end).bytes == 0);
}

template <size_t (*kPieceEnd)(std::string_view, size_t)>
size_t FillEnds(std::string_view text, size_t at, absl::Span<size_t> ends) {
  size_t pieces = 0;
  for (; pieces < ends.size() && at < text.size(); ++pieces)
    ends[pieces] = at = kPieceEnd(text, at);
  return pieces;
}

}  // namespace

const char* SplitPatternName(SplitPattern pattern) {
  switch (pattern) {
    case SplitPattern::kCl100k:
      return "cl100k";
    case SplitPattern::kLlama3:
      return "llama3";
    case SplitPattern::kQwen2:
      return "qwen2";
    case SplitPattern::kO200k:
      return "o200k";
    case SplitPattern::kTekken:
      return "tekken";
    case SplitPattern::kDeepSeek3:
      return "deepseek3";
  }
  return "";
}

size_t PieceEnds(SplitPattern pattern, std::string_view text, size_t at, absl::Span<size_t> ends) {
  switch (pattern) {
    case SplitPattern::kCl100k:
      return FillEnds<ClassicEnd<ClassicRules{.trailing_white_is_whole = true}>>(text, at, ends);
    case SplitPattern::kLlama3:
      return FillEnds<ClassicEnd<ClassicRules{}>>(text, at, ends);
    case SplitPattern::kQwen2:
      return FillEnds<ClassicEnd<ClassicRules{.digits = 1}>>(text, at, ends);
    case SplitPattern::kO200k:
      return FillEnds<O200kEnd<O200kRules{}>>(text, at, ends);
    case SplitPattern::kTekken:
      return FillEnds<O200kEnd<O200kRules{.digits = 1, .contractions = false}>>(text, at, ends);
    case SplitPattern::kDeepSeek3:
      return FillEnds<DeepSeekEnd>(text, at, ends);
  }
  return 0;
}

}  // namespace fovea
