// BpeCounter against the tokenizers' own implementations, text by text, on the shared histories
// and on generated texts.
//
//   scripts/install-vocabularies.sh
//   node tests/core/tokens/reference_counts.mjs install
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "core/base/utf8.h"
#include "core/tokens/bpe_counter.h"
#include "core/tokens/bpe_vocabulary.h"
#include "tests/core/tokens/generated_texts.h"
#include "tests/support/histories.h"

namespace fovea {
namespace {

using nlohmann::json;
using std::filesystem::path;

path FolderOf(const char* variable, const char* below_home) {
  if (const char* folder = std::getenv(variable); folder != nullptr) return folder;
  const char* home = std::getenv("HOME");
  return path(home == nullptr ? "/" : home) / below_home;
}

path Vocabularies() { return FolderOf("FOVEA_VOCABULARIES", ".local/share/fovea/vocabularies"); }

void AddTexts(const Turn& turn, std::vector<std::string>* texts) {
  for (const Part& part : turn.parts) {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      texts->push_back(text->text);
    } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      texts->push_back(call->name);
      texts->push_back(call->arguments_json);
    } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
      for (const auto& content : result->content) {
        if (const auto* shown = std::get_if<TextPart>(&content)) texts->push_back(shown->text);
      }
    }
  }
}

std::vector<std::string> MakeTexts() {
  std::vector<std::string> texts;
  for (const char* file : {"trajectories/deepswe", "trajectories/pi", "trajectories/swe-smith",
                           "trajectories/swe-agent", "trajectories/tau-airline",
                           "trajectories/aider", "multilingual/xquad"}) {
    for (const auto& session : testing::SharedSessions(std::string(file) + ".jsonl.gz")) {
      for (const Turn& turn : session.turns) AddTexts(turn, &texts);
    }
  }
  if (texts.empty()) return texts;
  for (std::string& text : testing::GeneratedTexts(1)) texts.push_back(std::move(text));
  return texts;
}

// Nothing if the shared histories are absent.
const std::vector<std::string>& Texts() {
  static const std::vector<std::string> texts = MakeTexts();
  return texts;
}

std::string ReadFile(const path& file) {
  const std::ifstream in(file, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

struct Reference {
  const char* name;
  const char* vocabulary;
  SplitPattern split;
  const char* engine;
  // In JavaScript's regular expressions, \s takes U+FEFF for white space and U+0085 not; in those
  // of Rust and Oniguruma, which the vocabularies were made with, it is the other way round.
  bool javascript_spaces = false;
};
void PrintTo(const Reference& reference, std::ostream* out) { *out << reference.name; }

bool SpacesDiffer(const std::string& text) {
  return text.find("\uFEFF") != std::string::npos || text.find("\u0085") != std::string::npos;
}

absl::StatusOr<BpeVocabulary> ReadVocabulary(const Reference& reference) {
  const path file = Vocabularies() / reference.vocabulary;
  const std::string bytes = ReadFile(file);
  return file.extension() == ".json" ? ParseTokenizerJson(bytes)
                                     : ParseTiktoken(bytes, reference.split);
}

std::vector<int64_t> ReferenceCounts(const Reference& reference) {
  const path scratch = path(::testing::TempDir()) / (std::string("bpe-") + reference.name);
  {
    std::ofstream out(scratch);
    for (const std::string& text : Texts()) out << json(text).dump() << "\n";
  }
  const path script = path(FOVEA_SOURCE_DIR) / "tests/core/tokens/reference_counts.mjs";
  const std::string command = "node '" + script.string() + "' " + reference.engine + " '" +
                              (Vocabularies() / reference.vocabulary).string() + "' < '" +
                              scratch.string() + "'";
  std::vector<int64_t> counts;
  if (FILE* out = popen(command.c_str(), "r"); out != nullptr) {
    int64_t count = 0;
    while (std::fscanf(out, "%ld", &count) == 1) counts.push_back(count);
    EXPECT_EQ(pclose(out), 0) << command;
  }
  std::filesystem::remove(scratch);
  return counts;
}

class BpeReferenceTest : public ::testing::TestWithParam<Reference> {
 protected:
  void SetUp() override {
    if (Texts().empty()) GTEST_SKIP() << "the shared histories (../shared/data) are not present";
    if (!exists(Vocabularies() / GetParam().vocabulary)) {
      GTEST_SKIP() << "no vocabularies: run scripts/install-vocabularies.sh";
    }
    if (!exists(FolderOf("FOVEA_REFERENCE_TOKENIZERS", ".cache/fovea/reference-tokenizers"))) {
      GTEST_SKIP() << "no reference: run node tests/core/tokens/reference_counts.mjs install";
    }
  }
};

TEST_P(BpeReferenceTest, CountsEveryTextTheSame) {
  const auto vocabulary = ReadVocabulary(GetParam());
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status();
  EXPECT_EQ(vocabulary->split, GetParam().split);
  const auto counter = BpeCounter::Create(*vocabulary);
  ASSERT_TRUE(counter.ok()) << counter.status();
  const std::vector<int64_t> expected = ReferenceCounts(GetParam());
  ASSERT_EQ(expected.size(), Texts().size());
  int64_t tokens = 0;
  int compared = 0;
  int wrong = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::string& text = Texts()[i];
    if (GetParam().javascript_spaces && SpacesDiffer(text)) continue;
    const int64_t count = (*counter)->Count(text);
    tokens += count;
    ++compared;
    if (count == expected[i]) continue;
    EXPECT_LT(++wrong, 10) << "and so on";
    if (wrong < 10) {
      ADD_FAILURE() << count << " instead of " << expected[i] << ": "
                    << json(text).dump(-1, ' ', /*ensure_ascii=*/true).substr(0, 400);
    }
    if (wrong == 10) return;
  }
  std::printf("%-22s %6d texts, %9lld tokens, %.1f MB in memory\n", GetParam().name, compared,
              static_cast<long long>(tokens),
              static_cast<double>((*counter)->memory_bytes()) / 1e6);
}

TEST_P(BpeReferenceTest, IllFormedTextCountsAsItIsShown) {
  const auto vocabulary = ReadVocabulary(GetParam());
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status();
  const auto counter = BpeCounter::Create(*vocabulary);
  ASSERT_TRUE(counter.ok()) << counter.status();
  uint32_t state = 1;
  for (std::string text : testing::GeneratedTexts(2)) {
    for (char& c : text) {
      state = state * 1664525 + 1013904223;
      if (state >> 28 == 0) c = static_cast<char>(state >> 16);
    }
    ASSERT_EQ((*counter)->Count(text), (*counter)->Count(MakeWellFormed(text)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Vocabularies, BpeReferenceTest,
    ::testing::Values(
        Reference{"o200k", "o200k_base.tiktoken", SplitPattern::kO200k, "tiktoken"},
        Reference{"cl100k", "cl100k_base.tiktoken", SplitPattern::kCl100k, "tiktoken"},
        Reference{"tekken", "tekken.tiktoken", SplitPattern::kTekken, "tiktoken"},
        Reference{"o200k_gpt_tokenizer", "o200k_base.tiktoken", SplitPattern::kO200k,
                  "gpt-tokenizer", true},
        Reference{"cl100k_gpt_tokenizer", "cl100k_base.tiktoken", SplitPattern::kCl100k,
                  "gpt-tokenizer", true},
        Reference{"qwen", "qwen.json", SplitPattern::kQwen2, "tokenizers"},
        Reference{"deepseek", "deepseek.json", SplitPattern::kDeepSeek3, "tokenizers"},
        Reference{"llama3", "llama3.json", SplitPattern::kLlama3, "tokenizers"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace fovea
