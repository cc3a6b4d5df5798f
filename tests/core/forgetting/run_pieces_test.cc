#include "core/forgetting/run_pieces.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;

const std::vector<Chunk> kChunks = {
    {.turns = {1, 2}, .text_tokens = 5, .characters = 20},
    {.turns = {3, 4}, .text_tokens = 10, .characters = 30},
    {.turns = {5, 5}, .text_tokens = 20, .characters = 50},
    {.turns = {6, 9}, .text_tokens = 40, .characters = 120},
};

// Chunks 1 to 3, with a drawn result and an exact string on both sides of each border.
SheetPart ThreeChunks() {
  SheetPart run{.turns = {3, 9}, .text_tokens = 70, .characters = 200, .elided_characters = 7};
  run.origin.first_chunk = 1;
  run.origin.last_chunk = 3;
  for (const uint64_t seq : {4, 5, 6}) {
    run.origin.drawn_results.push_back({.seq = seq});
    run.origin.exact.push_back({.text = "a1b2c3d4", .first_seq = seq});
  }
  return run;
}

template <class... Seqs>
auto DrawnAre(Seqs... seqs) {
  return ElementsAre(Field(&DrawnResult::seq, seqs)...);
}

TEST(SplitOldest, PartsARunBehindTheLastTurnOfItsOldestChunks) {
  SheetPart run = ThreeChunks();
  const SheetPart oldest = SplitOldest(kChunks, 2, run);
  EXPECT_EQ(oldest.turns, (SeqRange{3, 5}));
  EXPECT_EQ(oldest.origin.first_chunk, 1U);
  EXPECT_EQ(oldest.origin.last_chunk, 2U);
  EXPECT_EQ(oldest.text_tokens, 30);
  EXPECT_EQ(oldest.characters, 80U);
  EXPECT_THAT(oldest.origin.exact,
              ElementsAre(Field(&ExactString::first_seq, 4), Field(&ExactString::first_seq, 5)));

  EXPECT_EQ(run.turns, (SeqRange{6, 9}));
  EXPECT_EQ(run.origin.first_chunk, 3U);
  EXPECT_EQ(run.origin.last_chunk, 3U);
  EXPECT_EQ(run.text_tokens, 40);
  EXPECT_EQ(run.characters, 120U);
  EXPECT_THAT(run.origin.drawn_results, DrawnAre(6));
}

TEST(JoinRuns, TakesInWhatFollows) {
  SheetPart run = ThreeChunks();
  SheetPart next{.turns = {10, 12}, .text_tokens = 3, .characters = 9, .elided_characters = 2};
  next.origin.first_chunk = next.origin.last_chunk = 4;
  next.origin.drawn_results.push_back({.seq = 11});
  next.recalled = true;
  JoinRuns(next, run);
  EXPECT_EQ(run.turns, (SeqRange{3, 12}));
  EXPECT_EQ(run.origin.first_chunk, 1U);
  EXPECT_EQ(run.origin.last_chunk, 4U);
  EXPECT_EQ(run.text_tokens, 73);
  EXPECT_EQ(run.characters, 209U);
  EXPECT_EQ(run.elided_characters, 9U);
  EXPECT_TRUE(run.recalled);
  EXPECT_THAT(run.origin.drawn_results, DrawnAre(4, 5, 6, 11));
  // Recalled it stays, whatever comes behind it.
  JoinRuns(SheetPart{.turns = {13, 13}}, run);
  EXPECT_TRUE(run.recalled);
}

TEST(RunPieces, CountCharactersFromTheRunsFirstChunk) {
  const SheetPart run = ThreeChunks();
  EXPECT_EQ(ChunksOf(run), 3U);
  EXPECT_EQ(CharactersOf(kChunks, run, 0), 0);
  EXPECT_EQ(CharactersOf(kChunks, run, 2), 80);
  EXPECT_DOUBLE_EQ(KeptShare(kChunks, run, 0), 1);
  EXPECT_DOUBLE_EQ(KeptShare(kChunks, run, 2), 0.6);
  SheetPart empty = run;
  empty.characters = 0;
  EXPECT_DOUBLE_EQ(KeptShare(kChunks, empty, 1), 1);
}

}  // namespace
}  // namespace fovea
