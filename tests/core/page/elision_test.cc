#include "core/page/elision.h"

#include <gtest/gtest.h>

#include "core/base/utf8.h"
#include "core/page/page.h"

namespace fovea {
namespace {

std::string Words(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += "w" + std::to_string(i) + " ";
  return text;
}

Turn Result(std::string text, bool is_error = false) {
  return {.seq = 57,
          .role = Role::kTool,
          .parts = {ToolResultPart{"c", {TextPart{std::move(text)}}, is_error}}};
}

PageContent ContentOf(const Turn& turn, const Elision& elision) {
  PageContent content;
  AppendTurnToPage(turn, elision, &content);
  return content;
}

// What is drawn and what is counted as left out are the whole turn.
void ExpectAllAccountedFor(const Turn& turn, const Elision& elision) {
  const PageContent content = ContentOf(turn, elision);
  EXPECT_EQ(content.elided_characters, ElidedCharacters(turn, elision));
  uint64_t shown = 0;
  for (const PageBlock& block : content.blocks) {
    EXPECT_TRUE(IsWellFormedUtf8(block.text));
    if (block.style != PageBlock::Style::kLabel) shown += CountCharacters(block.text);
  }
  const uint64_t marks = std::holds_alternative<ToolCallPart>(turn.parts[0]) ? 3 : 0;  // "→ x "
  EXPECT_EQ(shown + content.elided_characters, TurnCharacters(turn) + marks);
}

TEST(Elision, LeavesOutTheMiddleOfALongResultWithItsCount) {
  const Turn turn = Result(Words(1'000));
  const PageContent content = ContentOf(turn, {.bulk = true});
  ASSERT_EQ(content.blocks.size(), 4U);
  EXPECT_TRUE(content.blocks[1].text.starts_with("w0 w1 "));
  EXPECT_EQ(content.blocks[2].style, PageBlock::Style::kLabel);
  EXPECT_EQ(content.blocks[2].text, "… 4,529 characters left out: recall #57 …");
  EXPECT_TRUE(content.blocks[3].text.ends_with("w998 w999 "));
  EXPECT_TRUE(content.blocks[3].text.starts_with("w")) << "cut at a space";
  ExpectAllAccountedFor(turn, {.bulk = true});
}

TEST(Elision, KeepsWhatIsShort) {
  for (const Turn& turn :
       {Result(Words(80)), Turn{.seq = 3, .role = Role::kUser, .parts = {TextPart{Words(900)}}},
        Turn{.seq = 3, .role = Role::kAssistant, .parts = {TextPart{Words(300)}}}, Result("")}) {
    EXPECT_EQ(ElidedCharacters(turn, {.bulk = true}), 0U);
  }
  EXPECT_EQ(ElidedCharacters(Result(Words(1'000)), {}), 0U);
}

TEST(Elision, KeepsMoreOfAnError) {
  const Elision gist{.bulk = true};
  EXPECT_LT(ElidedCharacters(Result(Words(1'000), true), gist),
            ElidedCharacters(Result(Words(1'000)), gist));
}

TEST(Elision, OfASupersededResultKeepsTheBeginningAlone) {
  const Turn turn = Result(Words(1'000));
  const Elision superseded{.superseded = {{.seq = 57, .part = 0}}};
  const PageContent content = ContentOf(turn, superseded);
  ASSERT_EQ(content.blocks.size(), 3U);
  EXPECT_LT(content.blocks[1].text.size(), 120U);
  ExpectAllAccountedFor(turn, superseded);
  EXPECT_EQ(ElidedCharacters(turn, {.superseded = {{.seq = 56, .part = 0}}}), 0U);
}

TEST(Elision, CutsBetweenCharactersOfAnyScript) {
  for (const char* character : {"é", "中", "🙂", "\xFF", "a\xCC\x81"}) {
    std::string text;
    for (int i = 0; i < 3'000; ++i) text += character;
    const Turn turn = Result(text);
    const PageContent content = ContentOf(turn, {.bulk = true});
    uint64_t shown = 0;
    for (const PageBlock& block : content.blocks) {
      if (block.style != PageBlock::Style::kLabel) shown += CountCharacters(block.text);
    }
    EXPECT_EQ(shown + content.elided_characters, CountCharacters(text)) << character;
    EXPECT_GE(shown, 360U);
    EXPECT_LE(shown, 480U);
  }
}

TEST(Elision, CutsCallsAndTheAgentsEssays) {
  const Turn call{.seq = 4,
                  .role = Role::kAssistant,
                  .parts = {ToolCallPart{"c", "x", "{\"text\": \"" + Words(500) + "\"}"}}};
  EXPECT_GT(ElidedCharacters(call, {.bulk = true}), 1'000U);
  const Turn essay{.seq = 4, .role = Role::kAssistant, .parts = {TextPart{Words(2'000)}}};
  EXPECT_GT(ElidedCharacters(essay, {.bulk = true}), 5'000U);
  ExpectAllAccountedFor(essay, {.bulk = true});
}

// What a tool says in a text of its own, rather than in a result, is cut as a result is.
TEST(Elision, CutsAToolsWordsAsItsResults) {
  const std::string text = Words(1'000);
  const Turn words{.seq = 57, .role = Role::kTool, .parts = {TextPart{text}}};
  EXPECT_EQ(ElidedCharacters(words, {.bulk = true}),
            ElidedCharacters(Result(text), {.bulk = true}));
  const Turn user{.seq = 57, .role = Role::kUser, .parts = {TextPart{text}}};
  EXPECT_LT(ElidedCharacters(user, {.bulk = true}), ElidedCharacters(words, {.bulk = true}));
}

// Lengths are characters, not bytes: text of three bytes a character is cut no sooner.
TEST(Elision, CountsCharacters) {
  constexpr size_t kKept = 240 + 120;
  constexpr size_t kMin = 100;
  for (const char* character : {"x", "é", "中"}) {
    std::string text;
    for (size_t i = 0; i < kKept + kMin - 1; ++i) text += character;
    EXPECT_EQ(ElidedCharacters(Result(text), {.bulk = true}), 0U) << character;
    text += character;
    EXPECT_EQ(ElidedCharacters(Result(text), {.bulk = true}), kMin) << character;
  }
}

}  // namespace
}  // namespace fovea
