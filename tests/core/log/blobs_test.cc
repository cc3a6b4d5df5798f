#include "core/log/blobs.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "core/base/sha256.h"

namespace fovea {
namespace {

std::string Noise(size_t bytes) {
  std::string noise;
  for (uint32_t x = 1; noise.size() < bytes; x = x * 1'664'525 + 1'013'904'223) {
    noise += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[x >> 26];
  }
  return noise;
}

std::string Wrapped(const std::string& text, size_t line, const char* end) {
  std::string wrapped;
  for (size_t at = 0; at < text.size(); at += line) wrapped += text.substr(at, line) + end;
  return wrapped;
}

struct BlobCase {
  const char* name;
  std::string text;
  size_t blobs;
};

class Blobs : public ::testing::TestWithParam<BlobCase> {};

TEST_P(Blobs, AreFound) { EXPECT_EQ(FindBlobs(GetParam().text).size(), GetParam().blobs); }

std::string Hex(size_t bytes) {
  std::string hex;
  while (hex.size() < bytes) hex += Sha256Hex(hex);
  return hex.substr(0, bytes);
}

INSTANTIATE_TEST_SUITE_P(
    All, Blobs,
    ::testing::Values(BlobCase{"None", "", 0}, BlobCase{"Short", Noise(kMinBlobBytes - 1), 0},
                      BlobCase{"AtTheLimit", Noise(kMinBlobBytes), 1},
                      BlobCase{"InText", "before " + Noise(5'000) + " after", 1},
                      BlobCase{"Two", Noise(5'000) + " and " + Noise(6'000), 2},
                      BlobCase{"Lines",
                               "-----BEGIN-----\n" + Wrapped(Noise(8'000), 76, "\n") + "end", 1},
                      BlobCase{"LinesOfWindows", Wrapped(Noise(8'000), 76, "\r\n"), 1},
                      BlobCase{"ShortLines", Wrapped(Noise(8'000), 40, "\n"), 0},
                      BlobCase{"ListOfDigests", Wrapped(Hex(64 * 100), 64, "\n"), 0},
                      BlobCase{"UnbrokenHex", Hex(6'000), 1},
                      BlobCase{"Words", Wrapped(std::string(60'000, 'w'), 7, " "), 0},
                      BlobCase{"Binary", std::string(3'000, '\x01') + std::string(3'000, 'a'), 1},
                      BlobCase{"ColouredText", Wrapped(std::string(9'000, 'x'), 9, "\x1b[0m "), 0},
                      BlobCase{"Chinese", Wrapped(std::string(9'000, 'x'), 9, "值"), 0}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Blobs, BecomeGists) {
  const std::string noise = Noise(2'000'000);
  const Turn turn{
      .seq = 57,
      .role = Role::kTool,
      .parts = {ToolResultPart{
          "c", {TextPart{"short"}, TextPart{"data:image/png;base64," + noise + "\"}"}}}}};
  const auto gist = WithoutBlobs(turn);
  ASSERT_TRUE(gist.has_value());
  const auto& result = std::get<ToolResultPart>(gist->turn.parts[0]);
  EXPECT_EQ(std::get<TextPart>(result.content[0]).text, "short");
  const std::string& text = std::get<TextPart>(result.content[1]).text;
  EXPECT_EQ(text, "data:image/png;base64," + noise.substr(0, 48) +
                      "… [2000000 bytes of base64, SHA-256 " + Sha256Hex(noise).substr(0, 12) +
                      "…: recall #57 for at most 4,000 bytes at a time] …" +
                      noise.substr(noise.size() - 16) + "\"}");
  EXPECT_EQ(gist->elided_characters, 2'000'000 - 64);
  EXPECT_FALSE(WithoutBlobs(gist->turn).has_value());
  Turn users = turn;
  users.parts = {TextPart{noise}};
  EXPECT_FALSE(WithoutBlobs(users).has_value()) << "what a user says is the user's";
}

}  // namespace
}  // namespace fovea
