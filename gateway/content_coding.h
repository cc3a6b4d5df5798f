// Bodies that a client has compressed.
#ifndef FOVEA_GATEWAY_CONTENT_CODING_H_
#define FOVEA_GATEWAY_CONTENT_CODING_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace fovea::gateway {

// Whether a Content-Encoding is one that Decoded knows: gzip, x-gzip, deflate or zstd.
bool CanDecode(absl::string_view coding);

// The body without its coding. INVALID_ARGUMENT for damaged or cut bytes, and for a coding that is
// not known; RESOURCE_EXHAUSTED if it has more than `max_bytes`. Never holds more than those.
absl::StatusOr<std::string> Decoded(absl::string_view coding, absl::string_view bytes,
                                    size_t max_bytes);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_CONTENT_CODING_H_
