#include "bench/legibility/samples.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/gzip_file.h"

namespace fovea::bench {
namespace {

using Json = nlohmann::json;

// So much of any one text is taken, so that a sample is a mixture.
constexpr size_t kMaxOfOneText = 800;

// The texts of the role of all sessions of a file of that language, if they name one.
std::vector<std::string> TextsOf(const std::string& file, std::string_view role,
                                 std::string_view language = "") {
  std::vector<std::string> texts;
  std::istringstream lines(testing::ReadGzipFile(file));
  for (std::string line; std::getline(lines, line);) {
    const Json session = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!session.is_object() || !session.contains("turns")) continue;
    if (!language.empty() && session.value("lang", "") != language) continue;
    for (const Json& turn : session["turns"]) {
      if (turn.value("role", "") == role) texts.push_back(turn.value("text", ""));
    }
  }
  return texts;
}

std::vector<std::string> LinesOf(std::string_view text) {
  return absl::StrSplit(std::string(text), '\n');
}

// Only lines of ASCII, and no more than one empty line in a row.
std::string PlainLines(std::string_view text) {
  std::string result;
  for (std::string line : LinesOf(text)) {
    const bool plain = std::all_of(line.begin(), line.end(), [](unsigned char c) {
      return absl::ascii_isprint(c) || c == '\t';
    });
    if (!plain) continue;
    absl::StripTrailingAsciiWhitespace(&line);
    if (line.empty() && (result.empty() || absl::EndsWith(result, "\n\n"))) continue;
    result += line + "\n";
    if (result.size() >= kMaxOfOneText) break;
  }
  return result;
}

// The share of lines that end as lines of source code do.
double CodeShare(std::string_view text) {
  int lines = 0;
  int code = 0;
  for (const std::string& line : LinesOf(text)) {
    if (line.empty()) continue;
    ++lines;
    if (absl::StrContains(";{}(,:[]", line.substr(line.size() - 1))) ++code;
  }
  return lines == 0 ? 0 : static_cast<double>(code) / lines;
}

bool LooksLikeCode(std::string_view text) { return CodeShare(text) >= 0.6; }
bool LooksLikeLog(std::string_view text) { return CodeShare(text) <= 0.15; }
bool LooksLikeJson(std::string_view text) {
  return !text.empty() && (text[0] == '{' || text[0] == '[');
}
bool LooksLikeProse(std::string_view text) { return CodeShare(text) <= 0.15; }

// Takes every step-th text that fits, so that the whole file is sampled.
std::string Collect(const std::vector<std::string>& texts,
                    const std::function<bool(std::string_view)>& fits, size_t characters) {
  std::vector<std::string> plain;
  size_t available = 0;
  for (const std::string& text : texts) {
    std::string lines = PlainLines(text);
    if (lines.size() < 60 || !fits(lines)) continue;
    available += lines.size();
    plain.push_back(std::move(lines));
  }
  const size_t step = std::max<size_t>(1, available / std::max<size_t>(1, characters));
  std::string result;
  for (size_t first = 0; first < step; ++first) {
    for (size_t i = first; i < plain.size(); i += step) {
      if (result.size() >= characters) return result.substr(0, characters);
      result += plain[i];
    }
  }
  return result;
}

// A digit of an alphabet by the bits of the generator alone: a distribution of the standard library
// may differ between machines.
std::string RandomString(std::string_view alphabet, size_t length, std::mt19937_64* random) {
  std::string result;
  for (size_t i = 0; i < length; ++i) result += alphabet[(*random)() % alphabet.size()];
  return result;
}

std::string RandomHashes(size_t characters, uint64_t seed) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::mt19937_64 random(2 * seed + 1);
  std::string result;
  while (result.size() < characters) {
    const auto hex = [&](size_t length) { return RandomString(kHex, length, &random); };
    absl::StrAppend(&result, hex(40), " ", hex(12), " ", hex(8), "-", hex(4), "-", hex(4), "-",
                    hex(4), "-", hex(12), " sha256:", hex(64), " ", hex(7), " 0x", hex(8), "\n");
  }
  return result.substr(0, characters);
}

std::string RandomConfusables(size_t characters, uint64_t seed) {
  constexpr std::string_view kAlike = "Il1O0o8B5S2Zmnrnuvwce6G9gqQD";
  std::mt19937_64 random(2 * seed + 2);
  std::string result;
  while (result.size() < characters) {
    result += RandomString(kAlike, 12, &random);
    result += result.size() % 7 == 0 ? '\n' : ' ';
  }
  return result.substr(0, characters);
}

struct Source {
  const char* kind;
  const char* file;
  const char* role;
  const char* language;
  const char* fallback_role;
  bool (*fits)(std::string_view);
  std::vector<const char*> more_files = {};  // of trajectories/, for other seeds than 0
};

constexpr char kParagraphs[] = "multilingual/xquad.jsonl.gz";

std::vector<Source> Sources() {
  const std::vector<const char*> agents = {"pi", "swe-agent", "swe-smith"};
  return {
      {"code", "trajectories/deepswe.jsonl.gz", "tool", "", "tool", LooksLikeCode, agents},
      {"log", "trajectories/deepswe.jsonl.gz", "tool", "", "tool", LooksLikeLog, agents},
      {"json", "trajectories/tau-airline.jsonl.gz", "tool", "", "tool", LooksLikeJson},
      {"prose", kParagraphs, "tool", "en", "assistant", LooksLikeProse},
  };
}

// Of the source's files, in the order of the seed.
std::vector<std::string> TextsInOrder(const std::string& folder, const Source& source,
                                      uint64_t seed) {
  std::vector<std::string> texts =
      TextsOf(folder + "/" + source.file, source.role, source.language);
  if (seed == 0) return texts;
  for (const char* name : source.more_files) {
    for (std::string& text :
         TextsOf(absl::StrCat(folder, "/trajectories/", name, ".jsonl.gz"), source.role)) {
      texts.push_back(std::move(text));
    }
  }
  std::mt19937_64 random(seed);
  for (size_t i = texts.size(); i > 1; --i) std::swap(texts[i - 1], texts[random() % i]);
  return texts;
}

}  // namespace

absl::StatusOr<std::vector<Sample>> ReadSamples(const std::string& folder,
                                                const std::string& fallback, size_t characters,
                                                uint64_t seed) {
  std::vector<Sample> samples;
  for (const Source& source : Sources()) {
    const std::string file = folder + "/" + source.file;
    const bool shared = std::filesystem::exists(file);
    const auto texts =
        shared ? TextsInOrder(folder, source, seed) : TextsOf(fallback, source.fallback_role);
    std::string text = Collect(texts, source.fits, characters);
    if (text.size() * 2 < characters) {
      return absl::NotFoundError(absl::StrCat("only ", text.size(), " characters of ", source.kind,
                                              " in ", shared ? file : fallback));
    }
    samples.push_back({.kind = source.kind, .text = std::move(text)});
  }
  samples.push_back({.kind = "hashes", .text = RandomHashes(characters, seed)});
  samples.push_back({.kind = kConfusable, .text = RandomConfusables(characters, seed)});
  return samples;
}

absl::StatusOr<std::string> ReadParagraphs(const std::string& folder, const std::string& language) {
  std::string paragraphs;
  for (const std::string& text : TextsOf(folder + "/" + kParagraphs, "tool", language)) {
    absl::StrAppend(&paragraphs, text, "\n");
  }
  if (paragraphs.empty()) {
    return absl::NotFoundError(absl::StrCat("no paragraphs of ", language, " under ", folder));
  }
  return paragraphs;
}

}  // namespace fovea::bench
