// Bodies with a coding, and the sizes of pictures.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "gateway/content_coding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::gateway;  // NOLINT(google-build-using-namespace)
  if (size < 1) return 0;
  constexpr size_t kMax = 1 << 20;
  const char* const codings[] = {"gzip", "deflate", "zstd", "br"};
  const absl::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto decoded = Decoded(codings[data[0] % 4], bytes, kMax);
  if (decoded.ok() && decoded->size() > kMax) __builtin_trap();
  return 0;
}
