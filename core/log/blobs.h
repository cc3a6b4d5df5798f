// Machine noise in tool results: base64 and binary bytes, which no reader can use.
#ifndef FOVEA_CORE_LOG_BLOBS_H_
#define FOVEA_CORE_LOG_BLOBS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/log/turn.h"

namespace fovea {

// A stretch of a text, [begin, end).
struct Blob {
  enum class Kind : uint8_t { kBase64 = 1, kBinary = 2 };
  Kind kind = Kind::kBase64;
  size_t begin = 0;
  size_t end = 0;
};

// Shorter stretches are left alone: ids, keys and certificates are.
inline constexpr size_t kMinBlobBytes = 4'096;

// The text's blobs, in order. Base64 is an unbroken run of its alphabet, or lines of one length of
// 60 at least; lines of hexadecimal digits alone are lists of digests, and none. Binary is a text
// of which more than an eighth is no text. Linear.
std::vector<Blob> FindBlobs(std::string_view text);

struct GistOfBlobs {
  Turn turn;                       // with a note in the place of each blob's middle
  uint64_t elided_characters = 0;  // code points that the notes stand for
};

// Of the texts in the turn's tool results; nothing if they have no blob. A note has the blob's
// kind, length and digest, and how to recall it.
std::optional<GistOfBlobs> WithoutBlobs(const Turn& turn);

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_BLOBS_H_
