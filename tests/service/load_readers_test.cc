#include "readers/files/load_readers.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/tokens/token_counter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/service/server_fixture.h"

namespace fovea::service {
namespace {

constexpr char kText[] = "What was it?";

// A vocabulary of bytes alone, so that a text has as many tokens as bytes.
std::string Bytes() {
  std::string file;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string token(1, static_cast<char>(byte));
    absl::StrAppend(&file, absl::Base64Escape(token), " ", byte, "\n");
  }
  return file;
}

class LoadReadersTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_.Path(name), std::ios::binary) << content;
  }
  absl::StatusOr<ReaderCatalogue> Load() {
    return LoadReaders("", folder_.Path(""), [this](const absl::Status& status) {
      failures_.emplace_back(status.message());
    });
  }

  const TemporaryDirectory folder_;
  std::vector<std::string> failures_;
};

TEST_F(LoadReadersTest, AVocabularyCountsItsReadersTexts) {
  Write("o200k_base.tiktoken", Bytes());
  const auto readers = Load();
  ASSERT_TRUE(readers.ok()) << readers.status();
  const auto reader = readers->Find("gpt-5.6");
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_TRUE((*reader)->text_tokens_exact());
  EXPECT_EQ(TokenCounter(**reader).Text(kText), sizeof(kText) - 1);
  const auto other = readers->Find("claude");
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE((*other)->text_tokens_exact());
  EXPECT_TRUE(failures_.empty());
}

TEST_F(LoadReadersTest, AFileThatIsCutOffIsAnErrorAtOnce) {
  const std::string whole = Bytes();
  Write("o200k_base.tiktoken", whole.substr(0, whole.size() - 1));
  const auto readers = Load();
  EXPECT_EQ(readers.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(readers.status().message()),
              ::testing::AllOf(::testing::HasSubstr("o200k_base.tiktoken"),
                               ::testing::HasSubstr("cut off")));
  Write("o200k_base.tiktoken", whole);
  Write("qwen.json", R"({"model": {"type": "BPE")");
  EXPECT_THAT(std::string(Load().status().message()), ::testing::HasSubstr("qwen.json"));
}

TEST_F(LoadReadersTest, APipeIsNoVocabulary) {
  ASSERT_EQ(mkfifo(folder_.Path("qwen.json").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsNotFound(Load().status()));
}

TEST_F(LoadReadersTest, WhatTurnsOutToBeDamagedIsSaidOnceAndTextEstimated) {
  std::string damaged = Bytes();
  damaged[200] = '!';
  Write("o200k_base.tiktoken", damaged);
  const auto readers = Load();
  ASSERT_TRUE(readers.ok()) << readers.status();
  EXPECT_TRUE(failures_.empty());
  const auto reader = readers->Find("gpt-5.6");
  ASSERT_TRUE(reader.ok());
  const auto built_in = BuiltInReaders();
  ASSERT_TRUE(built_in.ok());
  const auto estimated = built_in->Find("gpt-5.6");
  ASSERT_TRUE(estimated.ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(TokenCounter(**reader).Text(kText), TokenCounter(**estimated).Text(kText));
  }
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_THAT(failures_.front(), ::testing::HasSubstr("o200k_base.tiktoken"));
  EXPECT_FALSE((*reader)->text_tokens_exact());
}

}  // namespace
}  // namespace fovea::service
