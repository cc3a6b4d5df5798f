// Goldens: what Fovea says is part of the served bytes, and of what a reader was measured with.
#include "core/voice/notes.h"

#include <gtest/gtest.h>

#include "core/reader/reader_profile.h"

namespace fovea {
namespace {

std::string Repeated(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST(Notes, OfPages) {
  EXPECT_EQ(PageTitle({12, 57}, "soft", false), "#12–#57 · soft");
  EXPECT_EQ(PageTitle({12, 12}, "trace", true), "#12 · trace · gist");
}

// It stands before the first page, and does not say what follows: that may grow.
TEST(Notes, OfHowPagesAreRead) {
  EXPECT_STREQ(
      kLegend,
      "[Older turns follow on pages, oldest first. White on black is Fovea's: #57 starts turn 57. "
      "A grey block ends a line; a bar after it is 4 spaces, a lower one fewer, a broad one 16. "
      "Bold: a user's words, errors. Small text misleads: copy out what matters before you reason "
      "on it; recall #n gives exact text.]");
  EXPECT_STREQ(kShortLegend,
               "[Older turns on pages: #57 starts turn 57, white on black is a note. Recall #n for "
               "exact text.]");
}

TEST(Notes, OfExactStrings) {
  EXPECT_EQ(SidecarNote({3, 9}, "#4 src/a.cc\n"), "[Exact strings of turns #3–#9]\n#4 src/a.cc\n");
  EXPECT_EQ(SidecarNote({3, 9}, ""), "");
}

TEST(Notes, OfLatentTurns) {
  EXPECT_EQ(LatentNote(40, {3, 50}, ""),
            "[40 turns between #3 and #50 are not shown: recall #n, or search by "
            "words.]");
  EXPECT_EQ(LatentNote(40, {3, 50}, "#4 abc\n"),
            "[40 turns between #3 and #50 are not shown: recall #n, or search by "
            "words.]\n[Exact strings of them]\n#4 abc\n");
  EXPECT_EQ(LatentNote(0, {3, 50}, "#4 abc\n"), "");
}

TEST(Notes, OfResults) {
  EXPECT_STREQ(kUnansweredCallNote, "[its result had not come when the conversation went on]");
  EXPECT_EQ(OrphanResultNote({.seq = 57}, ""), "[#57: what a tool gave]");
  EXPECT_EQ(OrphanResultNote({.seq = 57}, "call_1"), "[#57: the result of call call_1]");
  EXPECT_EQ(DrawnResultNote(57, 1),
            "[#57: this result is drawn on 1 page. Recall #57 for its exact text.]");
  EXPECT_EQ(DrawnResultNote(57, 3),
            "[#57: this result is drawn on 3 pages. Recall #57 for its exact text.]");
}

TEST(Notes, OfTurnsAsText) {
  const Turn turn{.seq = 4,
                  .role = Role::kAssistant,
                  .parts = {TextPart{"Look."}, ToolCallPart{"c", "run", "{\"command\": \"ls\"}"}}};
  const std::string note = TurnNote(turn);
  EXPECT_EQ(note.substr(0, note.find('\n')), "#4 assistant");
  EXPECT_NE(note.find("Look."), std::string::npos);
  EXPECT_NE(note.find("ls"), std::string::npos);
  const auto shared = std::make_shared<const Turn>(turn);
  EXPECT_EQ(TurnsNote({shared, shared}, {}), note + "\n" + note);
}

// An id is cut between characters, never within one.
TEST(Notes, ALongIdIsCutBetweenCharacters) {
  EXPECT_EQ(OrphanResultNote({.seq = 57}, "x" + Repeated("é", 99)),
            "[#57: the result of call x" + Repeated("é", 11) + "]");
  EXPECT_EQ(OrphanResultNote({.seq = 57}, Repeated("c", 24)),
            "[#57: the result of call " + Repeated("c", 24) + "]");
}

// The prices are bounds for every reader, however long a session is.
TEST(Notes, CostNoMoreThanIsSaid) {
  constexpr uint64_t kLargeSeq = 999'999'999;
  const ReaderCatalogue readers = *BuiltInReaders();
  for (const ReaderProfile& reader : readers.profiles()) {
    const TokenCounter counter(reader);
    for (const std::string& id :
         {std::string(), std::string(500, '7'), std::string(500, '\x01'), Repeated("é", 99),
          Repeated("\U0001F9FF", 99), Repeated("toolu_01H9xQ", 9)}) {
      EXPECT_LE(counter.Text(OrphanResultNote({.seq = kLargeSeq}, id)), kOrphanNoteTokens)
          << reader.name << " " << id;
    }
    EXPECT_LE(TokenCounter::kMessageTokens + counter.Text(DrawnResultNote(kLargeSeq, 99)),
              kDrawnNoteTokens)
        << reader.name;
    EXPECT_EQ(UnansweredCallTokens(counter),
              TokenCounter::kResultTokens + counter.Text(kUnansweredCallNote));
  }
}

}  // namespace
}  // namespace fovea
