#include "memory_store/turn_codec.h"

#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
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
  turn.agent_id = "sub-agent 2";
  const DocumentPart document{"application/pdf", "a.pdf", "%PDF", "", "of May", R"({"c":1})"};
  const SearchResultPart found{"https://x.y", "X", {"one", ""}, "{}"};
  turn.parts = {
      TextPart{std::string("a\0\xff\xed\xa0\x80", 6)},
      ImagePart{"image/png", "\x89PNG"},
      TextPart{"on it", "commentary"},
      ToolCallPart{"c1", "run", "{not json"},
      ToolCallPart{"c2", "patch", "*** Begin", true},
      document,
      found,
      RefusalPart{"no"},
      AudioPart{"audio/wav", "RIFF", "hello", "audio_1"},
      ToolResultPart{"c2", {document, found, ToolReferencePart{"grep"}}},
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

// As the version before wrote it.
TEST(TurnCodec, ReadsTheFirstVersion) {
  const std::string bytes = absl::HexStringToBytes(
      "0128b52ffd2455a902000405077b2261223a317d050004746578740109696d6167652f706e670150020263310372"
      "756e027b7d03026331010200036f75740109696d6167652f676966014704106f70656e61692e726561736f6e696e"
      "6701529fcbb30e");
  const Turn expected{
      .seq = 3,
      .role = Role::kTool,
      .time_us = 5,
      .parts = {TextPart{"text"}, ImagePart{"image/png", "P"}, ToolCallPart{"c1", "run", "{}"},
                ToolResultPart{"c1", {TextPart{"out"}, ImagePart{"image/gif", "G"}}, true},
                OpaquePart{"openai.reasoning", "R"}},
      .attributes_json = R"({"a":1})"};
  EXPECT_EQ(Value(DecodeTurn(bytes, 3)), expected);
}

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

// A zstd frame around bytes that are not compressed, with the length that it claims for them.
std::string Frame(const std::string& plain, uint64_t claimed) {
  std::string frame("\x01\x28\xb5\x2f\xfd\xe0", 6);  // version 1; eight bytes of length
  for (int shift = 0; shift < 64; shift += 8) frame.push_back(static_cast<char>(claimed >> shift));
  const auto block = static_cast<uint32_t>(plain.size() << 3 | 1);  // the last one, as it is
  for (int shift = 0; shift < 24; shift += 8) frame.push_back(static_cast<char>(block >> shift));
  return frame + plain;
}

TEST(TurnCodec, BytesBehindTheFieldsAreDamage) {
  const std::string empty_user_turn("\x02\0\0\0", 4);
  EXPECT_EQ(Value(DecodeTurn(Frame(empty_user_turn, 4), 7)).seq, 7U);
  EXPECT_EQ(Code(DecodeTurn(Frame(empty_user_turn + '\0', 5), 7)), absl::StatusCode::kDataLoss);
}

TEST(TurnCodec, ALengthThatNoTurnHasIsDamageAndTakesNoMemory) {
  for (const uint64_t claimed :
       {uint64_t{kMaxEncodedTurnBytes} + 1, uint64_t{1} << 50, UINT64_MAX - 2}) {
    EXPECT_EQ(Code(DecodeTurn(Frame(std::string("\x02\0\0\0", 4), claimed), 7)),
              absl::StatusCode::kDataLoss);
  }
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
  EXPECT_EQ(Code(EncodeTurn(TextTurn(std::string(kMaxEncodedTurnBytes + 1, 'x')))),
            absl::StatusCode::kInvalidArgument);
  Turn turn;
  turn.role = static_cast<Role>(9);
  EXPECT_EQ(Code(EncodeTurn(turn)), absl::StatusCode::kInvalidArgument);
}

TEST(TurnCodec, CountsWhatATurnHolds) {
  constexpr uint64_t kDocument = 15 + 5 + 4 + 6 + 7;
  constexpr uint64_t kFound = 11 + 1 + 3 + 2;
  const Turn full = FullTurn();
  // What a tool's result holds, and the texts of a search result, count as parts do.
  const uint64_t objects = 1 + full.parts.size() + 2 + (3 + 2) + 3;
  EXPECT_EQ(HeldBytes(full) - objects * 256,
            full.attributes_json.size() + full.agent_id.size() + 6 + (9 + 4) + (5 + 10) +
                (2 + 3 + 9) + (2 + 5 + 9) + kDocument + kFound + 2 + (9 + 4 + 5 + 7) +
                (2 + kDocument + kFound + 4) + (2 + 3 + 9) + (16 + 3));
  for (const Turn& turn : {full, Turn{.role = Role::kUser}}) {
    const std::string encoded = Value(EncodeTurn(turn));
    EXPECT_GT(PlainBytes(encoded), 0U);
    EXPECT_LE(PlainBytes(encoded), HeldBytes(turn));
  }
  EXPECT_EQ(PlainBytes(""), 0U);
  EXPECT_EQ(PlainBytes("\x02 no frame"), 0U);
}

}  // namespace
}  // namespace fovea
