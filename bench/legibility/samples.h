// Texts to be drawn and read back, by kind.
#ifndef FOVEA_BENCH_LEGIBILITY_SAMPLES_H_
#define FOVEA_BENCH_LEGIBILITY_SAMPLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fovea::bench {

struct Sample {
  std::string kind;  // "code", "log", "json", "hashes", "prose" or "confusable"
  std::string text;  // visible ASCII, spaces, tabs and newlines
};

// The kind that is left out of a mean over kinds: strings of nothing but glyphs that are mistaken
// for each other.
inline constexpr char kConfusable[] = "confusable";

// A sample of each kind, of about `characters` each. Code and log are tool output, JSON tool
// results and prose paragraphs of the histories under `folder` (trajectories/, multilingual/), or,
// where those are absent, of the session in the file `fallback`; hashes and confusable strings are
// drawn at random. Seed 0 takes texts from all over one file; any other takes them in a random
// order from more files, so that many seeds show how far a figure depends on the sample. The same
// arguments give the same samples. NOT_FOUND if neither has enough text of some kind.
absl::StatusOr<std::vector<Sample>> ReadSamples(const std::string& folder,
                                                const std::string& fallback, size_t characters,
                                                uint64_t seed = 0);

// Paragraphs of the histories under `folder` in a language ("ar", "zh"). NOT_FOUND if there are
// none.
absl::StatusOr<std::string> ReadParagraphs(const std::string& folder, const std::string& language);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_LEGIBILITY_SAMPLES_H_
