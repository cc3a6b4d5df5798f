#include "render/webp.h"

#include <webp/encode.h>

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace fovea::render {
namespace {

// Of the method only the fastest is worth its time. From a quality of 76 on the encoder looks for
// what was there before in the whole picture, and not only in the lines just above: the letters of
// a page come again all over it. More finds little more (bench/render/encoder_bench).
constexpr int kMethod = 0;
constexpr float kQuality = 76;

struct PictureFree {
  void operator()(WebPPicture* picture) const {
    WebPPictureFree(picture);
    delete picture;
  }
};
using OwnedPicture = std::unique_ptr<WebPPicture, PictureFree>;

struct WriterClear {
  void operator()(WebPMemoryWriter* writer) const { WebPMemoryWriterClear(writer); }
};

absl::Status StatusOf(WebPEncodingError error) {
  if (error == VP8_ENC_ERROR_OUT_OF_MEMORY || error == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY) {
    return absl::ResourceExhaustedError("no memory to encode a page as WebP");
  }
  if (error == VP8_ENC_ERROR_BAD_DIMENSION) {
    return absl::InvalidArgumentError("a page of this size cannot be a WebP");
  }
  return absl::InternalError(absl::StrCat("a page does not become a WebP: error ", error));
}

}  // namespace

absl::StatusOr<std::string> EncodeWebp(std::string_view pixels, int width, int height) {
  WebPConfig config;
  const OwnedPicture picture(new WebPPicture);
  if (WebPConfigInit(&config) == 0 || WebPPictureInit(picture.get()) == 0) {
    return absl::InternalError("libwebp is of another version");
  }
  config.lossless = 1;
  config.exact = 1;
  config.method = kMethod;
  config.quality = kQuality;
  picture->use_argb = 1;
  picture->width = width;
  picture->height = height;
  if (WebPPictureAlloc(picture.get()) == 0) return StatusOf(picture->error_code);
  const auto* grey = reinterpret_cast<const uint8_t*>(pixels.data());
  for (int y = 0; y < height; ++y) {
    uint32_t* row = picture->argb + static_cast<ptrdiff_t>(y) * picture->argb_stride;
    for (int x = 0; x < width; ++x) row[x] = 0xFF000000U | 0x010101U * *grey++;
  }
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  const std::unique_ptr<WebPMemoryWriter, WriterClear> clear(&writer);
  picture->writer = WebPMemoryWrite;
  picture->custom_ptr = &writer;
  if (WebPEncode(&config, picture.get()) == 0) return StatusOf(picture->error_code);
  return std::string(reinterpret_cast<const char*>(writer.mem), writer.size);
}

std::string WebpLibraryVersion() {
  const int version = WebPGetEncoderVersion();
  return absl::StrCat(version >> 16, ".", version >> 8 & 0xFF, ".", version & 0xFF);
}

}  // namespace fovea::render
