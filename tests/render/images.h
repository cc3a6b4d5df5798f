// Encoded images for tests, made by the libraries that define the formats.
#ifndef FOVEA_TESTS_RENDER_IMAGES_H_
#define FOVEA_TESTS_RENDER_IMAGES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace fovea::render {

// 8-bit red, green, blue and alpha.
struct RgbaImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;
};

// A ramp from black to white across, with a red square and a blue one; opaque.
RgbaImage Ramp(int width, int height);
// All of one colour.
RgbaImage Plain(int width, int height, uint8_t red, uint8_t green, uint8_t blue, uint8_t alpha);

std::string EncodePng(const RgbaImage& image, bool interlaced = false);
// 16-bit grey, as of a scanner.
std::string EncodeGrey16Png(int width, int height, uint16_t grey);
std::string EncodeJpeg(const RgbaImage& image, bool progressive = false);
// Four inks.
std::string EncodeCmykJpeg(int width, int height);
// Progressive, with as many scans.
std::string EncodeJpegInScans(int width, int height, int scans);
// 100 blocks in grey, before each of as many of which stand bytes that belong to nothing.
std::string EncodeDamagedJpeg(int damages);
// As libjpeg decodes it at so many eighths of its size, in grey.
RgbaImage DecodeJpegAt(const std::string& data, int eighths);
std::string EncodeWebp(const RgbaImage& image, bool lossless);
// One frame of 64 shades of grey at (left, top) on a canvas; index 0 is transparent.
struct GifOptions {
  int canvas_width = 0;
  int canvas_height = 0;
  int left = 0;
  int top = 0;
  bool interlaced = false;
};
std::string EncodeGif(const RgbaImage& image, const GifOptions& options);

}  // namespace fovea::render

#endif  // FOVEA_TESTS_RENDER_IMAGES_H_
