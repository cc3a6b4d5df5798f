#include "render/picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <numbers>
#include <random>

#include "core/page/picture_size.h"
#include "render/picture_scaler.h"
#include "tests/render/images.h"

namespace fovea::render {
namespace {

std::vector<uint8_t> Decoded(const std::string& data, ImageSize size) {
  auto picture = DecodePicture(data, size);
  EXPECT_TRUE(picture.ok()) << picture.status();
  return picture.ok() ? *std::move(picture) : std::vector<uint8_t>();
}

int FarthestFrom(const std::vector<uint8_t>& pixels, int grey) {
  int farthest = 0;
  for (const uint8_t pixel : pixels) farthest = std::max(farthest, std::abs(pixel - grey));
  return farthest;
}

struct FormatCase {
  const char* name;
  std::string (*encode)(const RgbaImage& image);
  int tolerance = 0;  // of a shade
  bool color = true;  // keeps it
};

void PrintTo(const FormatCase& format, std::ostream* out) { *out << format.name; }

const FormatCase kFormats[] = {
    {"Png", [](const RgbaImage& image) { return EncodePng(image); }, 1},
    {"InterlacedPng", [](const RgbaImage& image) { return EncodePng(image, true); }, 1},
    {"Jpeg", [](const RgbaImage& image) { return EncodeJpeg(image); }, 4},
    {"ProgressiveJpeg", [](const RgbaImage& image) { return EncodeJpeg(image, true); }, 4},
    {"LosslessWebp", [](const RgbaImage& image) { return EncodeWebp(image, true); }, 1},
    {"LossyWebp", [](const RgbaImage& image) { return EncodeWebp(image, false); }, 5},
    {"Gif", [](const RgbaImage& image) { return EncodeGif(image, {}); }, 5, false},
    {"InterlacedGif", [](const RgbaImage& image) { return EncodeGif(image, {.interlaced = true}); },
     5, false}};

class Formats : public testing::TestWithParam<FormatCase> {};

TEST_P(Formats, ShowTheSamePicture) {
  constexpr ImageSize kFrom{.width = 601, .height = 403};
  const std::string data = GetParam().encode(Ramp(kFrom.width, kFrom.height));
  ASSERT_EQ(DrawableSize(data), kFrom);
  for (const ImageSize size : {kFrom, ImageSize{300, 200}, ImageSize{97, 65}, ImageSize{40, 1}}) {
    const std::vector<uint8_t> picture = Decoded(data, size);
    ASSERT_EQ(picture.size(), static_cast<size_t>(size.width) * size.height);
    const auto at = [&](double x, double y) {
      return int{picture[static_cast<size_t>(y * size.height) * size.width +
                         static_cast<size_t>(x * size.width)]};
    };
    for (const double x : {0.3, 0.5, 0.9}) {
      EXPECT_NEAR(at(x, 0.5), 255 * x, GetParam().tolerance + 255.0 / size.width) << x;
    }
    if (size.height == 1 || !GetParam().color) continue;
    EXPECT_NEAR(at(0.1, 0.1), 77, GetParam().tolerance) << "red";
    EXPECT_NEAR(at(0.1, 0.9), 29, GetParam().tolerance) << "blue";
  }
}

TEST_P(Formats, CutOffIsRefused) {
  const std::string data = GetParam().encode(Ramp(300, 200));
  for (size_t length = 0; length < data.size(); length += 1 + data.size() / 200) {
    const auto picture = DecodePicture(std::string_view(data).substr(0, length), {60, 40});
    if (length <= data.size() * 9 / 10) {
      EXPECT_EQ(picture.status().code(), absl::StatusCode::kInvalidArgument) << length;
    }
  }
}

TEST_P(Formats, DamageIsRefusedOrDrawn) {
  const std::string good = GetParam().encode(Ramp(300, 200));
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string data = good;
    for (int i = 0; i < 1 + round % 20; ++i) {
      data[random() % data.size()] = static_cast<char>(random());
    }
    const auto picture = DecodePicture(data, {60, 40});
    EXPECT_TRUE(!picture.ok() || picture->size() == size_t{60} * 40);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Formats, testing::ValuesIn(kFormats),
                         [](const auto& test) { return test.param.name; });

TEST(DecodePicture, WhatIsTransparentLiesOnWhite) {
  const RgbaImage clear = Plain(50, 40, 10, 10, 10, 0);
  EXPECT_EQ(FarthestFrom(Decoded(EncodePng(clear), {20, 16}), 255), 0);
  EXPECT_EQ(FarthestFrom(Decoded(EncodeWebp(clear, true), {20, 16}), 255), 0);
  EXPECT_EQ(FarthestFrom(Decoded(EncodeGif(clear, {}), {20, 16}), 255), 0);
  EXPECT_EQ(FarthestFrom(Decoded(EncodePng(Plain(50, 40, 0, 0, 0, 51)), {50, 40}), 204), 0);
}

TEST(DecodePicture, SixteenBits) {
  EXPECT_EQ(FarthestFrom(Decoded(EncodeGrey16Png(64, 48, 0x8000), {31, 11}), 128), 0);
}

TEST(DecodePicture, InterlacedRowsInAnyOrderAreTheSamePicture) {
  const RgbaImage image = Ramp(333, 222);
  EXPECT_EQ(Decoded(EncodePng(image, true), {333, 222}), Decoded(EncodePng(image), {333, 222}));
  EXPECT_EQ(Decoded(EncodeGif(image, {.interlaced = true}), {99, 66}),
            Decoded(EncodeGif(image, {}), {99, 66}));
}

TEST(DecodePicture, AFrameOfAGifStandsInItsPlace) {
  const std::string data = EncodeGif(
      Plain(10, 5, 0, 0, 0, 255), {.canvas_width = 40, .canvas_height = 20, .left = 30, .top = 15});
  const std::vector<uint8_t> picture = Decoded(data, {40, 20});
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 40; ++x) {
      EXPECT_EQ(picture[static_cast<size_t>(y) * 40 + x] < 128, x >= 30 && y >= 15);
    }
  }
}

std::string BigEndian(uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}

uint32_t Crc(std::string_view text) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

// The file with another size in its header, whose checksum is right.
std::string WithPngSize(std::string png, uint32_t width, uint32_t height) {
  png.replace(16, 8, BigEndian(width) + BigEndian(height));
  png.replace(29, 4, BigEndian(Crc(std::string_view(png).substr(12, 17))));
  return png;
}

TEST(DecodePicture, RefusesSizesThatAreTooLargeBeforeTheyCostAnything) {
  const std::string png = EncodePng(Ramp(30, 20));
  EXPECT_TRUE(DecodePicture(WithPngSize(png, 30, 20), {3, 2}).ok());
  for (const std::string& bomb :
       {WithPngSize(png, 60000, 60000), WithPngSize(png, 1 << 20, 65), WithPngSize(png, 30, 0)}) {
    EXPECT_FALSE(DrawableSize(bomb).has_value());
    EXPECT_EQ(DecodePicture(bomb, {3, 2}).status().code(), absl::StatusCode::kInvalidArgument);
  }
  // Within the limit, but the pixels are not there.
  EXPECT_FALSE(DecodePicture(WithPngSize(png, 8000, 8000), {800, 800}).ok());
  EXPECT_FALSE(DecodePicture(WithPngSize(png, 30, 1 << 20), {3, 200}).ok());
}

TEST(DecodePicture, RefusesWhatItDoesNotRead) {
  EXPECT_FALSE(DecodePicture(EncodeCmykJpeg(64, 64), {32, 32}).ok());
  EXPECT_TRUE(DecodePicture(EncodeJpegInScans(64, 64, 32), {32, 32}).ok());
  EXPECT_FALSE(DecodePicture(EncodeJpegInScans(64, 64, 33), {32, 32}).ok());
  EXPECT_FALSE(DecodePicture("no picture at all", {1, 1}).ok());
  EXPECT_FALSE(DecodePicture("", {1, 1}).ok());
  EXPECT_FALSE(DecodePicture(EncodePng(Ramp(30, 20)), {31, 20}).ok()) << "enlarged";
  EXPECT_FALSE(DecodePicture(EncodePng(Ramp(30, 20)), {30, 0}).ok());
}

TEST(PictureScaler, WhatIsEvenStaysEven) {
  for (const auto& [from, to] : {std::pair<ImageSize, ImageSize>{{7, 5}, {7, 5}},
                                 {{100, 100}, {99, 33}},
                                 {{1000, 3}, {1, 1}},
                                 {{3, 20000}, {2, 7}},
                                 {{65535, 2}, {640, 2}}}) {
    for (const int grey : {0, 1, 127, 255}) {
      PictureScaler scaler(from, to);
      const std::vector<uint8_t> row(static_cast<size_t>(from.width), static_cast<uint8_t>(grey));
      for (int y = 0; y < from.height; ++y) scaler.AddRow(y, row);
      EXPECT_EQ(FarthestFrom(scaler.Finish(), grey), 0) << from.width << " to " << to.width;
    }
  }
}

// Along a line with one light pixel: Lanczos' window of three lobes, from its definition.
TEST(PictureScaler, IsALanczosFilter) {
  constexpr int kFrom = 90;
  constexpr int kTo = 30;
  const auto lanczos = [](double x) {
    if (x == 0) return 1.0;
    if (std::abs(x) >= 3) return 0.0;
    const double a = std::numbers::pi * x;
    return 3 * std::sin(a) * std::sin(a / 3) / (a * a);
  };
  PictureScaler scaler({.width = kFrom, .height = 1}, {.width = kTo, .height = 1});
  std::vector<uint8_t> row(kFrom, 100);
  row[45] = 255;
  scaler.AddRow(0, row);
  const std::vector<uint8_t> small = scaler.Finish();
  ASSERT_EQ(small.size(), static_cast<size_t>(kTo));
  for (int i = 0; i < kTo; ++i) {
    const double center = (i + 0.5) * 3 - 0.5;
    double sum = 0;
    double weight = 0;
    for (int at = 0; at < kFrom; ++at) {
      const double w = lanczos((at - center) / 3);
      weight += w;
      sum += w * row[static_cast<size_t>(at)];
    }
    EXPECT_NEAR(small[static_cast<size_t>(i)], sum / weight, 1.0) << i;
  }
}

TEST(PictureScaler, TheSameSizeIsTheSamePicture) {
  std::mt19937 random(3);
  constexpr ImageSize kSize{.width = 37, .height = 29};
  PictureScaler scaler(kSize, kSize);
  std::vector<uint8_t> all;
  for (int y = 0; y < kSize.height; ++y) {
    std::vector<uint8_t> row(kSize.width);
    for (uint8_t& pixel : row) pixel = static_cast<uint8_t>(random());
    scaler.AddRow(y, row);
    all.insert(all.end(), row.begin(), row.end());
  }
  EXPECT_EQ(scaler.Finish(), all);
}

// The worst that sums can come to: the picture that follows the signs of a filter's weights.
TEST(PictureScaler, TheHardestContrastDoesNotOverflow) {
  for (const int step : {1, 2, 3, 4, 5, 7}) {
    for (const int phase : {0, 1}) {
      PictureScaler scaler({.width = 90, .height = 90}, {.width = 30, .height = 30});
      for (int y = 0; y < 90; ++y) {
        std::vector<uint8_t> row(90);
        for (int x = 0; x < 90; ++x) row[x] = (x / step + y / step + phase) % 2 == 0 ? 255 : 0;
        scaler.AddRow(y, row);
      }
      const std::vector<uint8_t> picture = scaler.Finish();
      double sum = 0;
      for (const uint8_t pixel : picture) sum += pixel;
      EXPECT_NEAR(sum / 900, 127.5, 25) << step;
    }
  }
}

}  // namespace
}  // namespace fovea::render
