// Sizes in headers: of each kind of picture, to the byte at which the header ends.
#include "core/base/image_size.h"

#include <gtest/gtest.h>

#include <string>

namespace fovea {
namespace {

using Bytes = std::string;

Bytes Of(std::initializer_list<int> bytes) {
  Bytes text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

Bytes Png(int width, int height) {
  Bytes png = "\x89PNG\r\n\x1A\n" + Of({0, 0, 0, 13}) + "IHDR";
  for (const int side : {width, height}) {
    png += Of({side >> 24 & 0xFF, side >> 16 & 0xFF, side >> 8 & 0xFF, side & 0xFF});
  }
  return png;
}

Bytes Gif(int width, int height) {
  return "GIF89a" + Of({width & 0xFF, width >> 8, height & 0xFF, height >> 8});
}

Bytes Frame(int marker, int width, int height) {
  return Of({0xFF, marker, 0, 11, 8, height >> 8, height & 0xFF, width >> 8, width & 0xFF});
}

Bytes Webp(const char* chunk, Bytes body) {
  return "RIFF" + Of({0, 0, 0, 0}) + "WEBP" + chunk + Of({0, 0, 0, 0}) + body;
}

Bytes LittleEndian24(int number) { return Of({number & 0xFF, number >> 8 & 0xFF, number >> 16}); }

Bytes Vp8x(int width, int height) {
  return Webp("VP8X", Of({0, 0, 0, 0}) + LittleEndian24(width - 1) + LittleEndian24(height - 1));
}

Bytes Vp8l(int width, int height) {
  const int bits = (width - 1) | (height - 1) << 14;
  return Webp("VP8L", Of({0x2F}) + LittleEndian24(bits & 0xFFFFFF) + Of({bits >> 24 & 0x0F}) +
                          Bytes(5, '\0'));
}

Bytes Vp8(int width, int height) {
  return Webp("VP8 ", Of({0, 0, 0, 0x9D, 0x01, 0x2A, width & 0xFF, width >> 8, height & 0xFF,
                          height >> 8}));
}

void ExpectSize(const Bytes& data, int width, int height) {
  const auto size = ReadImageSize(data);
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(size->width, width);
  EXPECT_EQ(size->height, height);
  // A byte less is not a header.
  EXPECT_FALSE(ReadImageSize(data.substr(0, data.size() - 1)).has_value());
}

TEST(ImageSize, OfEachKind) {
  ExpectSize(Png(70'000, 258), 70'000, 258);
  ExpectSize(Gif(513, 772), 513, 772);
  ExpectSize(Vp8x(65'800, 259), 65'800, 259);
  ExpectSize(Vp8(515, 260), 515, 260);
  ExpectSize("\xFF\xD8" + Frame(0xC0, 513, 772), 513, 772);
  const auto lossless = ReadImageSize(Vp8l(16'383, 9'001));
  ASSERT_TRUE(lossless.has_value());
  EXPECT_EQ(lossless->width, 16'383);
  EXPECT_EQ(lossless->height, 9'001);
}

TEST(ImageSize, AJpegsFrameIsFoundBehindOtherSegments) {
  const Bytes start = "\xFF\xD8";
  const Bytes segment = Of({0xFF, 0xE1, 0, 6, 'E', 'x', 'i', 'f'});
  const Bytes table = Of({0xFF, 0xC4, 0, 4, 1, 2});
  ExpectSize(start + segment + table + Frame(0xC2, 20, 10), 20, 10);
  ExpectSize(start + Of({0xFF, 0xFF, 0xFF}) + Frame(0xC1, 20, 10).substr(1), 20, 10);
  ExpectSize(start + Of({0xFF, 0xD0, 0xFF, 0x01}) + Frame(0xCF, 20, 10), 20, 10);
  for (const int marker : {0xC4, 0xC8, 0xCC, 0xE0, 0xBF, 0xD9, 0xDA}) {
    EXPECT_FALSE(ReadImageSize(start + Frame(marker, 20, 10)).has_value()) << marker;
  }
  EXPECT_FALSE(ReadImageSize(start + "junk" + Frame(0xC0, 20, 10)).has_value());
}

TEST(ImageSize, SidesAreOneToALimit) {
  constexpr int kMax = 1 << 20;
  EXPECT_TRUE(ReadImageSize(Png(kMax, 1)).has_value());
  EXPECT_TRUE(ReadImageSize(Png(1, kMax)).has_value());
  EXPECT_FALSE(ReadImageSize(Png(kMax + 1, 1)).has_value());
  EXPECT_FALSE(ReadImageSize(Png(1, kMax + 1)).has_value());
  EXPECT_FALSE(ReadImageSize(Png(0, 1)).has_value());
  EXPECT_FALSE(ReadImageSize(Png(1, 0)).has_value());
}

TEST(ImageSize, WhatIsNoHeaderHasNone) {
  EXPECT_FALSE(ReadImageSize("").has_value());
  EXPECT_FALSE(ReadImageSize("just text, and enough of it to be a header").has_value());
  Bytes other = Png(20, 10);
  other.replace(12, 4, "IDAT");
  EXPECT_FALSE(ReadImageSize(other).has_value());
  EXPECT_FALSE(ReadImageSize(Webp("ALPH", Bytes(20, '\1'))).has_value());
  Bytes unsigned_frame = Vp8(20, 10);
  unsigned_frame[23] = '\0';
  EXPECT_FALSE(ReadImageSize(unsigned_frame).has_value());
}

TEST(ImageSize, TypesAreToldByTheFirstBytes) {
  EXPECT_EQ(ImageMediaType(Png(1, 1)), "image/png");
  EXPECT_EQ(ImageMediaType("\xFF\xD8"), "image/jpeg");
  EXPECT_EQ(ImageMediaType("GIF87a"), "image/gif");
  EXPECT_EQ(ImageMediaType("GIF89a"), "image/gif");
  EXPECT_EQ(ImageMediaType(Vp8(1, 1)), "image/webp");
  EXPECT_EQ(ImageMediaType("RIFF0000WEB"), "");
  EXPECT_EQ(ImageMediaType("RIFF0000WAVE"), "");
  EXPECT_EQ(ImageMediaType("GIF88a"), "");
}

}  // namespace
}  // namespace fovea
