// Turns as bytes on disk.
#ifndef FOVEA_MEMORY_STORE_TURN_CODEC_H_
#define FOVEA_MEMORY_STORE_TURN_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/log/turn.h"

namespace fovea {

// The largest turn, in bytes of its encoding before compression.
inline constexpr size_t kMaxEncodedTurnBytes = size_t{256} << 20;

// A version byte, then a zstd frame (with checksum) of the fields in order, each string
// with its length before it. Exact for any bytes. The sequence number is not part of it: it is the
// key. Turns of the version before are still read. INVALID_ARGUMENT if the turn is larger than
// kMaxEncodedTurnBytes or has no role. Thread-safe.
absl::StatusOr<std::string> EncodeTurn(const Turn& turn);

// DATA_LOSS if the bytes are not what EncodeTurn gave, or of a version unknown here. Thread-safe.
absl::StatusOr<Turn> DecodeTurn(std::string_view bytes, uint64_t seq);

// What EncodeTurn had before compression, as the bytes say themselves, at most
// kMaxEncodedTurnBytes; 0 if they are damaged. Cheap: nothing is decoded. Not more than HeldBytes
// of the turn.
uint64_t PlainBytes(std::string_view bytes);

// About what a decoded turn takes in memory, however small its parts are.
uint64_t HeldBytes(const Turn& turn);

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_TURN_CODEC_H_
