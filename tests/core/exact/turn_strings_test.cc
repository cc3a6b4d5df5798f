#include "core/exact/turn_strings.h"

#include <string>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/exact/sidecar.h"

namespace fovea {
namespace {

Turn TextTurn(uint64_t seq, const std::string& text) {
  Turn turn;
  turn.seq = seq;
  turn.parts.emplace_back(TextPart{text});
  return turn;
}

std::string Hashes(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) absl::StrAppend(&text, absl::Hex(0xABCDE0000 + i), " ");
  return text;
}

TEST(TurnStrings, ACollectorTakesThemAsItTakesTheTurns) {
  const std::vector<Turn> turns = {TextTurn(3, "id=a1b2c3 and 1a2b3c4d, a1b2c3"), TextTurn(4, ""),
                                   TextTurn(5, "sum: 1a2b3c4d a1b2c3 src/a_1.cc src/a_1.cc")};
  TurnStrings strings;
  for (int round = 0; round < 2; ++round) {
    ExactStringCollector of_turns;
    ExactStringCollector of_strings;
    for (const Turn& turn : turns) {
      of_turns.Add(turn);
      of_strings.Add(strings.Of(turn));
    }
    EXPECT_EQ(of_strings.strings(), of_turns.strings());
  }
}

TEST(TurnStrings, WhatIsKeptIsNotLookedAtAgain) {
  TurnStrings strings;
  strings.Of(TextTurn(3, "a1b2c3"));
  EXPECT_EQ(strings.Of(TextTurn(3, "other")).size(), 1U);
}

TEST(TurnStrings, TheOldestGoAndNoneComesInTheirPlace) {
  TurnStrings strings;
  const size_t half = TurnStrings::kMaxWeight / 2 - 1;
  for (const uint64_t seq : {2, 3}) strings.Of(TextTurn(seq, Hashes(half)));
  EXPECT_EQ(strings.weight(), TurnStrings::kMaxWeight);
  EXPECT_EQ(strings.Of(TextTurn(1, Hashes(1))).size(), 1U);
  EXPECT_TRUE(strings.Of(TextTurn(1, "")).empty());
  EXPECT_EQ(strings.Of(TextTurn(4, Hashes(1))).size(), 1U);
  EXPECT_EQ(strings.weight(), half + 1 + 2);
  EXPECT_EQ(strings.Of(TextTurn(3, "")).size(), half);
  EXPECT_TRUE(strings.Of(TextTurn(2, "")).empty());
}

TEST(TurnStrings, TurnsWithoutAnyAreBoundedToo) {
  TurnStrings strings;
  for (uint64_t seq = 1; seq <= 2 * TurnStrings::kMaxWeight; ++seq) strings.Of(TextTurn(seq, ""));
  EXPECT_EQ(strings.weight(), TurnStrings::kMaxWeight);
}

TEST(TurnStrings, ATurnWithTooManyIsNotKept) {
  TurnStrings strings;
  strings.Of(TextTurn(1, "a1b2c3"));
  EXPECT_EQ(strings.Of(TextTurn(2, Hashes(TurnStrings::kMaxWeight))).size(),
            TurnStrings::kMaxWeight);
  EXPECT_EQ(strings.weight(), 2U);
  EXPECT_TRUE(strings.Of(TextTurn(2, "")).empty());
}

}  // namespace
}  // namespace fovea
