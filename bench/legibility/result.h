// What was measured, and what follows from it.
#ifndef FOVEA_BENCH_LEGIBILITY_RESULT_H_
#define FOVEA_BENCH_LEGIBILITY_RESULT_H_

#include <optional>
#include <string>
#include <vector>

#include "bench/legibility/score.h"

namespace fovea::bench {

// One kind of text in one setting.
struct Result {
  std::string family;
  int line_pitch_px = 0;
  int grey_bits = 0;
  std::string kind;
  Score score;
  double characters_per_megapixel = 0;  // of a full page, white space included
  double bytes_per_character = 0;       // of its PNG, white space included; 0: there is none
};

// The mean over kinds of one setting.
struct Mean {
  std::string family;
  int line_pitch_px = 0;
  int grey_bits = 0;
  double characters_percent = 0;
  double strings_percent = 0;
  double characters_per_megapixel = 0;
  double bytes_per_character = 0;
  double PixelsPerCharacter() const { return 1e6 / characters_per_megapixel; }
};

// In the order of `results`; the confusable strings are left out, or alone are taken.
std::vector<Mean> MeansOf(const std::vector<Result>& results, bool confusable);

// The most characters a megapixel at which a family of that depth still reads `characters_percent`,
// on the straight line between the two settings around it. Nothing if its settings do not reach
// across it.
std::optional<double> DensityAt(const std::vector<Mean>& means, const std::string& family,
                                int grey_bits, double characters_percent);

std::string ToCsv(const std::vector<Result>& results);

// Characters read over characters a megapixel, a line for each family.
std::string ToSvg(const std::vector<Mean>& means);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_LEGIBILITY_RESULT_H_
