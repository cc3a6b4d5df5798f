// Choices that are as good as at random and the same on every machine.
#ifndef FOVEA_BENCH_REPLAY_STABLE_HASH_H_
#define FOVEA_BENCH_REPLAY_STABLE_HASH_H_

#include <cstdint>
#include <string_view>

namespace fovea::replay {

// FNV-1a, then the finaliser of SplitMix64.
inline uint64_t StableHash(uint64_t seed, std::string_view text) {
  uint64_t hash = 14695981039346656037U ^ (seed + 1) * 0x9E3779B97F4A7C15U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9U;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBU;
  return hash ^ (hash >> 31);
}

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_STABLE_HASH_H_
