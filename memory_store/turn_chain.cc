#include "memory_store/turn_chain.h"

#include <cstddef>

#include "absl/status/status.h"
#include "core/base/sha256.h"

namespace fovea {
namespace {

constexpr size_t kLaneBytes = sizeof(uint64_t);
// Odd, so that multiplying loses nothing (from splitmix64).
constexpr uint64_t kLowFactor = 0xbf58476d1ce4e5b9;
constexpr uint64_t kHighFactor = 0x94d049bb133111eb;

uint64_t Lane(std::string_view bytes) {
  uint64_t lane = 0;
  for (size_t i = 0; i < kLaneBytes; ++i) {
    lane |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  }
  return lane;
}

void AppendLane(uint64_t lane, std::string& bytes) {
  for (size_t i = 0; i < kLaneBytes; ++i) bytes.push_back(static_cast<char>(lane >> (8 * i)));
}

// Each step can be undone, so two chains that differ once stay different while the same turns
// follow.
uint64_t Step(uint64_t lane, uint64_t digest, uint64_t seq, uint64_t factor) {
  lane = (lane ^ digest) * factor + seq;
  return lane ^ (lane >> 31);
}

}  // namespace

TurnDigest DigestTurn(std::string_view encoded) {
  const std::string digest = Sha256().Update(encoded).Digest();
  const std::string_view bytes = digest;
  return {.low = Lane(bytes), .high = Lane(bytes.substr(kLaneBytes))};
}

void TurnChain::Add(uint64_t seq, const TurnDigest& turn) {
  low_ = Step(low_, turn.low, seq, kLowFactor);
  high_ = Step(high_, turn.high, seq, kHighFactor);
}

std::string TurnChain::ToBytes() const {
  std::string bytes;
  AppendLane(low_, bytes);
  AppendLane(high_, bytes);
  return bytes;
}

absl::StatusOr<TurnChain> TurnChain::FromBytes(std::string_view bytes) {
  if (bytes.size() != 2 * kLaneBytes) return absl::DataLossError("a chain of the wrong length");
  TurnChain chain;
  chain.low_ = Lane(bytes);
  chain.high_ = Lane(bytes.substr(kLaneBytes));
  return chain;
}

}  // namespace fovea
