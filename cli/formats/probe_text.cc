#include "cli/formats/probe_text.h"

#include <array>
#include <random>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "cli/formats/utf8.h"

namespace fovea::cli {
namespace {

using Kind = ExactString::Kind;

constexpr auto kWords = std::to_array<std::string_view>(
    {"amber",   "anchor",  "autumn",  "barrel",  "basket",   "beacon", "bridge",  "bronze",
     "candle",  "canyon",  "carbon",  "castle",  "cedar",    "chapel", "cobalt",  "copper",
     "cotton",  "cradle",  "dagger",  "desert",  "dragon",   "eagle",  "ember",   "engine",
     "fabric",  "falcon",  "feather", "fiddle",  "forest",   "garden", "ginger",  "glacier",
     "granite", "hammer",  "harbour", "hazel",   "helmet",   "hollow", "indigo",  "island",
     "ivory",   "jacket",  "jungle",  "kettle",  "kitten",   "ladder", "lantern", "lemon",
     "linen",   "lizard",  "marble",  "meadow",  "mirror",   "monkey", "mosaic",  "needle",
     "nickel",  "nutmeg",  "oak",     "orchard", "otter",    "oyster", "paddle",  "pebble",
     "pepper",  "pigeon",  "pillow",  "planet",  "quarry",   "quiver", "rabbit",  "raven",
     "ribbon",  "river",   "rocket",  "saddle",  "salmon",   "sandal", "satin",   "shadow",
     "shelter", "silver",  "spider",  "spruce",  "summit",   "tailor", "temple",  "thistle",
     "ticket",  "timber",  "tunnel",  "turtle",  "umbrella", "valley", "velvet",  "violin",
     "walnut",  "whistle", "window",  "winter",  "yellow",   "zephyr"});
constexpr auto kSmallWords = std::to_array<std::string_view>(
    {"the", "a", "of", "in", "and", "to", "with", "for", "under", "over", "was", "is", "near"});
constexpr auto kLevels = std::to_array<std::string_view>({"DEBUG", "INFO", "WARN", "ERROR"});
constexpr auto kTypes =
    std::to_array<std::string_view>({"int", "auto", "bool", "double", "size_t", "uint64_t"});
constexpr auto kSuffixes = std::to_array<std::string_view>({"cc", "h", "py", "json", "log", "ts"});
constexpr auto kSyllables = std::to_array<std::string_view>(
    {"ka", "lo", "mir", "ne", "pu", "ras", "ti", "vex", "zo", "bel", "dra", "fi", "gon", "hul"});
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kCjk =
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子"
    "说产种面"
    "而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从"
    "业本去把"
    "性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利"
    "比或但质"
    "气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总"
    "次品式活";

std::vector<std::string_view> Characters(std::string_view text) {
  std::vector<std::string_view> characters;
  for (size_t at = 0; at < text.size(); at += characters.back().size()) {
    characters.push_back(text.substr(at, CharacterLength(text, at)));
  }
  return characters;
}

std::string Capitalised(std::string word) {
  word[0] = absl::ascii_toupper(static_cast<unsigned char>(word[0]));
  return word;
}

// Every draw is a statement or an operand of <<, so that the order does not depend on the compiler.
class Writer {
 public:
  explicit Writer(uint64_t seed) : random_(seed) {}

  // Not std::uniform_int_distribution, whose numbers differ between libraries.
  uint64_t Below(uint64_t limit) { return random_() % limit; }
  uint64_t Between(uint64_t least, uint64_t most) { return least + Below(most - least + 1); }
  template <typename List>
  std::string_view OneOf(const List& list) {
    return list[Below(list.size())];
  }

  Writer& operator<<(std::string_view text) {
    probe_.text.append(text);
    return *this;
  }
  Writer& operator<<(uint64_t number) { return *this << std::to_string(number); }
  Writer& Exact(Kind kind, std::string text) {
    const size_t begin = probe_.text.size();
    probe_.text += text;
    probe_.exacts.push_back({kind, begin, std::move(text)});
    return *this;
  }

  // A fourth of the words are no words, which no reader can complete.
  std::string Word() {
    if (Below(4) > 0) return std::string(OneOf(kWords));
    std::string word;
    for (int i = 0; i < 3; ++i) word += OneOf(kSyllables);
    return word;
  }
  Writer& Hex() {
    std::string digits;
    for (int i = 0; i < 12; ++i) digits += kHexDigits[Below(kHexDigits.size())];
    return Exact(Kind::kHex, std::move(digits));
  }
  Writer& Number() {
    return Exact(Kind::kNumber, std::to_string(Between(10'000'000, 999'999'999)));
  }
  Writer& Path() {
    std::string path = "/" + Word();
    path += "/" + Word();
    path += "-" + std::to_string(Below(100));
    path += "/" + Word();
    path += "." + std::string(OneOf(kSuffixes));
    return Exact(Kind::kPath, std::move(path));
  }
  Writer& Identifier() {
    std::string name = Word();
    name += Capitalised(Word());
    name += std::to_string(Between(10, 999));
    return Exact(Kind::kIdentifier, std::move(name));
  }

  // Two digits or more, with zeros in front.
  Writer& Digits(uint64_t least, uint64_t most, int width = 2) {
    return *this << absl::StrFormat("%0*d", width, Between(least, most));
  }

  Probe Take() && { return std::move(probe_); }
  size_t size() const { return probe_.text.size(); }

 private:
  std::mt19937_64 random_;
  Probe probe_;
};

void WriteSentence(Writer& writer) {
  writer << Capitalised(writer.Word());
  for (uint64_t words = writer.Between(6, 12); words > 0; --words) {
    writer << (writer.Below(8) == 0 ? ", " : " ") << writer.OneOf(kSmallWords) << " "
           << writer.Word();
  }
}

void WriteProse(Writer& writer) {
  WriteSentence(writer);
  writer << ". ";
  WriteSentence(writer);
  writer << " ";
  switch (writer.Below(4)) {
    case 0:
      writer.Hex();
      break;
    case 1:
      writer.Number();
      break;
    case 2:
      writer.Identifier();
      break;
    default:
      writer.Path();
      break;
  }
  writer << ".\n";
}

void WriteCode(Writer& writer) {
  const std::string value = writer.Word();
  writer << writer.OneOf(kTypes) << " ";
  writer.Identifier() << "(" << writer.OneOf(kTypes) << " " << value << ") {\n  if (" << value
                      << " >= ";
  writer.Number() << ") return " << value << " * " << writer.Below(100) << ";\n  const auto "
                  << writer.Word() << " = " << writer.Word() << "_->Open(\"";
  writer.Path() << "\");\n  return Find(\"";
  writer.Hex() << "\", {" << writer.Below(100) << ", " << writer.Below(100) << "});\n}\n";
}

void WriteJson(Writer& writer) {
  writer << "{\"id\": \"";
  writer.Hex() << "\", \"" << writer.Word() << "\": {\"name\": \"";
  writer.Identifier() << "\", \"size\": ";
  writer.Number() << ", \"tags\": [\"" << writer.Word() << "\", \"" << writer.Word()
                  << "\"]}, \"file\": \"";
  writer.Path() << "\", \"" << writer.Word() << "\": " << (writer.Below(2) == 0 ? "true" : "false")
                << "},\n";
}

void WriteLog(Writer& writer) {
  writer << "2026-";
  writer.Digits(1, 12) << "-";
  writer.Digits(1, 28) << "T";
  writer.Digits(0, 23) << ":";
  writer.Digits(0, 59) << ":";
  writer.Digits(0, 59) << ".";
  writer.Digits(0, 999, 3) << "Z " << writer.OneOf(kLevels) << " [" << writer.Word() << "-"
                           << writer.Below(64) << "] ";
  writer.Identifier() << ": " << writer.Word() << " " << writer.Word() << " ";
  writer.Path() << " took ";
  writer.Number() << " ns, commit ";
  writer.Hex() << "\n";
}

void WriteHex(Writer& writer) {
  for (int i = 0; i < 5; ++i) writer.Hex() << (i < 4 ? " " : "\n");
}

void WriteCjk(Writer& writer) {
  static const auto* const kCharacters = new std::vector(Characters(kCjk));
  for (uint64_t clauses = writer.Between(3, 6); clauses > 0; --clauses) {
    for (uint64_t i = writer.Between(5, 14); i > 0; --i) writer << writer.OneOf(*kCharacters);
    writer << (clauses > 1 ? "，" : "。\n");
  }
}

using Write = void (*)(Writer&);
struct KindOfProbe {
  const char* name;
  Write write;
};
constexpr std::array<KindOfProbe, kProbeKinds.size()> kKinds = {{{"prose", WriteProse},
                                                                 {"code", WriteCode},
                                                                 {"JSON", WriteJson},
                                                                 {"logs", WriteLog},
                                                                 {"hex", WriteHex},
                                                                 {"CJK", WriteCjk}}};

}  // namespace

const char* Name(ProbeKind kind) { return kKinds[static_cast<size_t>(kind)].name; }

Probe MakeProbe(ProbeKind kind, uint64_t seed, size_t min_characters) {
  Writer writer(seed * kProbeKinds.size() + static_cast<uint64_t>(kind));
  const size_t bytes_of_character = kind == ProbeKind::kCjk ? 3 : 1;
  while (writer.size() < min_characters * bytes_of_character) {
    kKinds[static_cast<size_t>(kind)].write(writer);
  }
  return std::move(writer).Take();
}

}  // namespace fovea::cli
