#include "render/webp.h"

#include <gtest/gtest.h>
#include <webp/decode.h>

#include <random>
#include <string>

#include "tests/render/pages.h"

// libwebp's choice of instructions, which it looks at again whenever it has changed.
extern "C" {
using VP8CPUInfo = int (*)(int feature);
extern VP8CPUInfo VP8GetCPUInfo;
}

namespace fovea::render {
namespace {

Picture DecodeWebp(std::string_view webp) {
  Picture picture;
  uint8_t* rgb = WebPDecodeRGB(reinterpret_cast<const uint8_t*>(webp.data()), webp.size(),
                               &picture.width, &picture.height);
  if (rgb == nullptr) return {};
  const size_t pixels = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
  for (size_t i = 0; i < pixels; ++i) {
    EXPECT_EQ(rgb[3 * i], rgb[3 * i + 1]);
    EXPECT_EQ(rgb[3 * i], rgb[3 * i + 2]);
    picture.pixels += static_cast<char>(rgb[3 * i]);
  }
  WebPFree(rgb);
  return picture;
}

// Of letters at random, as far as the encoders know.
std::string PageOf(const PageTypography& typography) {
  std::mt19937 random(3);
  std::string text;
  while (text.size() < 9000) {
    text += random() % 6 == 0 ? ' ' : static_cast<char>('a' + random() % 26);
  }
  const PageContent content = Body(text);
  const auto extent = SharedRenderer().LayOut(content, {}, kBox, typography);
  return SharedRenderer().Draw(content, *extent, typography, {.text = "header"})->png;
}

class WebpDepths : public testing::TestWithParam<int> {};

TEST_P(WebpDepths, HasThePagesPixels) {
  const std::string png = PageOf({.line_pitch_px = 9, .grey_bits = GetParam()});
  const auto webp = SharedRenderer().ToWebp(png);
  ASSERT_TRUE(webp.ok()) << webp.status();
  const Picture picture = DecodeWebp(*webp);
  EXPECT_EQ(picture.width, DecodePng(png).width);
  EXPECT_EQ(picture.pixels, DecodePng(png).pixels);
}

INSTANTIATE_TEST_SUITE_P(All, WebpDepths, testing::Values(1, 2, 4, 8));

TEST(Webp, TheSameBytesWithAndWithoutVectorInstructions) {
  std::mt19937 random(5);
  std::string noise(20'000, '\0');
  for (char& pixel : noise) pixel = static_cast<char>(random() % 16 * 17);
  const std::string png = PageOf({.line_pitch_px = 9});
  const auto encode = [&] { return *SharedRenderer().ToWebp(png) + *EncodeWebp(noise, 200, 100); };
  const std::string with = encode();
  const VP8CPUInfo info = VP8GetCPUInfo;
  VP8GetCPUInfo = nullptr;
  const std::string without = encode();
  VP8GetCPUInfo = info;
  EXPECT_TRUE(with == without);
}

TEST(Webp, OfWhatIsNoPageIsRefused) {
  EXPECT_EQ(SharedRenderer().ToWebp("").status().code(), absl::StatusCode::kInvalidArgument);
  std::string cut = PageOf({.line_pitch_px = 9});
  cut.resize(cut.size() / 2);
  EXPECT_EQ(SharedRenderer().ToWebp(cut).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(EncodeWebp(std::string(20000, 'x'), 20000, 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fovea::render
