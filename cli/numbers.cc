#include "cli/numbers.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fovea::cli {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// `read` puts the number into the form that CLI11 reads as it is meant; false if it is none.
CLI::Option* Take(CLI::Option* option, const std::string& what,
                  const std::function<bool(std::string&)>& read) {
  return option->transform(CLI::Validator(
      [what, read](std::string& text) {
        return read(text) ? std::string() : absl::StrCat(text, " is not ", what);
      },
      ""));
}

std::string RangeOf(uint64_t least, uint64_t most) {
  return absl::StrCat(" from ", least, " to ", most);
}

}  // namespace

std::optional<uint64_t> ParseWhole(std::string_view text, uint64_t least, uint64_t most) {
  uint64_t value = 0;
  if (!std::all_of(text.begin(), text.end(), IsDigit) ||
      !absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &value) || value < least ||
      value > most) {
    return std::nullopt;
  }
  return value;
}

std::optional<uint64_t> ParseBytes(std::string_view text, uint64_t least, uint64_t most) {
  constexpr std::string_view kUnits = "KMGT";
  int shift = 0;
  if (!text.empty()) {
    const size_t unit = kUnits.find(absl::ascii_toupper(static_cast<unsigned char>(text.back())));
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  const std::optional<uint64_t> count = ParseWhole(text, 0, most >> shift);
  if (!count.has_value() || *count << shift < least) return std::nullopt;
  return *count << shift;
}

std::optional<double> ParseDecimal(std::string_view text, double least, double most) {
  double value = 0;
  const auto part = [](char c) { return IsDigit(c) || c == '.'; };
  if (!std::all_of(text.begin(), text.end(), part) ||
      !absl::SimpleAtod(absl::string_view(text.data(), text.size()), &value) ||
      !(value >= least && value <= most)) {
    return std::nullopt;
  }
  return value;
}

CLI::Option* TakeWhole(CLI::Option* option, uint64_t least, uint64_t most) {
  return Take(option, absl::StrCat("a whole number", RangeOf(least, most)),
              [least, most](std::string& text) {
                const std::optional<uint64_t> value = ParseWhole(text, least, most);
                if (value.has_value()) text = absl::StrCat(*value);
                return value.has_value();
              });
}

CLI::Option* TakeBytes(CLI::Option* option, uint64_t least, uint64_t most) {
  return Take(option,
              absl::StrCat("a number of bytes", RangeOf(least, most), ", such as 512M or 10G"),
              [least, most](std::string& text) {
                const std::optional<uint64_t> value = ParseBytes(text, least, most);
                if (value.has_value()) text = absl::StrCat(*value);
                return value.has_value();
              });
}

CLI::Option* TakeDecimal(CLI::Option* option, double least, double most) {
  return Take(
      option, absl::StrCat("a number from ", least, " to ", most),
      [least, most](std::string& text) { return ParseDecimal(text, least, most).has_value(); });
}

}  // namespace fovea::cli
