// How much of a text came back.
#ifndef FOVEA_BENCH_LEGIBILITY_SCORE_H_
#define FOVEA_BENCH_LEGIBILITY_SCORE_H_

#include <cstddef>
#include <string_view>

namespace fovea::bench {

struct Score {
  // Visible characters of the text, and the Levenshtein distance of what was read from it.
  size_t characters = 0;
  size_t distance = 0;
  // Strings that must be exact: words of four or more letters, digits, `_`, `/`, `.` and `-` that
  // are no plain word: hashes, numbers, paths, identifiers.
  size_t strings = 0;
  size_t strings_exact = 0;

  // 1 - distance / length, in percent; below 0 is 0.
  double CharactersPercent() const;
  double StringsPercent() const;
};

// White space is left out of both. `text` is ASCII; typographic quotes and dashes and full-width
// forms in `read` count as the ASCII ones, which the readers do not tell from them, and any other
// character as one mistake.
Score Compare(std::string_view text, std::string_view read);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_LEGIBILITY_SCORE_H_
