#include "core/reader/model_id.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "absl/strings/ascii.h"

namespace fovea {
namespace {

constexpr size_t kMaxForms = 16;
constexpr size_t kComparedBytes = 64;

// What Amazon Bedrock and other resellers put before a model, with a dot behind it.
constexpr std::array<std::string_view, 22> kDottedPrefixes = {
    "us.",        "eu.",         "apac.",   "jp.",   "au.",      "ca.",       "global.", "us-gov.",
    "anthropic.", "openai.",     "google.", "meta.", "mistral.", "deepseek.", "qwen.",   "amazon.",
    "moonshot.",  "moonshotai.", "xai.",    "x-ai.", "zai.",     "nvidia."};

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// Whether a part of a version stands at the begin: one or two digits and no letter behind them.
bool IsVersionPart(std::string_view rest) {
  size_t digits = 0;
  while (digits < rest.size() && IsDigit(rest[digits])) ++digits;
  if (digits < 1 || digits > 2) return false;
  return digits == rest.size() || !absl::ascii_isalpha(static_cast<unsigned char>(rest[digits]));
}

}  // namespace

std::string PlainModelId(std::string_view id) {
  std::string plain(id);
  absl::AsciiStrToLower(&plain);
  std::ranges::replace_if(
      plain, [](char c) { return c == ' ' || c == '.' || c == '_'; }, '-');
  return plain;
}

std::vector<std::string> ModelIdForms(std::string_view id) {
  std::vector<std::string> forms = {PlainModelId(id)};
  std::string lower(id);
  absl::AsciiStrToLower(&lower);
  std::string_view rest = lower;
  while (forms.size() < kMaxForms) {
    if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
      rest.remove_prefix(slash + 1);
    } else {
      const auto* const prefix = std::ranges::find_if(
          kDottedPrefixes, [rest](std::string_view p) { return rest.starts_with(p); });
      if (prefix == kDottedPrefixes.end()) break;
      rest.remove_prefix(prefix->size());
    }
    forms.push_back(PlainModelId(rest));
  }
  return forms;
}

bool IsModel(std::string_view form, std::string_view plain) {
  if (plain.empty() || !form.starts_with(plain)) return false;
  form.remove_prefix(plain.size());
  if (form.empty()) return true;
  if (std::string_view("-:@[").find(form.front()) == std::string_view::npos) return false;
  return form.front() != '-' || !IsVersionPart(form.substr(1));
}

size_t SpellingDistance(std::string_view a, std::string_view b) {
  a = a.substr(0, kComparedBytes);
  b = b.substr(0, kComparedBytes);
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace fovea
