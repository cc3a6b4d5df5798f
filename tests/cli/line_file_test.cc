#include "cli/formats/line_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/status_macros.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

absl::StatusOr<std::vector<std::string>> AllLines(const std::string& path) {
  FOVEA_ASSIGN_OR_RETURN(auto reader, LineReader::Open(path, {.line = size_t{1} << 20}));
  std::vector<std::string> lines;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(auto line, reader->Next());
    if (!line.has_value()) return lines;
    lines.push_back(*line);
  }
}

TEST(LineReader, ReadsPlainAndCompressed) {
  const TemporaryDirectory folder;
  const std::string big(700'000, 'x');  // more than two reads
  const std::string text = "a\n\n" + big + "\nlast without newline";
  const std::vector<std::string> lines = {"a", "", big, "last without newline"};
  WriteText(folder.Path("plain"), text);
  WriteGzip(folder.Path("packed"), text);
  EXPECT_EQ(AllLines(folder.Path("plain")).value(), lines);
  EXPECT_EQ(AllLines(folder.Path("packed")).value(), lines);
}

TEST(LineReader, EmptyFileHasNoLines) {
  const TemporaryDirectory folder;
  WriteText(folder.Path("empty"), "");
  WriteText(folder.Path("newline"), "\n");
  EXPECT_EQ(AllLines(folder.Path("empty")).value(), std::vector<std::string>{});
  EXPECT_EQ(AllLines(folder.Path("newline")).value(), std::vector<std::string>{""});
}

TEST(LineReader, NoticesACutFile) {
  const TemporaryDirectory folder;
  std::string noise;
  for (unsigned i = 0, state = 1; i < 50'000; ++i) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>('a' + (state >> 24) % 26);
  }
  WriteGzip(folder.Path("whole"), noise);
  const std::string packed = ReadText(folder.Path("whole"));
  WriteText(folder.Path("cut"), packed.substr(0, packed.size() / 2));
  EXPECT_EQ(AllLines(folder.Path("cut")).status().code(), absl::StatusCode::kDataLoss);
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
  WriteText(folder.Path("damaged"), damaged);
  EXPECT_EQ(AllLines(folder.Path("damaged")).status().code(), absl::StatusCode::kDataLoss);
}

TEST(LineReader, NamesWhatCannotBeRead) {
  const TemporaryDirectory folder;
  EXPECT_EQ(LineReader::Open(folder.Path("none"), {.line = 1}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(LineReader::Open(folder.Path(""), {.line = 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(LineReader, TellsItsShare) {
  const TemporaryDirectory folder;
  WriteText(folder.Path("f"), "a\nb\n");
  auto reader = LineReader::Open(folder.Path("f"), {.line = 1}).value();
  ASSERT_TRUE(reader->Next().ok());
  EXPECT_EQ(reader->line_number(), 1U);
  ASSERT_TRUE(reader->Next().ok());
  ASSERT_TRUE(reader->Next().ok());
  EXPECT_EQ(reader->line_number(), 2U);
  EXPECT_DOUBLE_EQ(reader->Share(), 1.0);
}

// A small file that unpacks to gigabytes, and a device without an end.
TEST(LineReader, ALineAndAFileHaveALimit) {
  const TemporaryDirectory folder;
  WriteGzip(folder.Path("line"), "abc\n" + std::string(8'000'000, 'a'));
  auto reader = LineReader::Open(folder.Path("line"), {.line = 1'000'000}).value();
  EXPECT_EQ(reader->Next().value(), "abc");
  const absl::Status line = reader->Next().status();
  EXPECT_EQ(line.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(line.message(), "line 2: is longer than 1000000 bytes");
  auto zeros = LineReader::Open("/dev/zero", {.line = 1'000'000}).value();
  EXPECT_EQ(zeros->Next().status().code(), absl::StatusCode::kResourceExhausted);
  auto exact = LineReader::Open(folder.Path("line"), {.line = 8'000'000}).value();
  ASSERT_TRUE(exact->Next().ok());
  EXPECT_EQ(exact->Next().value()->size(), 8'000'000U);
  auto all = LineReader::Open(folder.Path("line"), {.line = 8'000'000, .file = 1'000'000}).value();
  ASSERT_TRUE(all->Next().ok());
  EXPECT_EQ(all->Next().status().message(), "has more than 1000000 bytes, unpacked");
}

TEST(ReadWhole, HasALimit) {
  const TemporaryDirectory folder;
  WriteText(folder.Path("f"), "four");
  EXPECT_EQ(ReadWhole(folder.Path("f"), 4).value(), "four");
  EXPECT_EQ(ReadWhole(folder.Path("f"), 3).status().message(),
            folder.Path("f") + " has more than 3 bytes");
  EXPECT_EQ(ReadWhole("/dev/zero", 1'000).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(ReadWhole(folder.Path("."), 1'000).ok());
}

TEST(ReadTrimmed, DropsTheNewline) {
  const TemporaryDirectory folder;
  WriteText(folder.Path("token"), "secret \n");
  EXPECT_EQ(ReadTrimmed(folder.Path("token")).value(), "secret");
  EXPECT_EQ(ReadTrimmed(folder.Path("none")).status().code(), absl::StatusCode::kNotFound);
}

// Whoever starts the program may have closed its standard input: the next file is number 0.
TEST(ReadWhole, ReadsAFileThatIsNumberZero) {
  const TemporaryDirectory folder;
  WriteText(folder.Path("a"), "text \n");
  const int standard_input = dup(STDIN_FILENO);
  close(STDIN_FILENO);
  const auto text = ReadTrimmed(folder.Path("a"));
  if (standard_input >= 0) {
    dup2(standard_input, STDIN_FILENO);
    close(standard_input);
  }
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "text");
}

TEST(ReadWhole, HoldsAsMuchAsIsAllowed) {
  const TemporaryDirectory folder;
  WriteText(folder.Path("a"), std::string(100'000, 'x'));
  EXPECT_EQ(ReadWhole(folder.Path("a"), 100'000).value().size(), 100'000U);
  EXPECT_EQ(ReadWhole(folder.Path("a"), 99'999).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReadWhole(folder.Path("b"), 1).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace fovea::cli
