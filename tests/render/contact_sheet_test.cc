#include <gtest/gtest.h>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

PageRenderer::Captioned Page(int pitch) {
  const PageContent content = Body("one text, fading");
  const PageTypography typography{.line_pitch_px = pitch, .grey_bits = 4};
  const auto extent = SharedRenderer().LayOut(content, {}, kBox, typography);
  auto page = SharedRenderer().Draw(content, *extent, typography, {});
  return {.png = page->png, .caption = "sharp · 10 px"};
}

TEST(ContactSheet, HasAColumnForEachPage) {
  const auto one = SharedRenderer().ContactSheet({Page(10)});
  const auto three = SharedRenderer().ContactSheet({Page(10), Page(9), Page(8)});
  const auto six = SharedRenderer().ContactSheet(std::vector(6, Page(10)));
  ASSERT_TRUE(one.ok() && three.ok() && six.ok());
  const Picture narrow = DecodePng(*one);
  const Picture wide = DecodePng(*three);
  const Picture high = DecodePng(*six);
  EXPECT_GT(narrow.width, 400);
  EXPECT_GT(wide.width, 2 * narrow.width);
  EXPECT_EQ(wide.height, narrow.height);
  EXPECT_GT(high.height, narrow.height * 3 / 2);
}

TEST(ContactSheet, RejectsWhatItCannotShow) {
  EXPECT_EQ(SharedRenderer().ContactSheet({}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SharedRenderer().ContactSheet({{.png = "no", .caption = "x"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SharedRenderer().ContactSheet(std::vector(33, Page(10))).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fovea::render
