#include "gateway/settings_file.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

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

// The value behind `=` on a line of `.env`.
std::string DotenvValue(absl::string_view rest) {
  rest = absl::StripAsciiWhitespace(rest);
  if (!rest.empty() && (rest[0] == '"' || rest[0] == '\'' || rest[0] == '`')) {
    const size_t end = rest.find(rest[0], 1);
    if (end != absl::string_view::npos) return std::string(rest.substr(1, end - 1));
  }
  return std::string(absl::StripAsciiWhitespace(rest.substr(0, rest.find('#'))));
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
  const absl::StatusOr<std::string> text = ReadSettings(path);
  if (!text.ok()) return text.status();
  Json json = ParseSettings(*text);
  if (!json.is_discarded()) return json;
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": what it holds is no JSON, so it is not known where its agent's requests go"));
}

std::map<std::string, std::string> ParseDotenv(absl::string_view text) {
  std::map<std::string, std::string> found;
  for (absl::string_view line : absl::StrSplit(text, absl::ByAnyChar("\r\n"))) {
    line = absl::StripLeadingAsciiWhitespace(line);
    if (absl::ConsumePrefix(&line, "export ")) line = absl::StripLeadingAsciiWhitespace(line);
    const size_t sign = line.find_first_of("=:#");
    if (sign == absl::string_view::npos || line[sign] == '#') continue;
    const absl::string_view name = absl::StripAsciiWhitespace(line.substr(0, sign));
    if (!name.empty()) found[std::string(name)] = DotenvValue(line.substr(sign + 1));
  }
  return found;
}

}  // namespace fovea::gateway
