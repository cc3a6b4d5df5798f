#include "memory_store/turn_codec.h"

#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tests/memory_store/support.h"

namespace fovea {
namespace {

using testing::Code;
using testing::RandomTurn;
using testing::TextTurn;
using testing::Value;

Turn FullTurn() {
  Turn turn;
  turn.seq = 7;
  turn.role = Role::kTool;
  turn.time_us = -1;
  turn.attributes_json = R"({"a":1})";
  turn.parts = {
      TextPart{std::string("a\0\xff\xed\xa0\x80", 6)}, ImagePart{"image/png", "\x89PNG"},
      ToolCallPart{"c1", "run", "{not json"},
      ToolResultPart{"c1", {TextPart{"out"}, ImagePart{"image/gif", ""}, TextPart{""}}, true},
      OpaquePart{"openai.reasoning", std::string(3, '\0')}};
  return turn;
}

struct RoundTripCase {
  std::string name;
  Turn turn;
};

class TurnCodecRoundTrip : public ::testing::TestWithParam<RoundTripCase> {};

TEST_P(TurnCodecRoundTrip, GivesTheSameTurn) {
  const Turn& turn = GetParam().turn;
  const std::string bytes = Value(EncodeTurn(turn));
  EXPECT_EQ(Value(DecodeTurn(bytes, turn.seq)), turn);
  EXPECT_EQ(Value(EncodeTurn(turn)), bytes);
}

INSTANTIATE_TEST_SUITE_P(
    Turns, TurnCodecRoundTrip,
    ::testing::Values(RoundTripCase{"Empty", {}}, RoundTripCase{"EveryPart", FullTurn()},
                      RoundTripCase{"EmptyText", TextTurn("")},
                      RoundTripCase{"AMegabyte", TextTurn(std::string(1 << 20, 'x'))}),
    [](const auto& test) { return test.param.name; });

TEST(TurnCodec, RoundTripsRandomTurns) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const Turn turn = RandomTurn(random, 300);
    ASSERT_EQ(Value(DecodeTurn(Value(EncodeTurn(turn)), 0)), turn) << i;
  }
}

TEST(TurnCodec, EveryTruncationIsDataLoss) {
  const std::string bytes = Value(EncodeTurn(FullTurn()));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Code(DecodeTurn(bytes.substr(0, size), 1)), absl::StatusCode::kDataLoss) << size;
  }
  EXPECT_EQ(Code(DecodeTurn(bytes + "x", 1)), absl::StatusCode::kDataLoss);
}

TEST(TurnCodec, NoFlippedBitGoesUnnoticed) {
  const Turn turn = FullTurn();
  const std::string bytes = Value(EncodeTurn(turn));
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const absl::StatusOr<Turn> decoded = DecodeTurn(damaged, turn.seq);
    // A few bits of a frame's header mean nothing; the turn is then still the same.
    if (decoded.ok()) {
      EXPECT_EQ(*decoded, turn) << bit;
    } else {
      EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss) << bit;
    }
  }
}

TEST(TurnCodec, RefusesWhatIsTooLargeOrHasNoRole) {
  EXPECT_EQ(Code(EncodeTurn(TextTurn(std::string(kMaxTurnBytes + 1, 'x')))),
            absl::StatusCode::kInvalidArgument);
  Turn turn;
  turn.role = static_cast<Role>(9);
  EXPECT_EQ(Code(EncodeTurn(turn)), absl::StatusCode::kInvalidArgument);
}

TEST(TurnCodec, CountsBytesOfParts) {
  EXPECT_EQ(PartBytes(FullTurn()), 6 + (9 + 4) + (2 + 3 + 9) + (2 + 3 + 9) + (16 + 3));
}

}  // namespace
}  // namespace fovea
