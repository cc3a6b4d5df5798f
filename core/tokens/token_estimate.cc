#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/tokens/token_counter.h"
#include "core/tokens/token_script.h"
#include "core/tokens/token_weights.h"

namespace fovea {
namespace {

enum class Class : uint8_t { kLower, kUpper, kDigit, kSpace, kNewline, kMark, kControl, kHigh };

constexpr std::array<Class, 256> MakeClasses() {
  std::array<Class, 256> classes{};
  for (size_t c = 0; c < 256; ++c) classes[c] = c < 0x80 ? Class::kMark : Class::kHigh;
  for (size_t c = 0; c < ' '; ++c) classes[c] = Class::kControl;
  classes[0x7F] = Class::kControl;
  for (size_t c = 'a'; c <= 'z'; ++c) classes[c] = Class::kLower;
  for (size_t c = 'A'; c <= 'Z'; ++c) classes[c] = Class::kUpper;
  for (size_t c = '0'; c <= '9'; ++c) classes[c] = Class::kDigit;
  for (const unsigned char c : {' ', '\t', '\v', '\f'}) classes[c] = Class::kSpace;
  for (const unsigned char c : {'\n', '\r'}) classes[c] = Class::kNewline;
  return classes;
}
constexpr std::array<Class, 256> kClasses = MakeClasses();

constexpr uint64_t kToken = 256;
// On top of what is fitted: a share for histories unlike the mean, and what the sum of so many
// pieces may differ from its mean by chance.
constexpr double kMargin = 1.065;
constexpr double kSpread = 0.7;
constexpr uint64_t kFoldedToken = 96;  // a repeated ─ or ═
constexpr size_t kOtherLetter = kLetters - 1;

size_t LetterOf(char c) { return (static_cast<unsigned char>(c) | 0x20U) - 'a'; }

// Cuts text as o200k_base does before it merges bytes, and adds up what such pieces cost on
// average: words (with the character before them), digits by threes, runs of marks with the
// newlines behind them, and white space.
class Estimator {
 public:
  explicit Estimator(std::string_view text) : text_(text) {}

  uint64_t Run() {
    while (at_ < text_.size()) Piece();
    return sum_;
  }

 private:
  // Rows of kWordTokens.
  enum Lead : uint8_t {
    kNoLead,
    kSpaceLead,
    kDotLead,
    kLowLineLead,
    kSlashLead,
    kDashLead,
    kBracketLead,
    kOtherLead
  };

  struct LatinWord {
    size_t length = 0;
    size_t capitals = 0;
    size_t cuts = 0;
    size_t before = kLetters;  // the letter before; at first the row that is all 0
  };

  static Lead LeadOf(char c);
  Class ClassAt(size_t at) const { return kClasses[static_cast<unsigned char>(text_[at])]; }
  static bool IsAsciiLetter(Class c) { return c == Class::kLower || c == Class::kUpper; }

  void Piece();
  void HighPiece(Lead lead);
  void Word(Lead lead);
  void Letters(Lead lead);
  void Digits();
  void Marks();
  void Space();
  void AfterLead();
  bool WordBegins(size_t at) const;
  size_t ContractionBytes() const;
  void Take(size_t letter, size_t bytes, LatinWord* word);
  void TakeSmall(LatinWord* word);
  void AddWord(Lead lead, const LatinWord& word);

  const std::string_view text_;
  size_t at_ = 0;
  uint64_t sum_ = 0;    // in 1/256 token
  size_t western_ = 0;  // words that may still be of another language, with letters below U+0100
  size_t eastern_ = 0;  // or above
};

Estimator::Lead Estimator::LeadOf(char c) {
  switch (c) {
    case ' ':
      return kSpaceLead;
    case '.':
      return kDotLead;
    case '_':
      return kLowLineLead;
    case '/':
      return kSlashLead;
    case '-':
      return kDashLead;
    case '(':
      return kBracketLead;
    default:
      return kOtherLead;
  }
}

void Estimator::Piece() {
  // Most words come after one space.
  if (text_[at_] == ' ' && at_ + 1 < text_.size() && IsAsciiLetter(ClassAt(at_ + 1))) {
    ++at_;
    return Word(kSpaceLead);
  }
  switch (ClassAt(at_)) {
    case Class::kLower:
    case Class::kUpper:
      return Word(kNoLead);
    case Class::kDigit:
      return Digits();
    case Class::kSpace:
    case Class::kNewline:
      return Space();
    case Class::kMark:
      if (at_ + 1 < text_.size() && IsAsciiLetter(ClassAt(at_ + 1))) {
        ++at_;
        return Word(LeadOf(text_[at_ - 1]));
      }
      return Marks();
    case Class::kControl:
      return Marks();
    case Class::kHigh:
      return HighPiece(kNoLead);
  }
}

void Estimator::HighPiece(Lead lead) {
  switch (ClassifyHigh(text_, at_).kind) {
    case HighCharacter::Kind::kLatin:
      return Word(lead);
    case HighCharacter::Kind::kLetter:
      return Letters(lead);
    case HighCharacter::Kind::kSymbol:
      return Marks();
  }
}

// 's, 't, 'm, 'd, 're, 've or 'll at the place, in either case; else 0.
size_t Estimator::ContractionBytes() const {
  const std::string_view rest = text_.substr(at_, 3);
  if (rest.size() < 2 || rest[0] != '\'') return 0;
  const char first = static_cast<char>(rest[1] | 0x20);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if (rest.size() < 3) return 0;
  const char second = static_cast<char>(rest[2] | 0x20);
  const bool two =
      ((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l');
  return two ? 3 : 0;
}

// A word in camel case is cut before each capital that follows a small letter.
void Estimator::Word(Lead lead) {
  LatinWord word;
  while (at_ < text_.size() && ClassAt(at_) == Class::kUpper) {
    ++word.capitals;
    Take(LetterOf(text_[at_]), 1, &word);
  }
  TakeSmall(&word);
  if (at_ < text_.size() && text_[at_] == '\'') {
    for (size_t bytes = ContractionBytes(); bytes > 0; --bytes) {
      Take(text_[at_] == '\'' ? kOtherLetter : LetterOf(text_[at_]), 1, &word);
    }
  }
  AddWord(lead, word);
}

void Estimator::Take(size_t letter, size_t bytes, LatinWord* word) {
  word->cuts += kLetterCuts[word->before * kLetters + letter];
  word->before = letter;
  ++word->length;
  at_ += bytes;
}

void Estimator::TakeSmall(LatinWord* word) {
  while (at_ < text_.size()) {
    const Class c = ClassAt(at_);
    if (c == Class::kLower) {
      Take(LetterOf(text_[at_]), 1, word);
    } else if (c == Class::kHigh) {
      const HighCharacter high = ClassifyHigh(text_, at_);
      if (high.kind != HighCharacter::Kind::kLatin) return;
      (high.eastern ? eastern_ : western_) = kForeignWords + 1;
      Take(kOtherLetter, high.bytes, word);
    } else {
      return;
    }
  }
}

void Estimator::AddWord(Lead lead, const LatinWord& word) {
  const size_t pairs = word.length - 1;
  size_t bucket = 0;
  for (const uint16_t limit : kCutLimits) bucket += word.cuts >= limit ? 1 : 0;
  if (western_ > 0) --western_;
  if (eastern_ > 0) --eastern_;
  if (word.length > kMaxWordLength) {
    sum_ += word.length * kLongWordTokens[bucket];
    return;
  }
  if (western_ > 0 || eastern_ > 0) {
    const size_t letters = eastern_ > 0 ? kWordLeads : 0;
    const size_t row = (letters + lead) * kMaxWordLength + pairs;
    sum_ += kForeignWordTokens[row * kCutBuckets + bucket];
    return;
  }
  size_t kind = word.capitals == 0 ? 0 : 3;
  if (word.capitals == word.length) kind = 2;
  if (word.capitals == 1 && word.length > 1) kind = 1;
  const size_t row = (lead * kWordCases + kind) * kMaxWordLength + pairs;
  sum_ += kWordTokens[row * kCutBuckets + bucket];
}

void Estimator::Letters(Lead lead) {
  if (lead > kSpaceLead) sum_ += kToken;
  bool first = true;
  while (at_ < text_.size() && ClassAt(at_) == Class::kHigh) {
    const HighCharacter high = ClassifyHigh(text_, at_);
    if (high.kind != HighCharacter::Kind::kLetter) return;
    sum_ += high.weight + (first ? high.first : 0);
    first = false;
    at_ += high.bytes;
  }
}

void Estimator::Digits() {
  const size_t begin = at_;
  while (at_ < text_.size() && ClassAt(at_) == Class::kDigit) ++at_;
  sum_ += (at_ - begin + 2) / 3 * kToken;
}

void Estimator::Marks() {
  size_t marks = 0;
  char mark = '\0';
  bool alike = true;
  std::string_view symbol;
  for (; at_ < text_.size();) {
    const Class c = ClassAt(at_);
    if (c == Class::kMark) {
      alike = alike && (marks == 0 || text_[at_] == mark);
      mark = text_[at_];
      ++marks;
      ++at_;
    } else if (c == Class::kControl) {
      // A token of its own, and so is the space before it.
      sum_ += at_ > 0 && text_[at_ - 1] == ' ' ? 2 * kToken : kToken;
      ++at_;
    } else if (c == Class::kHigh) {
      const HighCharacter high = ClassifyHigh(text_, at_);
      if (high.kind != HighCharacter::Kind::kSymbol) break;
      const std::string_view next = text_.substr(at_, high.bytes);
      sum_ += high.folds && next == symbol ? kFoldedToken : high.weight;
      symbol = next;
      at_ += high.bytes;
    } else {
      break;
    }
  }
  while (at_ < text_.size() && ClassAt(at_) == Class::kNewline) ++at_;
  if (marks == 0) return;
  const size_t row = alike ? 0 : 1;
  sum_ +=
      marks > kMaxMarks ? marks * kLongMarkTokens[row] : kMarkTokens[row * kMaxMarks + marks - 1];
}

bool Estimator::WordBegins(size_t at) const {
  const Class c = ClassAt(at);
  return IsAsciiLetter(c) ||
         (c == Class::kHigh && ClassifyHigh(text_, at).kind != HighCharacter::Kind::kSymbol);
}

// White space up to its last newline is one piece, what follows but for the last space another, and
// that space goes with the word or the marks behind it.
void Estimator::Space() {
  const size_t begin = at_;
  size_t after_newline = at_;
  for (; at_ < text_.size(); ++at_) {
    const Class c = ClassAt(at_);
    if (c == Class::kNewline) {
      after_newline = at_ + 1;
    } else if (c != Class::kSpace) {
      break;
    }
  }
  if (const size_t lines = after_newline - begin; lines > 0) {
    sum_ += (lines <= 4 ? kToken : 2 * kToken) + lines / 16 * kToken;
  }
  const size_t spaces = at_ - after_newline;
  if (spaces == 0) return;
  const size_t alone = at_ == text_.size() ? spaces : spaces - 1;
  if (alone > 0) sum_ += kToken + alone / 16 * (kToken / 4);
  if (alone < spaces) AfterLead();
}

// With one space before the place, and something that is no space at it.
void Estimator::AfterLead() {
  const bool blank = text_[at_ - 1] == ' ';
  if (WordBegins(at_)) {
    const Lead lead = LeadOf(text_[at_ - 1]);
    if (ClassAt(at_) == Class::kHigh) return HighPiece(lead);
    return Word(lead);
  }
  const bool joins_marks = blank && ClassAt(at_) != Class::kDigit;
  if (!joins_marks) sum_ += kToken;
}

}  // namespace

int64_t EstimateTokens(std::string_view text) {
  const auto fitted = static_cast<double>(Estimator(text).Run()) / kToken;
  return static_cast<int64_t>(std::ceil(fitted * kMargin + kSpread * std::sqrt(fitted)));
}

}  // namespace fovea
