// Paper: how large a page is and how its text is set.
#ifndef FOVEA_CORE_PAGE_PAPER_H_
#define FOVEA_CORE_PAGE_PAPER_H_

#include <cstdint>

namespace fovea {

// All lengths in pixels.
struct PageBox {
  int width = 0;
  int min_height = 0;   // a page is at least this high
  int max_height = 0;   // and at most this
  int height_step = 1;  // and min_height plus a multiple of this; the reader's patch height
  bool operator==(const PageBox&) const = default;
};

// How much work a page's compression is worth. The pixels are the same.
enum class PageEffort : uint8_t {
  kFast = 1,  // for a page that is sent a few times
  kSmall = 2  // a sixth fewer bytes, at five times the time: for one that is sent again and again
};

struct PageTypography {
  int line_pitch_px = 0;  // from baseline to baseline; the em is line_pitch / 1.164
  int grey_bits = 4;      // 1, 2, 4 or 8 bits a pixel
  PageEffort effort = PageEffort::kFast;
  bool operator==(const PageTypography&) const = default;
};

}  // namespace fovea

#endif  // FOVEA_CORE_PAGE_PAPER_H_
