// Pictures that are nothing but a header: enough for all that does not decode them.
#ifndef FOVEA_TESTS_SUPPORT_PICTURES_H_
#define FOVEA_TESTS_SUPPORT_PICTURES_H_

#include <string>

namespace fovea::testing {

// 24 bytes of a PNG of that size, in pixels.
inline std::string PngHeader(int width, int height) {
  std::string data("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR", 16);
  for (const int length : {width, height}) {
    for (int shift = 24; shift >= 0; shift -= 8) data += static_cast<char>(length >> shift);
  }
  return data;
}

// 11 bytes of a JPEG of 1x1 pixels.
inline std::string JpegHeader() { return {"\xFF\xD8\xFF\xC0\0\x0B\x08\0\x01\0\x01", 11}; }

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SUPPORT_PICTURES_H_
