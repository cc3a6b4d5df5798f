#include "core/tokens/token_counter.h"
#include "tests/core/reader/built_in.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea {
namespace {

// The bytes of a literal, zeros among them.
template <size_t n>
std::string Bytes(const char (&literal)[n]) {
  return std::string(literal, n - 1);
}

using ::fovea::transcription::BuiltIn;

// The first bytes of images of 300x200 pixels, as encoders write them.
const std::string kPng =
    Bytes("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x01\x2C\0\0\0\xC8\x08\x06\0\0\0");
const std::string kGif = Bytes("GIF89a\x2C\x01\xC8\0\xF7\0\0");
const std::string kJpeg = Bytes(
    "\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    "\xFF\xFF\xDB\0\x05xyz\xFF\xC4\0\x03z"
    "\xFF\xC2\0\x11\x08\0\xC8\x01\x2C\x03\x01\x22\0");
const std::string kWebpLossy =
    Bytes("RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0\x30\x01\0\x9D\x01\x2A\x2C\x01\xC8\0\x01\0");
// 14 bits of 299, 14 bits of 199.
const std::string kWebpLossless =
    Bytes("RIFF\x24\0\0\0WEBPVP8L\x18\0\0\0\x2F\x2B\xC1\x31\x10\0\0\0\0\0");
const std::string kWebpExtended =
    Bytes("RIFF\x24\0\0\0WEBPVP8X\x0A\0\0\0\x10\0\0\0\x2B\x01\0\xC7\0\0");

struct Header {
  const char* name;
  std::string data;
};

class ReadsSize : public testing::TestWithParam<Header> {};

TEST_P(ReadsSize, OfAWholeHeader) {
  const std::optional<ImageSize> size = ReadImageSize(GetParam().data);
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(size->width, 300);
  EXPECT_EQ(size->height, 200);
}

// A cut file has no size, or the whole one; never another, and never a byte from past the end.
TEST_P(ReadsSize, OrNothingOfACutOne) {
  const std::string& data = GetParam().data;
  EXPECT_FALSE(ReadImageSize(data.substr(0, 8)).has_value());
  for (size_t length = 0; length < data.size(); ++length) {
    const std::string cut(data.data(), length);
    const std::optional<ImageSize> size = ReadImageSize(cut);
    if (size) {
      EXPECT_EQ(size->width, 300) << length;
      EXPECT_EQ(size->height, 200) << length;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ReadsSize,
                         testing::ValuesIn(std::vector<Header>{{"Png", kPng},
                                                               {"Gif", kGif},
                                                               {"Jpeg", kJpeg},
                                                               {"WebpLossy", kWebpLossy},
                                                               {"WebpLossless", kWebpLossless},
                                                               {"WebpExtended", kWebpExtended}}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(ReadImageSize, RefusesWhatIsNoImage) {
  EXPECT_FALSE(ReadImageSize("").has_value());
  EXPECT_FALSE(ReadImageSize("plain text that is long enough to be a header").has_value());
  std::string zero = kPng;
  zero.replace(16, 4, std::string(4, '\0'));
  EXPECT_FALSE(ReadImageSize(zero).has_value());
  std::string huge = kPng;
  huge.replace(16, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_FALSE(ReadImageSize(huge).has_value());
  EXPECT_FALSE(ReadImageSize(Bytes("\xFF\xD8\xFF\xDA\0\x08picture")).has_value());
  EXPECT_FALSE(ReadImageSize("\xFF\xD8nonsense that is no marker").has_value());
  EXPECT_FALSE(ReadImageSize(Bytes("\xFF\xD8\xFF\xE0\0\0\xFF\xE0\0\0")).has_value());
}

TEST(TokenCounter, TextIsTheEstimateTimesTheFactorRoundedUp) {
  ReaderProfile reader = BuiltIn("text-only");
  const std::string text = "The quick brown fox jumps over the lazy dog.";
  const int64_t base = EstimateTokens(text);
  reader.text_token_factor = 1;
  EXPECT_EQ(TokenCounter(reader).Text(text), base);
  reader.text_token_factor = 1.01;
  EXPECT_EQ(TokenCounter(reader).Text(text), base + 1);
  reader.text_token_factor = 2;
  EXPECT_EQ(TokenCounter(reader).Text(text), 2 * base);
  EXPECT_EQ(TokenCounter(reader).Text(""), 0);
}

// What is not sent costs its note, reasoning nothing, and a file in base64 is not text.
TEST(TokenCounter, OpaqueBlocksCostWhatTheReaderIsSent) {
  const auto tokens = [](const char* reader, const OpaquePart& opaque) {
    Turn turn;
    turn.parts = {opaque};
    return TokenCounter(BuiltIn(reader)).Turn(turn) - TokenCounter::kMessageTokens;
  };
  const OpaquePart thinking{"anthropic.thinking",
                            R"({"type":"thinking","thinking":"hm","signature":"abcdefgh"})"};
  EXPECT_GT(tokens("claude", thinking), 10);
  EXPECT_GT(tokens("claude-opus-5", thinking), 10);
  EXPECT_EQ(tokens("gpt-4o", thinking), 0);
  EXPECT_EQ(tokens("gemini-3", thinking), 0);
  EXPECT_GT(tokens("qwen3-vl", thinking), 10) << "whose API is not known";
  EXPECT_GT(tokens("gpt-4o", {"openai.reasoning", R"({"id":"rs_1"})"}), 0);
  EXPECT_GT(tokens("gpt-4o", {"mine.block", "some words"}), 0);
  const std::string pdf(1'400'000, 'A');
  const OpaquePart document{
      "anthropic.document",
      R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":")" +
          pdf + R"("}})"};
  EXPECT_GT(tokens("claude", document), 20 * 3'000) << "a megabyte has some 20 pages";
  EXPECT_LT(tokens("claude", document), 110'000);
  EXPECT_GE(tokens("gpt-4o", document), 8) << "its note";
  EXPECT_LT(tokens("gpt-4o", document), 40);
  EXPECT_GE(tokens("claude", {"openai.x", "{}"}), 5);
  EXPECT_GE(tokens("qwen3-vl", {"openai.x", "{}"}), 5) << "it may be a note";
  // What is no base64 is text.
  const OpaquePart words{"anthropic.document",
                         R"({"source":{"type":"text","data":"one two three four"}})"};
  EXPECT_GE(tokens("claude", words), 10);
}

TEST(TokenCounter, ImagesCostWhatTheReaderAsks) {
  const struct {
    const char* reader;
    std::string data;
    int64_t tokens;
  } kCases[] = {
      {"claude", kPng, 88},
      {"claude", kWebpLossy, 88},
      {"claude", "no image", 4784},
      {"qwen3-vl", kJpeg, 70 + 2},
      {"qwen3-vl", "no image", 16386},
      {"deepseek-flash", "no image", 1027},
      {"deepseek-ocr", kPng, 933},
      {"deepseek-ocr", "no image", 933},
      {"gemini-3", kPng, 1195},
      {"gemini-3", "no image", 1195},
      {"text-only", kPng, 0},
      {"text-only", "no image", 0},
  };
  for (const auto& [name, data, tokens] : kCases) {
    const ImagePart image = {.media_type = "image/png", .data = data};
    EXPECT_EQ(TokenCounter(BuiltIn(name)).Image(image), tokens) << name << " " << data.substr(0, 8);
  }
}

TEST(TokenCounter, ATurnIsTheSumOfItsParts) {
  const TokenCounter counter(BuiltIn("claude"));
  const ImagePart image = {.media_type = "image/png", .data = kPng};
  Turn turn = {
      .seq = 1, .role = Role::kAssistant, .time_us = 0, .parts = {}, .attributes_json = ""};
  EXPECT_EQ(counter.Turn(turn), TokenCounter::kMessageTokens);
  turn.parts.emplace_back(TextPart{"Some words here."});
  int64_t expected = TokenCounter::kMessageTokens + counter.Text("Some words here.");
  EXPECT_EQ(counter.Turn(turn), expected);
  turn.parts.emplace_back(image);
  expected += counter.Image(image);
  EXPECT_EQ(counter.Turn(turn), expected);
  turn.parts.emplace_back(ToolCallPart{"call_12", "read_file", "{\"path\": \"a.cc\"}"});
  expected += TokenCounter::kCallTokens + counter.Text("call_12") + counter.Text("read_file") +
              counter.Text("{\"path\": \"a.cc\"}");
  EXPECT_EQ(counter.Turn(turn), expected);
  turn.parts.emplace_back(ToolResultPart{"call_12", {TextPart{"int main"}, image}, false});
  expected += TokenCounter::kResultTokens + counter.Text("call_12") + counter.Text("int main") +
              counter.Image(image);
  EXPECT_EQ(counter.Turn(turn), expected);
  turn.parts.emplace_back(OpaquePart{"anthropic.thinking", std::string(400, 'x') + "QUJD"});
  expected += counter.Text(std::string(400, 'x') + "QUJD");
  EXPECT_EQ(counter.Turn(turn), expected);
}

TEST(TokenCounter, AnImageThatIsNotTakenCostsItsNote) {
  const TokenCounter counter(BuiltIn("text-only"));
  const ImagePart image = {.media_type = "image/png", .data = kPng};
  Turn turn;
  turn.parts.emplace_back(image);
  turn.parts.emplace_back(ToolResultPart{"", {image}, false});
  EXPECT_EQ(counter.Turn(turn), TokenCounter::kMessageTokens + TokenCounter::kResultTokens +
                                    2 * TokenCounter::kImageNoteTokens);
}

}  // namespace
}  // namespace fovea
