// A page as a reader sees it.
#ifndef FOVEA_BENCH_LEGIBILITY_PICTURE_H_
#define FOVEA_BENCH_LEGIBILITY_PICTURE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fovea::bench {

// Grey, a byte a pixel, row after row: 255 is white.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> grey;
  size_t png_bytes = 0;  // of Fovea's page, compressed small
};

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_LEGIBILITY_PICTURE_H_
