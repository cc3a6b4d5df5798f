// How far agents look back: what core/forgetting/cost_model.cc takes from measurement.
#ifndef FOVEA_REPLAY_LOOKUPS_H_
#define FOVEA_REPLAY_LOOKUPS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "replay/session.h"

namespace fovea::replay {

// A look-up is a moment (replay/exact_uses.h); its distance is the text between the string's
// last turn and the action's, in tokens (EstimateTokens).
struct Lookups {
  size_t calls = 0;  // of the model: the assistant's turns
  int64_t tokens = 0;
  std::vector<int64_t> distances;  // sorted
  size_t far = 0;                  // look-ups over more than kFarTokens
  size_t far_own = 0;              // of them, of strings that the agent had written before

  static constexpr int64_t kFarTokens = 8'000;
  double PerCall() const;
  double TokensPerCall() const;
  // The share of look-ups over more than so many tokens.
  double Beyond(int64_t distance) const;
};

Lookups LookupsOf(const std::vector<std::unique_ptr<Session>>& sessions);
// In one line, for people.
std::string Describe(const Lookups& lookups);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_LOOKUPS_H_
