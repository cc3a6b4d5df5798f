#include "core/reader/picture_limits.h"

#include <gtest/gtest.h>

#include <string>

#include "core/reader/image_rule.h"

namespace fovea {
namespace {

// A PNG's signature and header alone, which say its size.
std::string PngHead(int width, int height) {
  std::string head("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  for (const int side : {width, height}) {
    for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>(side >> shift & 0xFF);
  }
  return head + std::string("\x08\0\0\0\0\0\0\0\0", 9);
}

TEST(PictureLimits, WhatIsNoPictureIsNotTaken) {
  const PictureLimits none;
  EXPECT_TRUE(TakesPicture(none, PngHead(30, 20)));
  EXPECT_FALSE(TakesPicture(none, "no picture"));
  EXPECT_FALSE(TakesPicture(none, ""));
}

TEST(PictureLimits, ASideAndTheBytesHaveAMost) {
  const PictureLimits sides{.max_side_px = 100};
  EXPECT_TRUE(TakesPicture(sides, PngHead(100, 100)));
  EXPECT_FALSE(TakesPicture(sides, PngHead(101, 1)));
  EXPECT_FALSE(TakesPicture(sides, PngHead(1, 101)));
  // As base64: four characters for each three bytes that were begun.
  const std::string data = PngHead(30, 20);
  const uint64_t sent = (data.size() + 2) / 3 * 4;
  EXPECT_TRUE(TakesPicture({.max_base64_bytes = sent}, data));
  EXPECT_FALSE(TakesPicture({.max_base64_bytes = sent - 1}, data));
}

}  // namespace
}  // namespace fovea
