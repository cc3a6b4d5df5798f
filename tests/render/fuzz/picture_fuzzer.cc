// Pictures that somebody sends: their headers, and their pixels where they may be drawn.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/image_size.h"
#include "core/page/picture_size.h"
#include "render/picture.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto stated = fovea::ReadImageSize(bytes);
  const auto drawable = fovea::DrawableSize(bytes);
  if (!stated || !drawable) return 0;
  // A large one takes its time; what is read of it is the same.
  if (int64_t{drawable->width} * drawable->height > 1'000'000) return 0;
  const fovea::ImageSize small{.width = (drawable->width + 1) / 2,
                               .height = (drawable->height + 1) / 2};
  fovea::render::DecodePicture(bytes, small).status().IgnoreError();
  return 0;
}
