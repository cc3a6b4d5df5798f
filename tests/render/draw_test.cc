#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/base/hidden_characters.h"
#include "core/base/sha256.h"
#include "tests/render/pages.h"

namespace fovea::render {
namespace {

constexpr PageTypography kSoft{.line_pitch_px = 9, .grey_bits = 4};

DrawnPage DrawFirst(const PageRenderer& renderer, const PageContent& content,
                    const PageTypography& typography, const std::string& header = "") {
  const auto extent = renderer.LayOut(content, {}, kBox, typography);
  EXPECT_TRUE(extent.ok()) << extent.status();
  auto page = renderer.Draw(content, *extent, typography, {.text = header});
  EXPECT_TRUE(page.ok()) << page.status();
  return *std::move(page);
}

bool IsBlank(const Picture& picture, int top, int bottom) {
  for (int y = top; y < bottom; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      if (picture.At(x, y) != 255) return false;
    }
  }
  return true;
}

const char kMixed[] =
    "int main() {\n    return 0x1fe3; // I l 1 O 0\n}\n\x1B[31merror\x1B[0m \u4F60\u597D "
    "\u0645\u0631\u062D\u0628\u0627 (1) \u0915\u094D\u0937 e\u0301 \U0001F600 \xFF\n";

class Depths : public testing::TestWithParam<int> {};

TEST_P(Depths, ShowHeaderAndText) {
  const PageTypography typography{.line_pitch_px = 10, .grey_bits = GetParam()};
  const PageContent content = Turns({kMixed, kMixed});
  const DrawnPage page = DrawFirst(SharedRenderer(), content, typography, "#1\u2013#2");
  const Picture picture = DecodePng(page.png);
  EXPECT_EQ(picture.bits, GetParam());
  EXPECT_EQ(picture.width, kBox.width);
  EXPECT_FALSE(IsBlank(picture, 0, 14));
  EXPECT_FALSE(IsBlank(picture, 14, 24));
}

INSTANTIATE_TEST_SUITE_P(All, Depths, testing::Values(1, 2, 4, 8));

TEST(Draw, MoreEffortShowsTheSameInFewerBytes) {
  const PageContent content = Turns(std::vector<std::string>(20, kMixed));
  PageTypography typography = kSoft;
  const DrawnPage fast = DrawFirst(SharedRenderer(), content, typography);
  typography.effort = PageEffort::kSmall;
  const DrawnPage small = DrawFirst(SharedRenderer(), content, typography);
  EXPECT_LT(small.png.size(), fast.png.size());
  EXPECT_EQ(DecodePng(small.png).pixels, DecodePng(fast.png).pixels);
}

TEST(Draw, TheSameBytesEveryTime) {
  const PageContent content = Turns({kMixed, kMixed});
  const DrawnPage first = DrawFirst(SharedRenderer(), content, kSoft, "head");
  for (int run = 0; run < 20; ++run) {
    EXPECT_EQ(DrawFirst(SharedRenderer(), content, kSoft, "head").png, first.png);
  }
}

// Draws pages of many scripts and sizes in an order of its own.
std::vector<std::string> DrawMany(const PageRenderer& renderer, size_t offset) {
  std::vector<std::string> pages(24);
  for (size_t i = 0; i < pages.size(); ++i) {
    const size_t page = (i * 7 + offset) % pages.size();
    std::string text = kMixed;
    for (size_t j = 0; j < 400; ++j) {
      const size_t han = 0x4E00 + (page * 400 + j) % 5000;
      text += {static_cast<char>(0xE0 | (han >> 12)), static_cast<char>(0x80 | ((han >> 6) & 63)),
               static_cast<char>(0x80 | (han & 63))};
    }
    const PageTypography typography{.line_pitch_px = 7 + static_cast<int>(page % 6),
                                    .grey_bits = page % 2 == 0 ? 4 : 8};
    pages[page] = DrawFirst(renderer, Turns({text, text}), typography, "head").png;
  }
  return pages;
}

TEST(Draw, OneThreadAndEightGiveTheSameBytes) {
  const auto alone = DrawMany(SharedRenderer(), 0);
  const auto renderer = CreateRenderer({});
  ASSERT_TRUE(renderer.ok());
  std::vector<std::vector<std::string>> results(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = DrawMany(**renderer, i * 3); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, alone);
}

TEST(Draw, AGlyphCacheThatIsAlwaysFullChangesNothing) {
  const auto tiny = CreateRenderer({.max_glyph_cache_bytes = 1});
  ASSERT_TRUE(tiny.ok());
  EXPECT_EQ(DrawMany(**tiny, 0), DrawMany(SharedRenderer(), 5));
}

struct CountCase {
  const char* name;
  std::string text;
  uint64_t missing = 0;
  uint64_t hidden = 0;
};

class Counts : public testing::TestWithParam<CountCase> {};

TEST_P(Counts, OfWhatIsNotPlainlyThere) {
  const DrawnPage page = DrawFirst(SharedRenderer(), Body(GetParam().text), kSoft);
  EXPECT_EQ(page.missing_glyphs, GetParam().missing);
  EXPECT_EQ(page.hidden_characters, GetParam().hidden);
  EXPECT_EQ(page.hidden_characters, CountHiddenCharacters(GetParam().text));
  const Picture picture = DecodePng(page.png);
  EXPECT_FALSE(IsBlank(picture, 0, picture.height)) << "drawn invisibly";
}

INSTANTIATE_TEST_SUITE_P(
    All, Counts,
    testing::Values(
        CountCase{"Plain", "abc"}, CountCase{"Newline", "\n"}, CountCase{"Tab", "\t"},
        CountCase{"Missing", "\uE000\U0010FFFF", 2, 0}, CountCase{"ZeroWidthSpace", "\u200B", 0, 1},
        CountCase{"Joiners", "\u200C\u200D", 0, 2},
        CountCase{"BidiControls", Utf8({0x202A, 0x202E, 0x2066, 0x2069, 0x200F, 0x061C}), 0, 6},
        CountCase{"Tags", "\U000E0041\U000E007F", 0, 2}, CountCase{"Terminal", "\x1B[2J\x07", 0, 2},
        CountCase{"CarriageReturn", "\r\n", 0, 1}, CountCase{"Selectors", "\uFE00\U000E0100", 0, 2},
        CountCase{"BadByte", "\xFF"}, CountCase{"Accent", "\u0301"}),
    [](const auto& test) { return test.param.name; });

TEST(Draw, HiddenTextIsSeen) {
  const auto pixels = [](const char* text) {
    return DecodePng(DrawFirst(SharedRenderer(), Body(text), kSoft).png).pixels;
  };
  EXPECT_NE(pixels("ab"), pixels("a\u200Bb"));
  EXPECT_NE(pixels("a\u200Bb"), pixels("a\u200Cb"));
  EXPECT_NE(pixels("a  b"), pixels("a   b"));
  EXPECT_NE(pixels("a\n    b"), pixels("a\n     b"));
  EXPECT_NE(pixels("a\nb"), pixels("a\n\nb"));
}

TEST(Draw, AnOverrideReordersNothing) {
  const Picture plain = DecodePng(DrawFirst(SharedRenderer(), Body("abcdef"), kSoft).png);
  const Picture spoofed =
      DecodePng(DrawFirst(SharedRenderer(), Body("abcdef" + Utf8({0x202E}) + "ghi"), kSoft).png);
  for (int y = 0; y < 26; ++y) {
    for (int x = 0; x < 24; ++x) ASSERT_EQ(plain.At(x, y), spoofed.At(x, y));
  }
}

TEST(Draw, StyleShows) {
  PageContent content = Body("some words");
  const std::string body = DrawFirst(SharedRenderer(), content, kSoft).png;
  content.blocks[0].style = PageBlock::Style::kUser;
  const std::string user = DrawFirst(SharedRenderer(), content, kSoft).png;
  content.blocks[0].style = PageBlock::Style::kLabel;
  const std::string label = DrawFirst(SharedRenderer(), content, kSoft).png;
  EXPECT_NE(body, user);
  EXPECT_NE(body, label);
  EXPECT_NE(user, label);
}

TEST(Draw, ALongHeaderIsCut) {
  const Picture picture =
      DecodePng(DrawFirst(SharedRenderer(), Body("x"), kSoft, std::string(1000, 'h')).png);
  for (int y = 0; y < picture.height; ++y) EXPECT_EQ(picture.At(picture.width - 1, y), 255);
  EXPECT_NE(picture.pixels, DecodePng(DrawFirst(SharedRenderer(), Body("x"), kSoft).png).pixels);
}

TEST(Draw, ThePageDependsOnlyOnItsOwnText) {
  PageContent content = Turns({std::string(30000, 'x') + "\u0645\u0631\u062D\u0628\u0627", "end"});
  const auto pages = LayOutAll(content, kBox, kSoft);
  ASSERT_GE(pages.size(), 2U);
  const auto before = SharedRenderer().Draw(content, pages[0], kSoft, {});
  content.blocks[1].text.replace(pages[0].end.byte, std::string::npos, "\u0628 other");
  const auto after = SharedRenderer().Draw(content, pages[0], kSoft, {});
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(before->png, after->png);
}

// A letter that ends a page may be wider there than LayOut found it: it is drawn all the same.
TEST(Draw, TheLastLineTakesAllThatIsLeft) {
  const PageContent content = Body(std::string(20, 'n') + Utf8({0xE000}));
  const PageExtent one_line{.end = {.block = 1}, .width = 60, .height = 8 + 2 * 9};
  const auto page = SharedRenderer().Draw(content, one_line, kSoft, {});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->missing_glyphs, 1U);
}

TEST(Draw, RejectsAnExtentThatDoesNotFit) {
  const PageContent content = Body("text");
  const auto good = SharedRenderer().LayOut(content, {}, kBox, kSoft);
  ASSERT_TRUE(good.ok());
  const auto code = [&](auto&& change) {
    PageExtent extent = *good;
    change(extent);
    return SharedRenderer().Draw(content, extent, kSoft, {}).status().code();
  };
  EXPECT_EQ(code([](PageExtent&) {}), absl::StatusCode::kOk);
  EXPECT_EQ(code([](PageExtent& e) { e.end = {7, 0}; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](PageExtent& e) { e.end = e.begin; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](PageExtent& e) { e.begin = {0, 9}; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](PageExtent& e) { e.height = 5; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](PageExtent& e) { e.width = -5; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](PageExtent& e) { e.height = 1 << 20; }), absl::StatusCode::kInvalidArgument);
}

TEST(Create, ChecksItsOptions) {
  EXPECT_EQ(CreateRenderer({.font_root = "/nonexistent"}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(Create, TheVersionKnowsWhatChangesBytes) {
  const auto other = CreateRenderer({.typeface = {.borrowed = "I0"}});
  ASSERT_TRUE(other.ok());
  EXPECT_NE((*other)->Version(), SharedRenderer().Version());
  EXPECT_THAT(SharedRenderer().Version(), testing::HasSubstr("freetype"));
}

}  // namespace
}  // namespace fovea::render
