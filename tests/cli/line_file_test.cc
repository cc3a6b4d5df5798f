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
  auto reader = LineReader::Open(path, {.line = size_t{1} << 20});
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
  EXPECT_EQ(LineReader::Open(folder.path("none"), {.line = 1}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(LineReader::Open(folder.path(""), {.line = 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(LineReader, TellsItsShare) {
  const TemporaryFolder folder;
  WriteText(folder.path("f"), "a\nb\n");
  auto reader = LineReader::Open(folder.path("f"), {.line = 1}).value();
  ASSERT_TRUE(reader->Next().ok());
  EXPECT_EQ(reader->line_number(), 1U);
  ASSERT_TRUE(reader->Next().ok());
  ASSERT_TRUE(reader->Next().ok());
  EXPECT_EQ(reader->line_number(), 2U);
  EXPECT_DOUBLE_EQ(reader->Share(), 1.0);
}

// A small file that unpacks to gigabytes, and a device without an end.
TEST(LineReader, ALineAndAFileHaveALimit) {
  const TemporaryFolder folder;
  WriteGzip(folder.path("line"), "abc\n" + std::string(8'000'000, 'a'));
  auto reader = LineReader::Open(folder.path("line"), {.line = 1'000'000}).value();
  EXPECT_EQ(reader->Next().value(), "abc");
  const absl::Status line = reader->Next().status();
  EXPECT_EQ(line.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(line.message(), "line 2: is longer than 1000000 bytes");
  auto zeros = LineReader::Open("/dev/zero", {.line = 1'000'000}).value();
  EXPECT_EQ(zeros->Next().status().code(), absl::StatusCode::kResourceExhausted);
  auto exact = LineReader::Open(folder.path("line"), {.line = 8'000'000}).value();
  ASSERT_TRUE(exact->Next().ok());
  EXPECT_EQ(exact->Next().value()->size(), 8'000'000U);
  auto all = LineReader::Open(folder.path("line"), {.line = 8'000'000, .file = 1'000'000}).value();
  ASSERT_TRUE(all->Next().ok());
  EXPECT_EQ(all->Next().status().message(), "has more than 1000000 bytes, unpacked");
}

TEST(ReadWhole, HasALimit) {
  const TemporaryFolder folder;
  WriteText(folder.path("f"), "four");
  EXPECT_EQ(ReadWhole(folder.path("f"), 4).value(), "four");
  EXPECT_EQ(ReadWhole(folder.path("f"), 3).status().message(),
            folder.path("f") + " has more than 3 bytes");
  EXPECT_EQ(ReadWhole("/dev/zero", 1'000).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(ReadWhole(folder.path("."), 1'000).ok());
}

TEST(ReadTrimmed, DropsTheNewline) {
  const TemporaryFolder folder;
  WriteText(folder.path("token"), "secret \n");
  EXPECT_EQ(ReadTrimmed(folder.path("token")).value(), "secret");
  EXPECT_EQ(ReadTrimmed(folder.path("none")).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace fovea::cli
