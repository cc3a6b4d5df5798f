#include "transcripts/lossless_json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/bounded_json.h"
#include "core/base/utf8.h"

namespace fovea::transcripts {
namespace {

// U+10FFFD, a private character. The protected form of a half is the mark and four hexadecimal
// digits; that of the mark itself is the mark twice. A string of the mark, kNumber and digits is a
// number.
constexpr std::string_view kMark = "\xf4\x8f\xbf\xbd";
constexpr char kNumber = '#';
constexpr uint32_t kMarkHigh = 0xdbff;
constexpr uint32_t kMarkLow = 0xdffd;

bool IsHigh(uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLow(uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

bool StartsWith(std::string_view text, size_t at, std::string_view what) {
  return text.substr(at, what.size()) == what;
}

std::optional<uint32_t> FourHexDigits(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(at, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  return value;
}

// The code unit of the escape \uXXXX at `at`.
std::optional<uint32_t> UnicodeEscape(std::string_view text, size_t at) {
  if (!StartsWith(text, at, "\\u")) return std::nullopt;
  return FourHexDigits(text, at + 2);
}

std::string ProtectedHalf(uint32_t unit) {
  return std::string(kMark) + absl::StrFormat("%04x", unit);
}

// Copies the escape at `at` to `out`, protected where it must be; returns its length.
size_t ProtectEscape(std::string_view text, size_t at, std::string& out) {
  const std::optional<uint32_t> unit = UnicodeEscape(text, at);
  const bool half = unit.has_value() && (IsHigh(*unit) || IsLow(*unit));
  size_t length = unit.has_value() ? 6 : 2;
  if (half) {
    const std::optional<uint32_t> next = UnicodeEscape(text, at + 6);
    if (!IsHigh(*unit) || !next.has_value() || !IsLow(*next)) {
      out += ProtectedHalf(*unit);
      return length;
    }
    length = 12;
    if (*unit == kMarkHigh && *next == kMarkLow) {
      (out += kMark) += kMark;
      return length;
    }
  }
  out += text.substr(at, length);
  return std::min(length, text.size() - at);
}

// A backslash occurs only within strings of valid JSON, so strings need not be told from the rest.
std::string Protect(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '\\') {
      at += ProtectEscape(text, at, out);
    } else if (StartsWith(text, at, kMark)) {
      (out += kMark) += kMark;
      at += kMark.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

// Replaces what is protected: the mark by itself, a half by what `half` makes of its four digits.
template <typename Half>
std::string Unprotect(std::string_view text, const Half& half) {
  std::string out;
  out.reserve(text.size());
  size_t at = 0;
  while (at < text.size()) {
    const size_t mark = text.find(kMark, at);
    if (mark == std::string_view::npos) break;
    out += text.substr(at, mark - at);
    at = mark + kMark.size();
    if (StartsWith(text, at, kMark)) {
      out += kMark;
      at += kMark.size();
    } else {
      out += half(text.substr(at, 4));
      at = std::min(at + 4, text.size());
    }
  }
  if (at < text.size()) out += text.substr(at);
  return out;
}

std::string ThreeByteForm(uint32_t unit) {
  return {static_cast<char>(0xe0 | (unit >> 12)), static_cast<char>(0x80 | ((unit >> 6) & 0x3f)),
          static_cast<char>(0x80 | (unit & 0x3f))};
}

// The half whose three-byte form is at `at`.
std::optional<uint32_t> HalfAt(std::string_view text, size_t at) {
  if (at + 3 > text.size()) return std::nullopt;
  const auto first = static_cast<unsigned char>(text[at]);
  const auto second = static_cast<unsigned char>(text[at + 1]);
  const auto third = static_cast<unsigned char>(text[at + 2]);
  if (first != 0xed || second < 0xa0 || (second & 0xc0) != 0x80 || (third & 0xc0) != 0x80) {
    return std::nullopt;
  }
  return 0xd000U | (second & 0x3fU) << 6 | (third & 0x3fU);
}

// The protected form of `bytes`; none if they are neither UTF-8 nor UTF-8 with lone halves. Two
// halves that follow each other as a pair would be read back as one character, so they do not count
// as lone.
std::optional<std::string> ProtectBytes(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  bool after_high = false;
  size_t at = 0;
  while (at < bytes.size()) {
    if (const std::optional<uint32_t> half = HalfAt(bytes, at)) {
      if (after_high && IsLow(*half)) return std::nullopt;
      after_high = IsHigh(*half);
      out += ProtectedHalf(*half);
      at += 3;
      continue;
    }
    after_high = false;
    const DecodedCharacter character = DecodeUtf8(bytes, at);
    if (!character.well_formed) return std::nullopt;
    if (StartsWith(bytes, at, kMark)) out += kMark;
    out += bytes.substr(at, character.length);
    at += character.length;
  }
  return out;
}

bool IsHeldNumber(std::string_view text) {
  return StartsWith(text, 0, kMark) && text.size() > kMark.size() && text[kMark.size()] == kNumber;
}

// Builds the value as the parser goes along. Members are added without looking for their name,
// which would take quadratic time; names that stand twice are found when an object ends.
class Builder final : public Json::json_sax_t {
 public:
  const std::string& problem() const { return problem_; }
  size_t values() const { return values_; }
  Json Take() { return std::move(root_); }

  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(int64_t value) override { return Add(value); }
  bool number_unsigned(uint64_t value) override { return Add(value); }
  bool number_float(double value, const std::string& digits) override {
    Json number(value);
    if (number.dump() == digits) return Add(std::move(number));
    return Add(absl::StrCat(std::string(kMark), std::string(1, kNumber), digits));
  }
  bool string(std::string& value) override { return Add(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) override { return false; }
  bool start_object(size_t /*size*/) override { return Open(Json::object()); }
  bool key(std::string& value) override {
    name_ = std::move(value);
    return true;
  }
  bool end_object() override {
    const auto& members = open_.back()->get_ref<const Json::object_t&>();
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const auto& [name, value] : members) names.push_back(name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) {
      return Fail(absl::StrCat("JSON with the name \"", std::string(*twice), "\" twice"));
    }
    open_.pop_back();
    return true;
  }
  bool start_array(size_t /*size*/) override { return Open(Json::array()); }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(size_t /*position*/, const std::string& /*last*/,
                   const nlohmann::detail::exception& error) override {
    constexpr int kNumberTooLarge = 406;
    return Fail(error.id == kNumberTooLarge ? "JSON with a number too large for a double"
                                            : "not valid JSON in UTF-8");
  }

 private:
  bool Fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  Json* Put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) return &parent.get_ref<Json::array_t&>().emplace_back(std::move(value));
    return &parent.get_ref<Json::object_t&>()
                .emplace_back(std::move(name_), std::move(value))
                .second;
  }

  bool Add(Json value) {
    if (++values_ > kMaxJsonValues) {
      return Fail(absl::StrCat("JSON of more than ", kMaxJsonValues, " values"));
    }
    Put(std::move(value));
    return true;
  }

  bool Open(Json value) {
    if (open_.size() >= static_cast<size_t>(kMaxJsonDepth)) {
      return Fail(absl::StrFormat("JSON nested more than %d deep", kMaxJsonDepth));
    }
    if (++values_ > kMaxJsonValues) {
      return Fail(absl::StrCat("JSON of more than ", kMaxJsonValues, " values"));
    }
    open_.push_back(Put(std::move(value)));
    return true;
  }

  Json root_;
  std::vector<Json*> open_;  // from the root; what is open does not move while it is filled
  std::string name_;
  size_t values_ = 0;
  std::string problem_;
};

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text, size_t* values) {
  if (text.size() > kMaxJsonBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("JSON of ", text.size(), " bytes, more than ", kMaxJsonBytes));
  }
  Builder builder;
  if (!Json::sax_parse(Protect(text), &builder)) {
    return absl::InvalidArgumentError(builder.problem().empty() ? "not valid JSON in UTF-8"
                                                                : builder.problem());
  }
  if (values != nullptr) *values = builder.values();
  return builder.Take();
}

size_t CountJsonValues(std::string_view text) { return MeasureJson(text).values; }

std::string DumpJson(const Json& json, bool pretty) {
  const std::string text =
      json.dump(pretty ? 2 : -1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size());
  const std::string number = absl::StrCat("\"", std::string(kMark), std::string(1, kNumber));
  const auto half = [](std::string_view digits) { return std::string("\\u").append(digits); };
  size_t at = 0;
  for (size_t found = text.find(number); found != std::string::npos;
       found = text.find(number, at)) {
    out += Unprotect(std::string_view(text).substr(at, found - at), half);
    const size_t digits = found + number.size();
    const size_t end = text.find('"', digits);
    out += std::string_view(text).substr(digits, end - digits);
    at = end + 1;
  }
  return out + Unprotect(std::string_view(text).substr(at), half);
}

bool IsText(const Json& json) {
  return json.is_string() && !IsHeldNumber(json.get_ref<const std::string&>());
}

bool IsNumber(const Json& json) { return json.is_number() || (json.is_string() && !IsText(json)); }

Json JsonOf(std::string_view bytes) {
  if (std::optional<std::string> text = ProtectBytes(bytes)) return Json(*std::move(text));
  Json encoded = Json::object();
  encoded["base64"] = absl::Base64Escape(std::string(bytes));
  return encoded;
}

absl::StatusOr<std::string> BytesOf(const Json& json) {
  if (IsText(json)) {
    return Unprotect(json.get_ref<const std::string&>(), [](std::string_view digits) {
      return ThreeByteForm(FourHexDigits(digits, 0).value_or(0xfffd));
    });
  }
  std::string bytes;
  if (json.is_object() && json.size() == 1 && json.contains("base64") &&
      json["base64"].is_string() &&
      absl::Base64Unescape(json["base64"].get_ref<const std::string&>(), &bytes)) {
    return bytes;
  }
  return absl::InvalidArgumentError(R"(neither a string nor {"base64": "..."})");
}

}  // namespace fovea::transcripts
