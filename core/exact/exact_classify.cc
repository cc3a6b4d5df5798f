#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/exact/exact_scan.h"

namespace fovea {
namespace {

using Kind = ExactString::Kind;

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// What a word consists of.
struct Shape {
  size_t digits = 0;
  size_t upper = 0;
  size_t lower = 0;
  size_t other_letters = 0;  // bytes of other scripts' letters
  size_t slashes = 0;
  size_t separators = 0;     // . , : - +
  size_t digit_borders = 0;  // between a letter and a digit
  size_t case_borders = 0;   // between a small and a capital letter, either way
  size_t letters() const { return upper + lower + other_letters; }
};

// A byte each of what Shape counts, in its order: no word that is looked at has 256 characters.
constexpr uint64_t kOne[] = {1,          1ULL << 8,  1ULL << 16, 1ULL << 24,
                             1ULL << 32, 1ULL << 40, 1ULL << 48, 1ULL << 56};
static_assert(kMaxExactBytes < 256);
enum ByteKind : uint8_t { kOther = 0, kDigit = 1, kCapital = 2, kSmall = 3 };

struct ByteShapes {
  std::array<uint64_t, 256> counts{};
  std::array<uint8_t, 256> kinds{};
  std::array<std::array<uint64_t, 4>, 4> borders{};  // by the kinds before and behind
};

constexpr ByteShapes MakeByteShapes() {
  ByteShapes shapes;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool slash = c == '/' || c == '\\';
    const bool separator = c == '.' || c == ',' || c == ':' || c == '-' || c == '+';
    shapes.kinds[byte] = IsDigit(c) ? kDigit : IsUpper(c) ? kCapital : IsLower(c) ? kSmall : kOther;
    shapes.counts[byte] = (IsDigit(c) ? kOne[0] : 0) + (IsUpper(c) ? kOne[1] : 0) +
                          (IsLower(c) ? kOne[2] : 0) + (byte >= 0x80 ? kOne[3] : 0) +
                          (slash ? kOne[4] : 0) + (separator ? kOne[5] : 0);
  }
  for (const uint8_t letter : {kCapital, kSmall}) {
    shapes.borders[kDigit][letter] = shapes.borders[letter][kDigit] = kOne[6];
  }
  shapes.borders[kCapital][kSmall] = shapes.borders[kSmall][kCapital] = kOne[7];
  return shapes;
}
constexpr ByteShapes kByteShapes = MakeByteShapes();

Shape ShapeOf(std::string_view word) {
  uint64_t counts = 0;
  uint8_t before = kOther;
  for (const char c : word) {
    const auto byte = static_cast<uint8_t>(c);
    const uint8_t kind = kByteShapes.kinds[byte];
    counts += kByteShapes.counts[byte] + kByteShapes.borders[before][kind];
    before = kind;
  }
  const auto count = [counts](int which) { return counts >> (8 * which) & 0xFF; };
  return {.digits = count(0),
          .upper = count(1),
          .lower = count(2),
          .other_letters = count(3),
          .slashes = count(4),
          .separators = count(5),
          .digit_borders = count(6),
          .case_borders = count(7)};
}

bool IsUuid(std::string_view word) {
  if (word.size() != 36) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? word[i] != '-' : !IsHex(word[i])) return false;
  }
  return true;
}

bool IsHash(std::string_view word, const Shape& shape) {
  if (word.starts_with("0x") || word.starts_with("0X")) {
    return std::ranges::all_of(word.substr(2), IsHex);
  }
  if (word.size() < 7 || !std::ranges::all_of(word, IsHex)) return false;
  if (shape.upper > 0 && shape.lower > 0) return false;
  if (shape.letters() == 0) return word.size() >= 32;
  return shape.digits > 0 || word.size() >= 16;
}

// v1.2, 1.2.3, 1.2.3-rc1, 10.0.0.1.
bool IsVersion(std::string_view word) {
  const bool marked = word.front() == 'v' || word.front() == 'V';
  size_t at = marked ? 1 : 0;
  size_t dots = 0;
  size_t group = 0;
  for (; at < word.size() && (IsDigit(word[at]) || word[at] == '.'); ++at) {
    if (word[at] == '.' && group == 0) return false;
    dots += word[at] == '.' ? 1 : 0;
    group = word[at] == '.' ? 0 : group + 1;
  }
  if (group == 0 || dots < (marked ? 1U : 2U) || dots > 4) return false;
  return at == word.size() || word[at] == '-' || word[at] == '+' || word.size() - at <= 6;
}

bool IsNumber(const Shape& shape, std::string_view word) {
  if (shape.letters() == 0 && word.find('_') == std::string_view::npos) {
    return shape.digits >= 4 && word.size() <= 40;
  }
  // A time of day with its date, or a number with its unit.
  if (!IsDigit(word.front()) || word.size() > 40) return false;
  return shape.letters() <= 2 && shape.digits >= 4 &&
         (shape.digit_borders <= 1 || shape.separators >= 4) && shape.slashes == 0;
}

bool IsErrorCode(std::string_view word, const Shape& shape) {
  static constexpr std::array<std::string_view, 30> kNames = {
      "E2BIG",        "EACCES",       "EADDRINUSE", "EAGAIN",    "EBADF",       "EBUSY",
      "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EEXIST",    "EFAULT",      "EHOSTUNREACH",
      "EINTR",        "EINVAL",       "EISDIR",     "EMFILE",    "ENETUNREACH", "ENOENT",
      "ENOMEM",       "ENOSPC",       "ENOTDIR",    "ENOTEMPTY", "ENOTFOUND",   "EPERM",
      "EPIPE",        "ERESOLVE",     "ETIMEDOUT",  "SIGABRT",   "SIGKILL",     "SIGSEGV"};
  static constexpr std::array<std::string_view, 12> kPrefixes = {
      "E", "W", "F", "C", "TS", "CS", "MSB", "LNK", "ORA-", "CVE-", "ERR_", "HTTP"};
  if (shape.lower > 0 || word.size() > 32) return false;
  if (shape.digits < 3) return std::ranges::binary_search(kNames, word);
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) {
    return word.starts_with(prefix) && std::ranges::all_of(word.substr(prefix.size()), [](char c) {
             return IsDigit(c) || c == '-';
           });
  });
}

bool HasExtension(std::string_view path) {
  const size_t slash = path.find_last_of("/\\");
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const size_t dot = name.rfind('.');
  return dot != std::string_view::npos && dot + 1 < name.size() && dot + 12 > name.size();
}

bool IsPath(std::string_view word, const Shape& shape) {
  if (shape.slashes == 0 || word.starts_with("//") || shape.letters() == 0) return false;
  if (word.size() > 3 && word[1] == ':' && word[2] == '\\') return true;
  if (word.starts_with("/")) return shape.slashes > 1 || HasExtension(word);
  if (word.starts_with("./") || word.starts_with("../") || word.starts_with("~/")) return true;
  return shape.slashes > 1 || HasExtension(word) || shape.digits > 1 ||
         word.find('_') != std::string_view::npos;
}

// Digits among letters, or letters of mixed case without the humps of a name in camel case.
bool IsGarblable(std::string_view word, const Shape& shape) {
  if (shape.letters() == 0) return false;
  if (shape.digits >= 3 && shape.digit_borders > 0) return true;
  if (shape.digits > 0 && shape.digit_borders >= 2) return true;
  // A record locator: UDMOP1.
  if (shape.digits > 0 && shape.lower == 0 && word.size() >= 6) return true;
  if (shape.digits >= 2 && (shape.upper > 0 || word.find('_') != std::string_view::npos))
    return true;
  return shape.case_borders >= 6 && shape.case_borders * 3 >= shape.letters() * 2;
}

}  // namespace

std::optional<Kind> ClassifyWord(std::string_view word) {
  if (word.size() < kMinExactBytes || word.size() > kMaxExactBytes) return std::nullopt;
  const Shape shape = ShapeOf(word);
  if (IsUuid(word)) return Kind::kUuid;
  if (IsHash(word, shape)) return Kind::kHash;
  if (IsErrorCode(word, shape)) return Kind::kErrorCode;
  if (shape.digits >= 2 && IsVersion(word)) return Kind::kVersion;
  if (shape.digits >= 4 && IsNumber(shape, word)) return Kind::kNumber;
  if (IsPath(word, shape)) return Kind::kPath;
  if (shape.slashes == 0 && IsGarblable(word, shape)) return Kind::kIdentifier;
  return std::nullopt;
}

}  // namespace fovea
