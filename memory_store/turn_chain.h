// A running checksum over the turns of a session.
#ifndef FOVEA_MEMORY_STORE_TURN_CHAIN_H_
#define FOVEA_MEMORY_STORE_TURN_CHAIN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fovea {

// Of a turn's encoded bytes.
struct TurnDigest {
  uint64_t low = 0;
  uint64_t high = 0;
};
// Slow beside Chain::Add: callers compute it before they queue for the writer.
TurnDigest DigestTurn(std::string_view encoded);

// What the log remembers of a session's turns from the first to the last: a turn that was changed,
// left out, put in or moved gives another value. It finds damage; it is no signature, since whoever
// can write the file can compute it. A value; copyable.
class TurnChain {
 public:
  void Add(uint64_t seq, const TurnDigest& turn);
  // 16 bytes; DATA_LOSS if the bytes are none of a chain.
  std::string ToBytes() const;
  static absl::StatusOr<TurnChain> FromBytes(std::string_view bytes);
  bool operator==(const TurnChain&) const = default;

 private:
  uint64_t low_ = 0;
  uint64_t high_ = 0;
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_TURN_CHAIN_H_
