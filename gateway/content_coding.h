// Bodies with a Content-Encoding: requests that a client has compressed, answers of providers.
#ifndef FOVEA_GATEWAY_CONTENT_CODING_H_
#define FOVEA_GATEWAY_CONTENT_CODING_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace fovea::gateway {

// Takes a coding off a body that comes in pieces. Thread-compatible.
class Decoder {
 public:
  // Gets what was decoded, in pieces of 256 KiB at most; an error from it stops the decoding.
  using Sink = absl::FunctionRef<absl::Status(absl::string_view piece)>;

  // For gzip, x-gzip, deflate, zstd and br; null for other codings. `max_bytes`: of the whole body
  // without its coding.
  static std::unique_ptr<Decoder> Create(absl::string_view coding, size_t max_bytes);
  virtual ~Decoder() = default;

  // Everything that can be decoded so far: of gzip all members, of zstd all frames. What stands
  // behind the end of gzip, deflate and br is not looked at. INVALID_ARGUMENT for damaged bytes;
  // RESOURCE_EXHAUSTED beyond `max_bytes`; whatever the sink returned. After an error it must not
  // be fed again.
  virtual absl::Status Feed(absl::string_view bytes, Sink sink) = 0;
  // Whether the body is at its end; another member or frame may follow.
  virtual bool complete() const = 0;
};

// The body without its coding. INVALID_ARGUMENT for damaged or cut bytes, and for a coding that is
// not known; RESOURCE_EXHAUSTED if it has more than `max_bytes`. Never holds more than those.
// `may_grow` is asked before each piece is kept; its error stops the decoding.
absl::StatusOr<std::string> Decoded(
    absl::string_view coding, absl::string_view bytes, size_t max_bytes,
    absl::FunctionRef<absl::Status(size_t bytes)> may_grow = [](size_t) {
      return absl::OkStatus();
    });

// Bytes that decoding takes beside what was decoded, at the most.
size_t CostOfDecoding(absl::string_view coding);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_CONTENT_CODING_H_
