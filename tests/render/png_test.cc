#include "render/png.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>

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

// Leaves `value` all over the stack that the next call will use.
[[gnu::noinline]] void FillStack(uint16_t value) {
  std::array<volatile uint16_t, 1 << 17> garbage;
  for (volatile uint16_t& word : garbage) word = value;
}

TEST(Png, DoesNotDependOnWhatWasInMemory) {
  // Comes again after more than the least distance that a compressor may be held to.
  std::mt19937 random(4);
  std::string piece(3000, 0);
  for (char& pixel : piece) pixel = static_cast<char>(random());
  std::string pixels;
  for (int i = 0; i < 20; ++i) pixels += piece;
  const auto encode = [&](uint16_t value) {
    auto encoder = PngEncoder::Create();
    FillStack(value);
    return *encoder->Encode(pixels, 600, 100, 8, PageEffort::kFast);
  };
  const std::string png = encode(0);
  for (const uint16_t value : {1, 8, 9, 12, 0xFFFF}) {
    EXPECT_TRUE(encode(value) == png) << value;
  }
}

}  // namespace
}  // namespace fovea::render
