#include "render/png.h"

#include <gtest/gtest.h>

#include <random>

#include "render/canvas.h"
#include "tests/render/pages.h"

namespace fovea::render {
namespace {

class PngDepth : public testing::TestWithParam<int> {};

TEST_P(PngDepth, DecodesToWhatWasEncoded) {
  const int bits = GetParam();
  std::mt19937 random(3);
  for (const int width : {1, 2, 3, 7, 8, 9, 64, 101}) {
    constexpr int kHeight = 13;
    std::string pixels(static_cast<size_t>(width) * kHeight, 0);
    for (char& pixel : pixels) {
      pixel = static_cast<char>(Quantise(static_cast<int>(random() % 256), bits));
    }
    for (const PageEffort effort : {PageEffort::kFast, PageEffort::kSmall}) {
      auto encoder = PngEncoder::Create();
      ASSERT_TRUE(encoder.ok());
      ASSERT_TRUE(encoder->Encode(std::string(5000, 'x'), 100, 50, bits, effort).ok());
      const auto png = encoder->Encode(pixels, width, kHeight, bits, effort);
      ASSERT_TRUE(png.ok());
      const Picture picture = DecodePng(*png);
      EXPECT_EQ(picture.width, width);
      EXPECT_EQ(picture.height, kHeight);
      EXPECT_EQ(picture.bits, bits);
      EXPECT_EQ(picture.pixels, pixels) << width;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, PngDepth, testing::Values(1, 2, 4, 8));

}  // namespace
}  // namespace fovea::render
