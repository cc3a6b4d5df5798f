#include "cli/formats/line_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

absl::StatusOr<std::vector<std::string>> AllLines(const std::string& path) {
  auto reader = LineReader::Open(path);
  if (!reader.ok()) return reader.status();
  std::vector<std::string> lines;
  while (true) {
    auto line = (*reader)->Next();
    if (!line.ok()) return line.status();
    if (!line->has_value()) return lines;
    lines.push_back(**line);
  }
}

TEST(LineReader, ReadsPlainAndCompressed) {
  const TemporaryFolder folder;
  const std::string big(700'000, 'x');  // more than two reads
  const std::string text = "a\n\n" + big + "\nlast without newline";
  const std::vector<std::string> lines = {"a", "", big, "last without newline"};
  WriteText(folder.path("plain"), text);
  WriteGzip(folder.path("packed"), text);
  EXPECT_EQ(AllLines(folder.path("plain")).value(), lines);
  EXPECT_EQ(AllLines(folder.path("packed")).value(), lines);
}

TEST(LineReader, EmptyFileHasNoLines) {
  const TemporaryFolder folder;
  WriteText(folder.path("empty"), "");
  WriteText(folder.path("newline"), "\n");
  EXPECT_EQ(AllLines(folder.path("empty")).value(), std::vector<std::string>{});
  EXPECT_EQ(AllLines(folder.path("newline")).value(), std::vector<std::string>{""});
}

TEST(LineReader, NoticesACutFile) {
  const TemporaryFolder folder;
  std::string noise;
  for (unsigned i = 0, state = 1; i < 50'000; ++i) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>('a' + (state >> 24) % 26);
  }
  WriteGzip(folder.path("whole"), noise);
  const std::string packed = ReadText(folder.path("whole"));
  WriteText(folder.path("cut"), packed.substr(0, packed.size() / 2));
  EXPECT_EQ(AllLines(folder.path("cut")).status().code(), absl::StatusCode::kDataLoss);
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
  WriteText(folder.path("damaged"), damaged);
  EXPECT_EQ(AllLines(folder.path("damaged")).status().code(), absl::StatusCode::kDataLoss);
}

TEST(LineReader, NamesWhatCannotBeRead) {
  const TemporaryFolder folder;
  EXPECT_EQ(LineReader::Open(folder.path("none")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(LineReader::Open(folder.path("")).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(LineReader, TellsItsShare) {
  const TemporaryFolder folder;
  WriteText(folder.path("f"), "a\nb\n");
  auto reader = LineReader::Open(folder.path("f")).value();
  ASSERT_TRUE(reader->Next().ok());
  EXPECT_EQ(reader->line_number(), 1U);
  ASSERT_TRUE(reader->Next().ok());
  ASSERT_TRUE(reader->Next().ok());
  EXPECT_EQ(reader->line_number(), 2U);
  EXPECT_DOUBLE_EQ(reader->Share(), 1.0);
}

TEST(WriteFile, ReplacesAndReports) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFile(folder.path("f"), "one").ok());
  ASSERT_TRUE(WriteFile(folder.path("f"), std::string("two\0", 4)).ok());
  EXPECT_EQ(ReadText(folder.path("f")), std::string("two\0", 4));
  EXPECT_FALSE(WriteFile(folder.path("none/f"), "x").ok());
}

TEST(ReadTrimmed, DropsTheNewline) {
  const TemporaryFolder folder;
  WriteText(folder.path("token"), "secret \n");
  EXPECT_EQ(ReadTrimmed(folder.path("token")).value(), "secret");
  EXPECT_EQ(ReadTrimmed(folder.path("none")).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace fovea::cli
