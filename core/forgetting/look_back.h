// How often agents look back at what an earlier turn holds, and how far. Measured by replay_bench
// on twelve sessions of more than 50,000 text tokens (docs/forgetting.md).
#ifndef FOVEA_CORE_FORGETTING_LOOK_BACK_H_
#define FOVEA_CORE_FORGETTING_LOOK_BACK_H_

#include <array>
#include <cstddef>

namespace fovea {

// The share of look-ups that go back further than so many text tokens; the tokens ascend from 0.
struct Distance {
  double tokens, share;
};
using LookBack = std::array<Distance, 12>;

// Between the distances that were measured it is a straight line.
inline double Beyond(const LookBack& distances, double tokens) {
  for (size_t i = 1; i < distances.size(); ++i) {
    const Distance& far = distances[i];
    if (tokens > far.tokens) continue;
    const Distance& near = distances[i - 1];
    return near.share +
           (far.share - near.share) * (tokens - near.tokens) / (far.tokens - near.tokens);
  }
  return 0;
}

// Text that a call adds, and exact strings of earlier turns that it writes.
inline constexpr double kTextPerCall = 1'500;
inline constexpr double kLookupsPerCall = 1.4;
// The share of these strings that stood last more than so many text tokens before.
inline constexpr LookBack kDistances = {{{0, 1},
                                         {500, 0.617},
                                         {1'000, 0.555},
                                         {2'000, 0.472},
                                         {4'000, 0.397},
                                         {8'000, 0.324},
                                         {16'000, 0.243},
                                         {32'000, 0.178},
                                         {64'000, 0.089},
                                         {128'000, 0.026},
                                         {256'000, 0.007},
                                         {1'000'000, 0}}};
// Passages that a call writes: 40 bytes or more of its arguments that an earlier turn's text or
// call holds, white space and line numbers normalised. And the share of them that stood last more
// than so many text tokens before.
inline constexpr double kPassagesPerCall = 1.7;
inline constexpr LookBack kPassageDistances = {{{0, 1},
                                                {500, 0.856},
                                                {1'000, 0.760},
                                                {2'000, 0.673},
                                                {4'000, 0.590},
                                                {8'000, 0.483},
                                                {16'000, 0.363},
                                                {32'000, 0.229},
                                                {64'000, 0.120},
                                                {128'000, 0.040},
                                                {256'000, 0.019},
                                                {1'000'000, 0}}};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_LOOK_BACK_H_
