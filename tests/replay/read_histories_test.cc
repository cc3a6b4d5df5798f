#include "replay/read_histories.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "tests/support/temporary_directory.h"

namespace fovea::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kChat[] =
    R"({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]})";

class ReadHistoriesTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  const TemporaryDirectory temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(ReadHistoriesTest, ReadsPlainAndPackedFilesAlike) {
  const std::string plain = Write("a.json", kChat);
  const std::string packed = (folder_ / "b.json.gz").string();
  gzFile file = gzopen(packed.c_str(), "wb");
  gzputs(file, kChat);
  gzclose(file);
  auto sessions = ReadHistories({plain, packed}, "");
  ASSERT_TRUE(sessions.ok()) << sessions.status();
  ASSERT_EQ(sessions->sessions.size(), 2);
  for (const auto& session : sessions->sessions) {
    ASSERT_EQ(session->turns.size(), 2);
    EXPECT_EQ(session->turns[1].seq, 2);
    EXPECT_EQ(TurnText(session->turns[1]), "ho");
  }
}

TEST_F(ReadHistoriesTest, SessionsOfOneNameAreToldApart) {
  std::filesystem::create_directory(folder_ / "a");
  std::filesystem::create_directory(folder_ / "b");
  Write("a/chat.json", kChat);
  Write("b/chat.json", kChat);
  auto histories = ReadHistories({folder_.string(), (folder_ / "b/chat.json").string()}, "");
  ASSERT_TRUE(histories.ok()) << histories.status();
  std::vector<std::string> names;
  for (const auto& session : histories->sessions) names.push_back(session->name);
  EXPECT_THAT(names, ElementsAre("chat.json", "chat.json (2)", "chat.json (3)"));
}

TEST_F(ReadHistoriesTest, APackedFileThatIsCutShortIsAnErrorWhereverItEnds) {
  std::string lines;
  for (int i = 0; i < 2'000; ++i)
    lines += absl::StrCat(R"({"messages": [{"role": "user", "content": ")", i * i, R"("}]})", "\n");
  const std::string packed = (folder_ / "whole.jsonl.gz").string();
  // Flushed in the middle, so that a cut there leaves whole lines.
  gzFile file = gzopen(packed.c_str(), "wb");
  gzwrite(file, lines.data(), static_cast<unsigned>(lines.size()));
  gzflush(file, Z_FULL_FLUSH);
  const auto flushed = static_cast<size_t>(gzoffset(file));
  gzwrite(file, lines.data(), static_cast<unsigned>(lines.size()));
  gzclose(file);
  std::ifstream in(packed, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  ASSERT_TRUE(ReadHistories({packed}, "").ok());
  ASSERT_GT(flushed, 100);
  for (const size_t cut : {flushed, flushed - 7, bytes.size() - 3}) {
    const std::string path = Write("cut.jsonl.gz", bytes.substr(0, cut));
    const absl::Status status = ReadHistories({path}, "").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << cut << " " << status;
    EXPECT_THAT(status.message(), HasSubstr("cut short")) << cut;
  }
}

TEST_F(ReadHistoriesTest, OfAFolderAFileThatCannotBeReadIsLeftOutAndNamed) {
  Write("a.json", kChat);
  Write("b.jsonl", std::string(kChat) + "\n{\"messages\": [{\"role\": 7}]}\n");
  auto histories = ReadHistories({folder_.string()}, "");
  ASSERT_TRUE(histories.ok()) << histories.status();
  ASSERT_EQ(histories->sessions.size(), 1);
  EXPECT_EQ(histories->sessions[0]->name, "a.json");
  EXPECT_THAT(histories->left_out, ElementsAre(HasSubstr("b.jsonl")));
  std::filesystem::remove(folder_ / "a.json");
  const absl::Status status = ReadHistories({folder_.string()}, "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("b.jsonl"));
}

TEST_F(ReadHistoriesTest, AFormatThatIsGivenHoldsForFoldersToo) {
  Write("a.json", kChat);
  const auto other = ReadHistories({folder_.string()}, "claude-code").status();
  EXPECT_EQ(other.code(), absl::StatusCode::kNotFound) << other;
  EXPECT_FALSE(ReadHistories({folder_.string()}, "no-such-format").ok());
}

TEST_F(ReadHistoriesTest, AFileWithoutTurnsIsAnError) {
  const auto status =
      ReadHistories({Write("none.json", R"({"session_id": "s", "turns": []})")}, "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(status.message(), HasSubstr("no turns"));
}

TEST_F(ReadHistoriesTest, AFolderIsAllFilesThatHoldSessions) {
  Write("a.json", kChat);
  Write("settings.json", R"({"theme": "dark"})");
  auto sessions = ReadHistories({folder_.string()}, "");
  ASSERT_TRUE(sessions.ok()) << sessions.status();
  EXPECT_EQ(sessions->sessions.size(), 1);
  std::filesystem::remove(folder_ / "a.json");
  EXPECT_EQ(ReadHistories({folder_.string()}, "").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ReadHistoriesTest, ErrorsNameTheFile) {
  const auto odd = ReadHistories({Write("odd.json", R"({"theme": "dark"})")}, "").status();
  EXPECT_EQ(odd.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(odd.message(), HasSubstr("odd.json"));
  const auto missing = ReadHistories({(folder_ / "none.json").string()}, "").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("none.json"));
}

TEST_F(ReadHistoriesTest, ALineWithoutEndIsRefusedWithTheLimit) {
  const std::string path = Write("zeros.json", "");
  std::filesystem::resize_file(path, size_t{300} << 20);
  const auto endless = ReadHistories({path}, "");
  EXPECT_EQ(endless.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(endless.status().message(), path + ": line 1: is longer than 268435456 bytes");
}

TEST_F(ReadHistoriesTest, WhatIsNoRegularFileIsNotWaitedForButAShellsPipeIsRead) {
  const std::string fifo = (folder_ / "fifo").string();
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path : {fifo, std::string("/dev/zero")}) {
    const absl::Status status = ReadHistories({path}, "").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(status.message(), path + ": is no regular file; - reads standard input");
  }
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], kChat, sizeof(kChat) - 1), sizeof(kChat) - 1);
  close(ends[1]);
  const auto histories = ReadHistories({absl::StrCat("/dev/fd/", ends[0])}, "");
  close(ends[0]);
  ASSERT_TRUE(histories.ok()) << histories.status();
  EXPECT_EQ(histories->sessions.size(), 1);
}

TEST_F(ReadHistoriesTest, OfAFileThatIsStillBeingWrittenWhatStandsBeforeTheCutIsRead) {
  const std::string path =
      Write("live.jsonl", absl::StrCat(kChat, "\n", kChat, "\n{\"messages\": [{"));
  const auto histories = ReadHistories({path}, "");
  ASSERT_TRUE(histories.ok()) << histories.status();
  EXPECT_EQ(histories->sessions.size(), 2);
  EXPECT_THAT(histories->left_out, ElementsAre(HasSubstr("live.jsonl, line 3: is cut off")));
}

TEST_F(ReadHistoriesTest, NamesAreOnOneLineOfBoundedLength) {
  const std::string odd = Write("a\x1b[31m\nb.json", kChat);
  const std::string id(1'000, 'i');
  const std::string longer = Write(
      "c.json",
      absl::StrCat(R"({"session_id": ")", id, R"(", "turns": [{"role": "user", "text": "hi"}]})"));
  const auto histories = ReadHistories({odd}, "");
  ASSERT_TRUE(histories.ok()) << histories.status();
  EXPECT_EQ(histories->sessions[0]->name, "a%1B[31m%0Ab.json");
  const auto cut = ReadHistories({longer}, "");
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_EQ(cut->sessions[0]->name, id.substr(0, 197) + "…");
}

TEST_F(ReadHistoriesTest, AFolderBelowThatCannotBeReadIsLeftOutAndNamed) {
  const std::string good = Write("a.json", kChat);
  Write("settings.json", R"({"theme": "dark"})");
  std::filesystem::create_directory(folder_ / "secret");
  Write("secret/b.json", kChat);
  std::filesystem::permissions(folder_ / "secret", std::filesystem::perms::none);
  // Root may read everything.
  constexpr uid_t kNobody = 65534;
  const bool root = geteuid() == 0;
  if (root) {
    std::filesystem::permissions(folder_, std::filesystem::perms::all);
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  const auto histories = ReadHistories({folder_.string()}, "");
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  std::filesystem::permissions(folder_ / "secret", std::filesystem::perms::owner_all);
  ASSERT_TRUE(histories.ok()) << histories.status();
  EXPECT_EQ(histories->sessions.size(), 1);
  EXPECT_THAT(histories->left_out, ElementsAre(HasSubstr("secret: ")));
  EXPECT_THAT(histories->files, ElementsAre(good));
}

}  // namespace
}  // namespace fovea::replay
