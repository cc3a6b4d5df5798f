// How much of a probe a reader read.
#ifndef FOVEA_CLI_FORMATS_PROBE_SCORE_H_
#define FOVEA_CLI_FORMATS_PROBE_SCORE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/formats/probe_text.h"

namespace fovea::cli {

struct Count {
  int64_t right = 0;
  int64_t all = 0;

  // Laplace's rule of succession, so that few trials never give 0 or 1.
  double Expected() const { return static_cast<double>(right + 1) / static_cast<double>(all + 2); }
  // The share that was right; 0 of nothing.
  double Share() const {
    return all == 0 ? 0 : static_cast<double>(right) / static_cast<double>(all);
  }
  Count& operator+=(const Count& other) {
    right += other.right;
    all += other.all;
    return *this;
  }
};

struct ProbeScore {
  Count characters;                       // all but white space
  std::array<Count, kExactKinds> exacts;  // by ExactString::Kind

  ProbeScore& operator+=(const ProbeScore& other);
  const Count& Exacts(ExactString::Kind kind) const { return exacts[static_cast<size_t>(kind)]; }
};

// Scores an answer against the bytes `begin` to `end` (exclusive) of the probe. Characters by edit
// distance: what the answer has before and behind the text costs nothing, a page's first line and a
// model's introduction are no errors. Exact strings that are not wholly within the bytes do not
// count; the others are right where the answer has them, white space left out. The text may have at
// most 254 different characters.
ProbeScore ScoreAnswer(const Probe& probe, size_t begin, size_t end, std::string_view answer);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_PROBE_SCORE_H_
