#include "replay/read_histories.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace fovea::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kChat[] =
    R"({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]})";

class ReadHistoriesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() /
        ("fovea-histories-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
         "-" + std::to_string(reinterpret_cast<uintptr_t>(this)));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::filesystem::path folder_;
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

TEST_F(ReadHistoriesTest, WhatHasNoEndIsRefusedWithTheLimit) {
  const auto endless = ReadHistories({"/dev/zero"}, "");
  EXPECT_EQ(endless.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(endless.status().message(), "/dev/zero: line 1: is longer than 268435456 bytes");
}

}  // namespace
}  // namespace fovea::replay
