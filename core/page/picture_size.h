// How large a picture is drawn on a page.
#ifndef FOVEA_CORE_PAGE_PICTURE_SIZE_H_
#define FOVEA_CORE_PAGE_PICTURE_SIZE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/image_size.h"

namespace fovea {

// The most lines that a picture takes: a screenshot of 768 pixels in height is not cut short.
inline constexpr int kMaxPictureLines = 48;

// The most pixels that the pictures of one page have as they are sent, unless it is one picture: to
// draw a page has a bound, however small its pictures come out on it. A screenshot has 2 to 15 Mi.
inline constexpr int64_t kMaxPicturePixelsOfPage = int64_t{128} << 20;

// The size that the header of an image states, if the image can be drawn: a PNG, JPEG or GIF of at
// most 64 Mi pixels, or a WebP of one frame of at most 16 Mi (a lossless one is decoded as a
// whole), and no side over 16384 pixels, so that few lines do not hide much to decode.
std::optional<ImageSize> DrawableSize(std::string_view data);

// The largest size of the source's shape within `lines` lines of `line_pitch_px` and a width of
// `width_px`, that is no larger than the source times line_pitch_px / 16: so the text of a
// screenshot, whose em is 13 to 14 pixels as a rule, comes out as large as the text of the page,
// and a picture fades down the ladder as text does. Never enlarged. All must be positive; the
// result is, too.
ImageSize PictureSizeOnPage(const ImageSize& source, int line_pitch_px, int width_px, int lines);

}  // namespace fovea

#endif  // FOVEA_CORE_PAGE_PICTURE_SIZE_H_
