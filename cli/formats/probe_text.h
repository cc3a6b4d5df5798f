// Texts that a reader is measured on.
#ifndef FOVEA_CLI_FORMATS_PROBE_TEXT_H_
#define FOVEA_CLI_FORMATS_PROBE_TEXT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fovea::cli {

enum class ProbeKind : uint8_t { kProse, kCode, kJson, kLogs, kHex, kCjk };
inline constexpr std::array kProbeKinds = {ProbeKind::kProse, ProbeKind::kCode, ProbeKind::kJson,
                                           ProbeKind::kLogs,  ProbeKind::kHex,  ProbeKind::kCjk};
const char* Name(ProbeKind kind);  // "prose"

// A string that is right or wrong as a whole.
struct ExactString {
  enum class Kind : uint8_t { kHex, kIdentifier, kNumber, kPath };
  Kind kind = Kind::kHex;  // kHex: 12 lower-case digits
  size_t begin = 0;        // bytes of the probe's text
  std::string text;        // without white space
};
inline constexpr size_t kExactKinds = 4;

struct Probe {
  std::string text;                 // UTF-8, lines that end in a newline
  std::vector<ExactString> exacts;  // in order
};

// At least `min_characters` of text drawn at random: words, names and numbers follow from nothing
// around them, so that a reader cannot guess what it does not see. The same arguments give the same
// text on every machine.
Probe MakeProbe(ProbeKind kind, uint64_t seed, size_t min_characters);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_PROBE_TEXT_H_
