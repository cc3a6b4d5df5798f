// Grey PNG files.
#ifndef FOVEA_RENDER_PNG_H_
#define FOVEA_RENDER_PNG_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/page/page.h"

struct libdeflate_compressor;

namespace fovea::render {

// Encodes one picture after another. Keeps its working memory, as large as its largest picture
// took. Thread-compatible.
class PngEncoder {
 public:
  // RESOURCE_EXHAUSTED if there is no memory.
  static absl::StatusOr<PngEncoder> Create();

  // Encodes width * height 8-bit grey pixels, row after row, as a PNG of `bits` (1, 2, 4 or 8) bits
  // a pixel; the lower bits of each pixel are dropped. The same arguments give the same bytes on
  // any processor. INTERNAL if the picture does not compress.
  absl::StatusOr<std::string> Encode(std::string_view pixels, int width, int height, int bits,
                                     PageEffort effort);

  // The libraries that compress, with their versions and levels.
  static std::string LibraryVersions();

 private:
  // Memory that nobody clears: it is large and wholly written.
  struct Buffer {
    char* Reserve(size_t count);
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };
  struct CompressorFree {
    void operator()(libdeflate_compressor* compressor) const;
  };

  PngEncoder() = default;

  // Compress into stream_ and return the size, or 0.
  size_t CompressFast(std::string_view packed);
  size_t CompressSmall(std::string_view packed);

  std::unique_ptr<libdeflate_compressor, CompressorFree> compressor_;
  Buffer fast_memory_;
  Buffer packed_;
  Buffer stream_;
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_PNG_H_
