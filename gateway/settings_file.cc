#include "gateway/settings_file.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr int kMaxLevels = 200;

// Where the string that begins at `at` ends: behind its last quote.
size_t StringEnd(absl::string_view text, size_t at) {
  const char quote = text[at];
  for (++at; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

// Where the comment that begins at `at` ends; `at` if none does.
size_t CommentEnd(absl::string_view text, size_t at) {
  const absl::string_view begin = text.substr(at, 2);
  if (begin == "//") return std::min(text.find('\n', at), text.size());
  if (begin != "/*") return at;
  const size_t end = text.find("*/", at + 2);
  return end == absl::string_view::npos ? text.size() : end + 2;
}

// Without comments and commas behind a last item; none if it is too deep.
std::optional<std::string> PlainJson(absl::string_view text) {
  std::string plain;
  size_t comma = std::string::npos;  // in `plain`, behind which there are blanks alone
  int levels = 0;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (const size_t end = CommentEnd(text, at); end != at) {
      at = end;
      plain += ' ';
      continue;
    }
    if (c == '"') {
      const size_t end = StringEnd(text, at);
      plain.append(text.data() + at, end - at);
      comma = std::string::npos;
      at = end;
      continue;
    }
    if ((c == '{' || c == '[') && ++levels > kMaxLevels) return std::nullopt;
    if (c == '}' || c == ']') {
      --levels;
      if (comma != std::string::npos) plain[comma] = ' ';
    }
    if (c == ',') {
      comma = plain.size();
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      comma = std::string::npos;
    }
    plain += c;
    ++at;
  }
  return plain;
}

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

size_t SkipBlanks(absl::string_view text, size_t at) {
  while (at < text.size() && IsBlank(text[at])) ++at;
  return at;
}

size_t LineEnd(absl::string_view text, size_t at) {
  return std::min(text.find('\n', at), text.size());
}

// Whether there is nothing more but a comment on the line.
bool IsAtEnd(absl::string_view text, size_t at) {
  while (at < text.size() && text[at] != '\n' && IsBlank(text[at])) ++at;
  return at >= text.size() || text[at] == '\n' || text[at] == '#';
}

// The quote that ends the string of `.env` that begins at `begin`: the first that has no backslash
// before it, else the last that has one, if nothing stands behind it on its line.
size_t DotenvStringEnd(absl::string_view text, size_t begin) {
  size_t last = absl::string_view::npos;
  for (size_t at = begin + 1; at < text.size(); ++at) {
    if (text[at] != text[begin]) continue;
    const bool ends = IsAtEnd(text, at + 1);
    const bool escaped = at > begin + 1 && text[at - 1] == '\\';
    if (ends) last = at;
    if (!escaped) break;
  }
  return last;
}

// The value that begins at `at` in `.env`, which is moved to where it ends.
std::string DotenvValue(absl::string_view text, size_t& at) {
  constexpr absl::string_view kQuotes = "\"'`";
  const size_t begin = SkipBlanks(text, at);
  const bool quoted = begin < text.size() && absl::StrContains(kQuotes, text[begin]);
  const size_t end = quoted ? DotenvStringEnd(text, begin) : absl::string_view::npos;
  absl::string_view value;
  if (end != absl::string_view::npos) {
    at = end + 1;
    value = text.substr(begin, at - begin);
  } else {
    const absl::string_view line = text.substr(at, LineEnd(text, at) - at);
    at += line.size();
    value = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
  }
  const bool escapes = absl::StartsWith(value, "\"");
  if (value.size() > 1 && absl::StrContains(kQuotes, value[0]) && value.back() == value[0]) {
    value = value.substr(1, value.size() - 2);
  }
  return escapes ? absl::StrReplaceAll(value, {{"\\n", "\n"}, {"\\r", "\r"}}) : std::string(value);
}

// The name that begins at `at` in `.env`, which is moved to its value; "" if none is set there.
absl::string_view DotenvName(absl::string_view text, size_t& at) {
  size_t end = at;
  while (end < text.size() && (absl::ascii_isalnum(static_cast<unsigned char>(text[end])) ||
                               absl::StrContains("_.-", text[end]))) {
    ++end;
  }
  const absl::string_view name = text.substr(at, end - at);
  if (name.empty()) return "";
  const size_t sign = SkipBlanks(text, end);
  if (sign < text.size() && text[sign] == '=') {
    at = sign + 1;
  } else if (text.substr(end, 1) == ":" && end + 1 < text.size() && IsBlank(text[end + 1])) {
    at = end + 2;
  } else {
    return "";
  }
  return name;
}

}  // namespace

absl::StatusOr<std::string> ReadSettings(const std::string& path) {
  std::error_code error;
  const fs::file_status found = fs::status(path, error);
  if (!fs::exists(found) || fs::is_directory(found) || fs::is_character_file(found)) return "";
  const auto bad = [&path](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", why, ", so it is not known where its agent's requests go"));
  };
  if (!fs::is_regular_file(found)) return bad("is no file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return bad("cannot be read");
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (file.bad()) return bad("cannot be read");
  if (text.size() > kMaxBytes) return bad("has over 1 MiB");
  return text;
}

Json ParseSettings(absl::string_view text) {
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  const std::optional<std::string> plain = PlainJson(text);
  if (!plain.has_value()) return Json(Json::value_t::discarded);
  if (absl::StripAsciiWhitespace(*plain).empty()) return nullptr;
  return Json::parse(*plain, nullptr, false);
}

absl::StatusOr<Json> ReadSettingsJson(const std::string& path) {
  FOVEA_ASSIGN_OR_RETURN(const std::string text, ReadSettings(path));
  Json json = ParseSettings(text);
  if (!json.is_discarded()) return json;
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": what it holds is no JSON, so it is not known where its agent's requests go"));
}

const Json* SettingAt(const Json& json, const std::vector<const char*>& keys) {
  const Json* at = &json;
  for (const char* key : keys) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

const std::string* StringAt(const Json& json, const std::vector<const char*>& keys) {
  const Json* const at = SettingAt(json, keys);
  return at == nullptr ? nullptr : at->get_ptr<const std::string*>();
}

std::map<std::string, std::string> ParseDotenv(absl::string_view given) {
  absl::ConsumePrefix(&given, "\xef\xbb\xbf");
  const std::string text = absl::StrReplaceAll(given, {{"\r\n", "\n"}, {"\r", "\n"}});
  std::map<std::string, std::string> found;
  for (size_t at = SkipBlanks(text, 0); at < text.size();
       at = SkipBlanks(text, LineEnd(text, at))) {
    constexpr absl::string_view kExport = "export";
    absl::string_view name;
    if (absl::string_view(text).substr(at, kExport.size()) == kExport) {
      const size_t behind = at + kExport.size();
      size_t value = SkipBlanks(text, behind);
      if (value > behind) name = DotenvName(text, value);
      if (!name.empty()) at = value;
    }
    if (name.empty()) name = DotenvName(text, at);
    if (!name.empty()) found[std::string(name)] = DotenvValue(text, at);
  }
  return found;
}

}  // namespace fovea::gateway
