#include <gtest/gtest.h>

#include <string>

#include "core/page/page.h"
#include "core/page/picture_size.h"
#include "tests/support/pictures.h"

namespace fovea {
namespace {

using ::fovea::testing::PngHeader;

using Style = PageBlock::Style;

std::vector<std::pair<Style, std::string>> BlocksOf(const Turn& turn) {
  PageContent content;
  AppendTurnToPage(turn, {}, &content);
  std::vector<std::pair<Style, std::string>> blocks;
  for (const PageBlock& block : content.blocks) blocks.emplace_back(block.style, block.text);
  return blocks;
}

TEST(TurnBlocks, AnAssistantsMarkdownIsSplitByStyle) {
  const Turn turn{.seq = 5,
                  .role = Role::kAssistant,
                  .parts = {TextPart{"# Plan\nDo **this** first."}, TextPart{"**Then** that"}}};
  const std::vector<std::pair<Style, std::string>> expected = {
      {Style::kLabel, "#5 assistant"}, {Style::kHeading, "# Plan"}, {Style::kBody, "\nDo "},
      {Style::kStrong, "**this**"},    {Style::kBody, " first."},   {Style::kStrong, "**Then**"},
      {Style::kBody, " that"}};
  EXPECT_EQ(BlocksOf(turn), expected);
  PageContent content;
  AppendTurnToPage(turn, {}, &content);
  std::vector<bool> joined;
  for (const PageBlock& block : content.blocks) joined.push_back(block.joined);
  EXPECT_EQ(joined, (std::vector<bool>{false, false, true, true, true, false, true}));
}

TEST(TurnBlocks, OfOthersItIsNot) {
  for (const Role role : {Role::kUser, Role::kSystem, Role::kTool}) {
    EXPECT_EQ(BlocksOf({.seq = 1, .role = role, .parts = {TextPart{"# a **b**"}}}).size(), 2U);
  }
  const Turn result{
      .seq = 2, .role = Role::kTool, .parts = {ToolResultPart{"c", {TextPart{"# a **b**"}}, true}}};
  EXPECT_EQ(BlocksOf(result)[1], (std::pair(Style::kError, std::string("# a **b**"))));
}

TEST(TurnBlocks, TheyAreBounded) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "**a** ";
  const auto blocks = BlocksOf({.seq = 1, .role = Role::kAssistant, .parts = {TextPart{text}}});
  EXPECT_LT(blocks.size(), 5000U);
  std::string again;
  for (size_t i = 1; i < blocks.size(); ++i) again += blocks[i].second;
  EXPECT_EQ(again, text);
}

TEST(TurnBlocks, ImagesAreNotesOrPictures) {
  const auto turn = std::make_shared<const Turn>(
      Turn{.seq = 3,
           .role = Role::kTool,
           .parts = {ToolResultPart{"c", {ImagePart{"image/png", PngHeader(1280, 720)}}},
                     ImagePart{"image/png", "no picture"},
                     ImagePart{"image/png", PngHeader(60000, 60000)}}});
  EXPECT_EQ(BlocksOf(*turn)[1].second, "[image: image/png, 24 bytes]");
  PageContent content;
  AppendTurnWithPictures(turn, {}, &content);
  ASSERT_EQ(content.blocks.size(), 5U);
  EXPECT_EQ(content.blocks[1].text, "[image: image/png, 1280x720]");
  EXPECT_EQ(content.blocks[2].text, "");
  ASSERT_TRUE(content.blocks[2].IsPicture());
  EXPECT_EQ(content.blocks[2].picture.size, (ImageSize{1280, 720}));
  EXPECT_EQ(*content.blocks[2].picture.data, PngHeader(1280, 720));
  EXPECT_EQ(content.blocks[3].text, "[image: image/png, 10 bytes]");
  EXPECT_EQ(content.blocks[4].text, "[image: image/png, 24 bytes]") << "of hostile size";
}

TEST(TurnBlocks, APageIsKnownByItsPictures) {
  const auto id = [](const std::string& data) {
    PageContent content;
    AppendTurnWithPictures(
        std::make_shared<const Turn>(Turn{.seq = 3, .parts = {ImagePart{"image/png", data}}}), {},
        &content);
    const PageExtent extent{.end = {.block = content.blocks.size()}, .width = 9, .height = 9};
    return PageId("v1", content, extent, {.line_pitch_px = 9}, {});
  };
  EXPECT_EQ(id(PngHeader(20, 10)), id(PngHeader(20, 10)));
  EXPECT_NE(id(PngHeader(20, 10)), id(PngHeader(20, 10) + "x"));
}

TEST(TurnBlocks, APictureCountsAmongThePagesBytes) {
  PageContent content;
  AppendTurnWithPictures(std::make_shared<const Turn>(Turn{
                             .seq = 3, .parts = {ImagePart{"image/png", PngHeader(1280, 720)}}}),
                         {}, &content);
  PageExtent extent{.end = {.block = 3}, .width = 1092, .height = 1092};
  const PageTypography typography{.line_pitch_px = 10, .grey_bits = 4};
  const uint64_t with = EstimatePageBytes(content, extent, typography);
  extent.end = {.block = 2};
  const uint64_t without = EstimatePageBytes(content, extent, typography);
  EXPECT_NEAR(static_cast<double>(with - without), 0.37 * 800 * 450, 1);
}

// Bytes that are drawn as codes take as much of a page as those.
TEST(TurnBlocks, ACodeCountsAmongThePagesBytesAsItIsDrawn) {
  const auto bytes = [](const std::string& text) {
    PageContent content;
    content.blocks.push_back({.text = text});
    return EstimatePageBytes(content, {.end = {.block = 1}, .width = 1092, .height = 1092},
                             {.line_pitch_px = 9, .grey_bits = 4});
  };
  std::string raw;
  std::string drawn;
  for (int i = 0; i < 100; ++i) {
    raw += "a\xFF\n\u200B\x01";
    drawn += "a\\xFF\n[U+200B]^A";
  }
  EXPECT_EQ(bytes(raw), bytes(drawn));
  EXPECT_LT(bytes(drawn), bytes(drawn + raw));
}

struct SizeCase {
  ImageSize source;
  int pitch;
  int width;
  int lines;
  ImageSize drawn;
};

TEST(PictureSize, FadesWithTheLadder) {
  for (const SizeCase& test : std::vector<SizeCase>{
           {{1280, 720}, 16, 2000, 48, {1280, 720}},  // full size where the text has it
           {{1280, 720}, 10, 2000, 48, {800, 450}},
           {{1280, 720}, 7, 2000, 48, {560, 315}},
           {{1280, 720}, 40, 2000, 48, {1280, 720}},  // never enlarged
           {{1280, 720}, 10, 504, 48, {504, 284}},    // the page's width
           {{1080, 2400}, 10, 2000, 48, {216, 480}},  // the most lines
           {{1280, 720}, 10, 2000, 20, {356, 200}},   // the lines that there are
           {{1, 60000}, 9, 500, 48, {1, 432}},
           {{60000, 1}, 9, 500, 48, {500, 1}},
           {{1, 1}, 9, 500, 48, {1, 1}}}) {
    EXPECT_EQ(PictureSizeOnPage(test.source, test.pitch, test.width, test.lines), test.drawn)
        << test.source.width << "x" << test.source.height << " at " << test.pitch;
  }
}

TEST(PictureSize, LimitsWhatIsDecoded) {
  EXPECT_TRUE(DrawableSize(PngHeader(8192, 8192)).has_value());
  EXPECT_FALSE(DrawableSize(PngHeader(8192, 8193)).has_value());
  EXPECT_TRUE(DrawableSize(PngHeader(16384, 1)).has_value());
  EXPECT_FALSE(DrawableSize(PngHeader(1, 16385)).has_value());
  const auto webp = [](int side, int flags) {
    std::string data = "RIFF....WEBPVP8X....";
    data += static_cast<char>(flags);
    data += std::string(3, '\0');
    for (int i = 0; i < 2; ++i) {
      data += {static_cast<char>((side - 1) & 0xFF), static_cast<char>((side - 1) >> 8), '\0'};
    }
    return data;
  };
  EXPECT_TRUE(DrawableSize(webp(4096, 0)).has_value());
  EXPECT_FALSE(DrawableSize(webp(4097, 0)).has_value());
  EXPECT_FALSE(DrawableSize(webp(100, 2)).has_value()) << "animated";
}

}  // namespace
}  // namespace fovea
