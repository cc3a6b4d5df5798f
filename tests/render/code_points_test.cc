#include "render/code_points.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

using Kind = CodePoint::Kind;

struct KindCase {
  const char* name;
  char32_t code_point;
  Kind kind;
};

class CodePointKind : public testing::TestWithParam<KindCase> {};

TEST_P(CodePointKind, IsAsExpected) {
  for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
    const CodePoint& found = SharedParts().table->Find(weight, GetParam().code_point);
    EXPECT_EQ(found.kind, GetParam().kind);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, CodePointKind,
    testing::Values(
        KindCase{"Letter", 'a', Kind::kSimple}, KindCase{"Accented", 0xE9, Kind::kSimple},
        KindCase{"Cyrillic", 0x0416, Kind::kSimple}, KindCase{"Han", 0x4F60, Kind::kSimple},
        KindCase{"Hangul", 0xD55C, Kind::kSimple}, KindCase{"FirstHangul", 0xAC00, Kind::kSimple},
        KindCase{"LastHangul", 0xD7A3, Kind::kSimple},
        KindCase{"HangulPart", 0x1100, Kind::kComplex}, KindCase{"Emoji", 0x1F600, Kind::kSimple},
        KindCase{"Hebrew", 0x05D0, Kind::kSimple}, KindCase{"Arabic", 0x0628, Kind::kComplex},
        KindCase{"Devanagari", 0x0915, Kind::kComplex}, KindCase{"Thai", 0x0E01, Kind::kComplex},
        KindCase{"Acute", 0x0301, Kind::kExtender},
        KindCase{"DevanagariVowelSign", 0x093F, Kind::kExtender},
        KindCase{"NoBreakSpace", 0xA0, Kind::kSimple}, KindCase{"Escape", 0x1B, Kind::kHidden},
        KindCase{"C1", 0x9B, Kind::kHidden}, KindCase{"SoftHyphen", 0xAD, Kind::kHidden},
        KindCase{"ZeroWidthSpace", 0x200B, Kind::kHidden},
        KindCase{"Override", 0x202E, Kind::kHidden}, KindCase{"Isolate", 0x2066, Kind::kHidden},
        KindCase{"LineSeparator", 0x2028, Kind::kHidden},
        KindCase{"ByteOrderMark", 0xFEFF, Kind::kHidden},
        KindCase{"HangulFiller", 0x3164, Kind::kHidden},
        KindCase{"BrailleBlank", 0x2800, Kind::kHidden},
        KindCase{"VariationSelector", 0xFE0F, Kind::kHidden},
        KindCase{"IdeographicSelector", 0xE0100, Kind::kHidden},
        KindCase{"Tag", 0xE0041, Kind::kHidden}, KindCase{"PrivateUse", 0xE000, Kind::kMissing},
        KindCase{"Noncharacter", 0xFFFF, Kind::kMissing},
        KindCase{"Last", 0x10FFFF, Kind::kMissing}),
    [](const auto& test) { return test.param.name; });

TEST(CodePoints, CapitalIDoesNotLookLikeL) {
  for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
    const CodePoint& i = SharedParts().table->Find(weight, 'I');
    const CodePoint& l = SharedParts().table->Find(weight, 'l');
    EXPECT_EQ(i.face, SharedParts().fonts->Lender(weight));
    EXPECT_NE(i.face, l.face);
    EXPECT_GT(i.advance, l.advance);
  }
}

TEST(CodePoints, OnlyWhatIsBorrowedComesFromTheLender) {
  const auto fonts = FontSet::Load("/usr/share/fonts", {.borrowed = "("});
  ASSERT_TRUE(fonts.ok());
  const CodePointTable table(**fonts);
  for (char32_t c = 0x21; c < 0x7F; ++c) {
    const bool borrowed =
        table.Find(Weight::kRegular, c).face == (*fonts)->Lender(Weight::kRegular);
    EXPECT_EQ(borrowed, c == '(') << static_cast<char>(c);
  }
  EXPECT_NE((*fonts)->digest(), SharedParts().fonts->digest());
}

TEST(CodePoints, EveryCodePointCanBeAsked) {
  size_t drawn = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const CodePoint& found = SharedParts().table->Find(Weight::kRegular, c);
    if (found.kind == Kind::kSimple) {
      ++drawn;
      EXPECT_GT(found.advance, 0) << std::hex << static_cast<uint32_t>(c);
    }
  }
  EXPECT_GT(drawn, 40000U);
}

TEST(CodePoints, ThreadsFillTheSameTable) {
  const CodePointTable table(*SharedParts().fonts);
  std::vector<std::thread> threads;
  std::array<std::vector<const CodePoint*>, 8> found;
  threads.reserve(found.size());
  for (auto& mine : found) {
    threads.emplace_back([&table, &mine] {
      for (char32_t c = 0; c < 0x3000; c += 7) mine.push_back(&table.Find(Weight::kRegular, c));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : found) EXPECT_EQ(mine, found[0]);
}

TEST(Fonts, MissingFontNamesItsPackage) {
  const auto fonts = FontSet::Load("/nonexistent");
  EXPECT_EQ(fonts.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(fonts.status().message().find("fonts-b612"), std::string::npos);
}

}  // namespace
}  // namespace fovea::render
