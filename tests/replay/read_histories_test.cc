#include "replay/read_histories.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace fovea::replay {
namespace {

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
  ASSERT_EQ(sessions->size(), 2);
  for (const auto& session : *sessions) {
    ASSERT_EQ(session->turns.size(), 2);
    EXPECT_EQ(session->turns[1].seq, 2);
    EXPECT_EQ(TurnText(session->turns[1]), "ho");
  }
}

TEST_F(ReadHistoriesTest, AFolderIsAllFilesThatHoldSessions) {
  Write("a.json", kChat);
  Write("settings.json", R"({"theme": "dark"})");
  auto sessions = ReadHistories({folder_.string()}, "");
  ASSERT_TRUE(sessions.ok()) << sessions.status();
  EXPECT_EQ(sessions->size(), 1);
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

}  // namespace
}  // namespace fovea::replay
