#include "core/log/turn.h"

#include <gtest/gtest.h>

#include "core/base/sha256.h"
#include "core/base/utf8.h"
#include "core/page/page.h"

namespace fovea {
namespace {

TEST(Utf8, IllFormedBytesAreSingleCharacters) {
  struct Case {
    const char* name;
    std::string text;
    uint64_t characters;
    std::string well_formed;
  };
  const Case cases[] = {
      {"ascii", "abc", 3, "abc"},
      {"two to four bytes", "é值😀", 3, "é值😀"},
      {"lone continuation", "a\x80z", 3, "a\\x80z"},
      {"cut off", "\xE5\x80", 2, "\\xE5\\x80"},
      {"overlong", "\xC0\xAF", 2, "\\xC0\\xAF"},
      {"surrogate", "\xED\xA0\xBD", 3, "\\xED\\xA0\\xBD"},
      {"past the last code point", "\xF4\x90\x80\x80", 4, "\\xF4\\x90\\x80\\x80"},
      {"nul", std::string("a\0b", 3), 3, std::string("a\0b", 3)},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    EXPECT_EQ(CountCharacters(test.text), test.characters);
    EXPECT_EQ(MakeWellFormed(test.text), test.well_formed);
    EXPECT_EQ(IsWellFormedUtf8(test.text), test.text == test.well_formed);
  }
}

TEST(Utf8, CharacterStartFindsTheBeginning) {
  const std::string text = "a值\xE5\x80z";
  const size_t starts[] = {0, 1, 1, 1, 4, 5, 6};
  for (size_t at = 0; at < text.size(); ++at) EXPECT_EQ(CharacterStart(text, at), starts[at]);
}

TEST(Turn, TextIsItsTextsAndResults) {
  const Turn turn{.role = Role::kUser,
                  .parts = {TextPart{"one "}, ToolCallPart{"c", "name", "{}"},
                            ToolResultPart{"c", {TextPart{"two"}, ImagePart{"image/png", "x"}}},
                            OpaquePart{"anthropic.thinking", "hidden"}}};
  EXPECT_EQ(TurnText(turn), "one two");
  EXPECT_EQ(TurnCharacters(turn), 4 + 3 + 4 + 2);
}

TEST(Sha256, MatchesThePublishedVector) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 prefix;
  prefix.Update("ab");
  Sha256 copy = prefix;
  EXPECT_EQ(copy.Update("c").HexDigest(), Sha256Hex("abc"));
  EXPECT_EQ(prefix.HexDigest(), Sha256Hex("ab"));
}

TEST(PageId, DependsOnAllThatIsDrawn) {
  PageContent content;
  AppendTurnToPage(
      {.seq = 3, .role = Role::kTool, .parts = {ToolResultPart{"c", {TextPart{"all fine"}}}}}, {},
      &content);
  ASSERT_EQ(content.blocks.size(), 2);
  EXPECT_EQ(content.blocks[0].text, "#3 tool");
  const PageExtent extent{.end = {.block = 2}, .width = 100, .height = 50};
  const PageTypography typography{.line_pitch_px = 9};
  const std::string id = PageId("v1", content, extent, typography, {"header"});
  EXPECT_EQ(id.size(), 64);
  EXPECT_EQ(id, PageId("v1", content, extent, typography, {"header"}));

  PageContent other = content;
  other.blocks[1].text = "all fime";
  PageExtent shorter = extent;
  shorter.end = {.block = 1, .byte = 5};
  PageTypography larger = typography;
  larger.line_pitch_px = 10;
  EXPECT_NE(id, PageId("v2", content, extent, typography, {"header"}));
  EXPECT_NE(id, PageId("v1", other, extent, typography, {"header"}));
  EXPECT_NE(id, PageId("v1", content, shorter, typography, {"header"}));
  EXPECT_NE(id, PageId("v1", content, extent, larger, {"header"}));
  EXPECT_NE(id, PageId("v1", content, extent, typography, {"another"}));
}

}  // namespace
}  // namespace fovea
