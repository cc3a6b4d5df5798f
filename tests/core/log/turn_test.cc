#include "core/log/turn.h"

#include <gtest/gtest.h>

#include "core/base/sha256.h"
#include "core/base/utf8.h"
#include "core/log/part_text.h"
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

TEST(Turn, TextIsThatOfDocumentsToo) {
  const DocumentPart pdf{.media_type = "application/pdf", .data = "%PDF", .context = "May. "};
  const DocumentPart text{.media_type = "text/plain", .data = "words. "};
  const SearchResultPart found{.source = "s", .title = "t", .text = {"first. ", "second. "}};
  const Turn turn{.role = Role::kAssistant,
                  .parts = {pdf, text, found, RefusalPart{"No. "},
                            AudioPart{.media_type = "audio/wav", .data = "R", .transcript = "Hi. "},
                            ToolResultPart{"c", {text, found, pdf, ToolReferencePart{"grep"}}}}};
  const std::string all = "May. words. first. second. No. Hi. words. first. second. May. ";
  EXPECT_EQ(TurnText(turn), all);
  EXPECT_EQ(TurnCharacters(turn), all.size());
}

struct NoteCase {
  const char* name;
  std::string note;
  std::string expected;
};

class PartNotes : public ::testing::TestWithParam<NoteCase> {};

TEST_P(PartNotes, SayWhatItWas) { EXPECT_EQ(GetParam().note, GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    All, PartNotes,
    ::testing::Values(
        NoteCase{"Image", ImageNote({"image/png", "abc"}), "[image: image/png, 3 bytes]"},
        NoteCase{"Pdf", DocumentNote({"application/pdf", "a\nb.pdf", "1234"}),
                 "[document: application/pdf, \"a b.pdf\", 4 bytes]"},
        NoteCase{"Address", DocumentNote({.uri = "file_1"}), "[document: unknown type, file_1]"},
        NoteCase{"LongName", DocumentNote({"text/plain", std::string(199, 'x') + "éé", ""}),
                 "[document: text/plain, \"" + std::string(199, 'x') + "…\", 0 bytes]"},
        NoteCase{"Search", SearchResultNote({"https://x", "X"}), "[search result: X, https://x]"},
        NoteCase{"Tool", ToolReferenceNote({"grep"}), "[tool: grep]"},
        NoteCase{"Audio", AudioNote({"audio/wav", "RIFF", ""}), "[audio: audio/wav, 4 bytes]"},
        NoteCase{"Transcript", AudioNote({"audio/wav", "RIFF", "x"}),
                 "[audio: audio/wav, 4 bytes; transcript follows]"},
        NoteCase{"Opaque", OpaqueNote({"openai.reasoning", "12"}),
                 "[openai.reasoning block, 2 bytes]"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Turn, DocumentsAreDrawnAsTextOrNoted) {
  const DocumentPart text{.media_type = "text/plain", .name = "n", .data = "words"};
  const DocumentPart pdf{.media_type = "application/pdf", .data = "%PDF"};
  PageContent content;
  AppendTurnToPage({.seq = 3,
                    .role = Role::kUser,
                    .parts = {text, pdf, SearchResultPart{"s", "t", {"found"}},
                              ToolResultPart{"c", {text}, true}}},
                   {}, &content);
  std::vector<std::string> drawn;
  for (const PageBlock& block : content.blocks) drawn.push_back(block.text);
  EXPECT_EQ(drawn, (std::vector<std::string>{"#3 user", "[document: text/plain, \"n\", 5 bytes]",
                                             "words", "[document: application/pdf, 4 bytes]",
                                             "[search result: t, s]", "found",
                                             "[document: text/plain, \"n\", 5 bytes]", "words"}));
  EXPECT_EQ(content.blocks.back().style, PageBlock::Style::kError);
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
