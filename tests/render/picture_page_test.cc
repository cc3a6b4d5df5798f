#include <gtest/gtest.h>

#include <thread>

#include "core/page/picture_size.h"
#include "render/canvas.h"
#include "render/picture.h"
#include "tests/render/images.h"
#include "tests/render/pages.h"

namespace fovea::render {
namespace {

constexpr PageTypography kSoft{.line_pitch_px = 9, .grey_bits = 4};

PageBlock PictureBlock(std::string data) {
  const ImageSize size = DrawableSize(data).value_or(ImageSize{});
  return {.seq = 1,
          .role = Role::kTool,
          .picture = {.size = size, .data = std::make_shared<const std::string>(std::move(data))}};
}

PageContent TextPictureText(std::string data) {
  PageContent content = Body("before");
  content.blocks.push_back(PictureBlock(std::move(data)));
  content.blocks.push_back(Body("after").blocks[0]);
  return content;
}

DrawnPage DrawAll(const PageContent& content, const PageTypography& typography = kSoft) {
  const auto extent = SharedRenderer().LayOut(content, {}, kBox, typography);
  EXPECT_TRUE(extent.ok()) << extent.status();
  EXPECT_EQ(extent->end, (PagePosition{.block = content.blocks.size()}));
  auto page = SharedRenderer().Draw(content, *extent, typography, {});
  EXPECT_TRUE(page.ok()) << page.status();
  return *std::move(page);
}

class Pitches : public testing::TestWithParam<int> {};

TEST_P(Pitches, APictureStandsBetweenTheLinesAroundIt) {
  const int pitch = GetParam();
  const PageTypography typography{.line_pitch_px = pitch, .grey_bits = 4};
  const std::string data = EncodePng(Ramp(320, 240));
  const Picture page = DecodePng(DrawAll(TextPictureText(data), typography).png);
  const ImageSize size = PictureSizeOnPage({320, 240}, pitch, kBox.width - 8, kMaxPictureLines);
  EXPECT_EQ(size, (ImageSize{320 * pitch / 16, 240 * pitch / 16}));
  const auto picture = DecodePicture(data, size);
  ASSERT_TRUE(picture.ok());
  const int top = kMarginPx + 2 * pitch;  // below the header and the line of text
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const int grey = (*picture)[static_cast<size_t>(y) * size.width + x];
      ASSERT_EQ(page.At(kMarginPx + x, top + y), 255 - Quantise(255 - grey, 4)) << x << " " << y;
    }
    EXPECT_EQ(page.At(kMarginPx + size.width, top + y), 255);
  }
  // The text behind it is drawn as it would be on a page without.
  const int lines = (size.height + pitch - 1) / pitch;
  const Picture text = DecodePng(DrawAll(Body("after"), typography).png);
  for (int y = 0; y < pitch; ++y) {
    for (int x = 0; x < kBox.width; ++x) {
      ASSERT_EQ(page.At(x, top + lines * pitch + y), text.At(x, kMarginPx + pitch + y));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Pitches, testing::Values(6, 8, 10, 16));

TEST(PicturePages, APictureThatDoesNotFitGoesOnToTheNextPage) {
  const std::string data = EncodePng(Ramp(640, 480));  // 270 pixels high at this pitch: 30 lines
  PageContent content;
  for (int i = 0; i < 5; ++i) content.blocks.push_back(PictureBlock(data));
  const std::vector<PageExtent> pages = LayOutAll(content, kBox, kSoft);
  // 69 lines to a page: of the third picture on a page would be left less than two thirds.
  ASSERT_EQ(pages.size(), 3U);
  EXPECT_EQ(pages[0].end, (PagePosition{.block = 2}));
  EXPECT_EQ(pages[1].end, (PagePosition{.block = 4}));
  EXPECT_EQ(pages[0].characters, 0U);
  for (const PageExtent& page : pages) {
    const auto drawn = SharedRenderer().Draw(content, page, kSoft, {});
    ASSERT_TRUE(drawn.ok());
    EXPECT_LT(DecodePng(drawn->png).At(kMarginPx, 100), 200);
  }
}

TEST(PicturePages, APictureThatAlmostFitsIsMadeSmaller) {
  const std::string data = EncodePng(Ramp(640, 480));
  PageContent content;
  for (int i = 0; i < 2; ++i) content.blocks.push_back(PictureBlock(data));
  PageBox box = kBox;
  box.max_height = 480;  // 51 lines: 21 of the second picture's 30
  EXPECT_EQ(LayOutAll(content, box, kSoft).size(), 1U);
  box.max_height = 448;  // 47 lines: 17
  EXPECT_EQ(LayOutAll(content, box, kSoft).size(), 2U);
}

TEST(PicturePages, EveryPageHoldsSomething) {
  PageContent content = TextPictureText(EncodePng(Ramp(1000, 1000)));
  content.blocks.push_back(PictureBlock(EncodePng(Ramp(1, 900))));
  content.blocks.push_back(PictureBlock(EncodePng(Ramp(900, 1))));
  for (const int height : {27, 40, 64, 100}) {
    const PageBox box{.width = 40, .min_height = 0, .max_height = height};
    for (const PageExtent& page : LayOutAll(content, box, kSoft)) {
      EXPECT_TRUE(SharedRenderer().Draw(content, page, kSoft, {}).ok());
    }
  }
}

TEST(PicturePages, WhatCannotBeDecodedKeepsItsPlaceAndSaysSo) {
  std::string data = EncodePng(Ramp(320, 240));
  const PageContent good = TextPictureText(data);
  data.resize(data.size() / 2);
  const PageContent bad = TextPictureText(data);
  const auto extent = SharedRenderer().LayOut(good, {}, kBox, kSoft);
  const auto bad_extent = SharedRenderer().LayOut(bad, {}, kBox, kSoft);
  ASSERT_TRUE(extent.ok() && bad_extent.ok());
  EXPECT_EQ(extent->height, bad_extent->height);
  const Picture page = DecodePng(DrawAll(bad).png);
  const int top = kMarginPx + 2 * kSoft.line_pitch_px;
  EXPECT_LT(page.At(kMarginPx, top + 50), 255) << "the frame";
  EXPECT_EQ(page.At(kMarginPx + 1, top + 50), 255);
  const int height = 240 * kSoft.line_pitch_px / 16;
  EXPECT_LT(page.At(kMarginPx, top + height - 1), 255);
  EXPECT_EQ(page.At(kMarginPx, top + height), 255) << "the frame ends";
  EXPECT_EQ(page.At(kMarginPx, top + height + 1), 255);
  int ink = 0;
  for (int y = top + 1; y < top + 9; ++y) {
    for (int x = kMarginPx + 1; x < kMarginPx + 60; ++x) ink += page.At(x, y) < 200 ? 1 : 0;
  }
  EXPECT_GT(ink, 20) << "the words";
}

// 180 by 135 pixels at this pitch, of the ink of a mark; only its upper left corner has words.
TEST(PicturePages, TheFrameOfWhatCannotBeDecodedIsALineAllAround) {
  std::string data = EncodePng(Ramp(320, 240));
  data.resize(data.size() / 2);
  const Picture page = DecodePng(DrawAll(TextPictureText(data)).png);
  constexpr int kWidth = 180;
  constexpr int kHeight = 135;
  constexpr int kInk = 255 - 0x22;
  const int top = kMarginPx + 2 * kSoft.line_pitch_px;
  for (int y = -1; y < kHeight; ++y) {
    for (int x = -1; x <= kWidth; ++x) {
      if (x < 90 && y < 12) continue;
      const bool outside = x < 0 || x == kWidth || y < 0;
      const bool frame = x == 0 || x == kWidth - 1 || y == 0 || y == kHeight - 1;
      ASSERT_EQ(page.At(kMarginPx + x, top + y), frame && !outside ? kInk : 255) << x << " " << y;
    }
  }
}

// Of 15 lines, on a page that holds as many: what the extent promises besides is not drawn over the
// margin.
TEST(PicturePages, NothingIsDrawnBelowTheLastLine) {
  PageContent content;
  content.blocks.push_back(PictureBlock(EncodePng(Ramp(320, 240))));
  content.blocks.push_back(Body(Utf8({0xE000})).blocks[0]);
  for (const int lines : {15, 16}) {
    const PageExtent extent{.end = {.block = 2}, .width = 640, .height = 8 + (1 + lines) * 9};
    const auto page = SharedRenderer().Draw(content, extent, kSoft, {});
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->missing_glyphs, lines == 16 ? 1U : 0U);
  }
}

TEST(PicturePages, NoPageTakesLongToDecode) {
  PageContent content = Body("before");
  // Five lines each, for a quarter of what a page may decode.
  const ImageSize large = {.width = 16384, .height = 2048};
  const auto data = std::make_shared<const std::string>("not decoded here");
  for (int i = 0; i < 30; ++i) {
    content.blocks.push_back({.seq = 1, .picture = {.size = large, .data = data}});
  }
  size_t most = 0;
  for (const PageExtent& page : LayOutAll(content, kBox, kSoft)) {
    most = std::max(most, page.end.block - std::max<size_t>(page.begin.block, 1));
  }
  EXPECT_EQ(most, kMaxPicturePixelsOfPage / (int64_t{large.width} * large.height));
}

TEST(PicturePages, WhatNobodyWantsEndsBeforeTheNextPicture) {
  PageContent content = Body("before");
  const std::string data = EncodePng(Ramp(300, 30));
  for (int i = 0; i < 5; ++i) content.blocks.push_back(PictureBlock(data));
  const auto extent = SharedRenderer().LayOut(content, {}, kBox, kSoft);
  ASSERT_EQ(extent->end, (PagePosition{.block = content.blocks.size()}));
  int asked = 0;
  const auto page = SharedRenderer().Draw(content, *extent, kSoft, {}, [&] {
    return ++asked < 3 ? absl::OkStatus() : absl::CancelledError("the client went away");
  });
  EXPECT_EQ(page.status(), absl::CancelledError("the client went away"));
  EXPECT_EQ(asked, 3) << "once for each picture";
}

TEST(PicturePages, WhatNobodyWantsEndsWithinAPicture) {
  const RgbaImage image = Plain(2048, 1536, 10, 20, 30, 255);
  const GifOptions canvas = {.canvas_width = 2048, .canvas_height = 1536};
  for (const std::string& data :
       {EncodePng(image), EncodePng(image, true), EncodeJpeg(image), EncodeJpeg(image, true),
        EncodeWebp(image, true), EncodeGif(image, canvas)}) {
    int asked = 0;
    DecodingWatch watch(
        [&] { return ++asked == 1 ? absl::OkStatus() : absl::DeadlineExceededError("too late"); });
    EXPECT_EQ(DecodePicture(data, {200, 150}, &watch).status().code(),
              absl::StatusCode::kDeadlineExceeded)
        << data.substr(0, 4);
    EXPECT_EQ(asked, 2) << data.substr(0, 4);
  }
}

TEST(PicturePages, TheSameBytesOnEveryThread) {
  std::vector<PageContent> contents;
  contents.push_back(TextPictureText(EncodeJpeg(Ramp(900, 500), true)));
  contents.push_back(TextPictureText(EncodeWebp(Ramp(900, 500), false)));
  contents.push_back(TextPictureText(EncodePng(Ramp(900, 500))));
  std::vector<std::string> alone;
  for (const PageContent& content : contents) alone.push_back(DrawAll(content).png);
  std::vector<std::vector<std::string>> together(4);
  std::vector<std::thread> threads;
  for (auto& pngs : together) {
    threads.emplace_back([&] {
      for (const PageContent& content : contents) pngs.push_back(DrawAll(content).png);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& pngs : together) EXPECT_EQ(pngs, alone);
}

// Blocks that are joined: a change of style alone.
TEST(JoinedBlocks, OfOneStyleAreDrawnAsOneText) {
  const std::string text = "One line,\n  indented  twice\n\nand **bold** words; the end.";
  const std::string whole = DrawAll(Body(text)).png;
  // Behind "the" the pen is no further than before the space, so any place will do.
  for (size_t cut = 1; cut < text.size(); ++cut) {
    if (text[cut - 1] == ' ' && text[cut] == ' ') continue;  // two spaces are one mark
    PageContent content = Body(text.substr(0, cut));
    content.blocks.push_back(Body(text.substr(cut)).blocks[0]);
    content.blocks[1].joined = true;
    EXPECT_EQ(DrawAll(content).png, whole) << cut;
    content.blocks[1].joined = false;
    EXPECT_NE(DrawAll(content).png, whole) << cut;
  }
}

TEST(JoinedBlocks, AreNoPlaceToEndALine) {
  std::string text;
  PageContent content;
  for (int i = 0; i < 200; ++i) {
    content.blocks.push_back(Body(i % 2 == 0 ? "plain " : "joi").blocks[0]);
    content.blocks.push_back(Body(i % 2 == 0 ? "joi" : "ned ").blocks[0]);
  }
  for (size_t i = 1; i < content.blocks.size(); ++i) content.blocks[i].joined = true;
  const Metrics metrics(*SharedParts().table, 9);
  const Typesetter typesetter{*SharedParts().table, *SharedParts().shaper, metrics};
  const PagePosition end = {.block = content.blocks.size()};
  for (int width = 900; width < 1000; width += 7) {
    const Stream stream{.content = content, .begin = {}, .end = end, .width = width * kPixel};
    LineBreaker breaker(typesetter, stream);
    for (PagePosition at; at < end;) {
      at = breaker.EndOfLine(at);
      const bool at_word = at.byte == 0 && content.blocks[at.block - 1].text.back() == ' ';
      EXPECT_TRUE(at_word || at == end) << width << ": " << at.block << " " << at.byte;
    }
  }
}

}  // namespace
}  // namespace fovea::render
