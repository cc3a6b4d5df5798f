// No kind of text is estimated short: what machines write, every script of Unicode, and some 530
// languages, against each vocabulary that is installed.
//
//   scripts/install-vocabularies.sh
//   scripts/install-test-packages.sh    (for the languages)
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/tokens/bpe_counter.h"
#include "core/tokens/bpe_vocabulary.h"
#include "core/tokens/token_estimate.h"
#include "tests/core/tokens/text_kinds.h"

namespace fovea {
namespace {

struct Vocabulary {
  const char* name;
  const char* file;
  SplitPattern split;  // of a tiktoken file
};
constexpr Vocabulary kVocabularies[] = {
    {"o200k_base", "o200k_base.tiktoken", SplitPattern::kO200k},
    {"cl100k_base", "cl100k_base.tiktoken", SplitPattern::kCl100k},
    {"qwen", "qwen.json", {}},
    {"deepseek", "deepseek.json", {}},
    {"llama3", "llama3.json", {}},
    {"tekken", "tekken.tiktoken", SplitPattern::kTekken}};

std::filesystem::path Folder() {
  if (const char* folder = std::getenv("FOVEA_VOCABULARIES")) return folder;
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "/" : home) / ".local/share/fovea/vocabularies";
}

const std::vector<testing::TextKind>& Kinds() {
  static const auto* const kinds = [] {
    auto* all = new std::vector<testing::TextKind>(testing::MachineTextKinds());
    const std::vector<testing::TextKind> languages = testing::LanguageKinds();
    if (languages.empty()) {
      std::printf("SKIPPED: the languages; scripts/install-test-packages.sh installs them\n");
    }
    all->insert(all->end(), languages.begin(), languages.end());
    return all;
  }();
  return *kinds;
}

class EstimateOfKinds : public ::testing::TestWithParam<Vocabulary> {};

TEST_P(EstimateOfKinds, IsNeverShort) {
  const Vocabulary& vocabulary = GetParam();
  std::ifstream file(Folder() / vocabulary.file, std::ios::binary);
  if (!file) GTEST_SKIP() << "SKIPPED: " << vocabulary.file << " is not in " << Folder();
  std::ostringstream bytes;
  bytes << file.rdbuf();
  const auto parsed = std::string_view(vocabulary.file).ends_with(".json")
                          ? ParseTokenizerJson(bytes.str())
                          : ParseTiktoken(bytes.str(), vocabulary.split);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const auto counter = BpeCounter::Create(*parsed);
  ASSERT_TRUE(counter.ok()) << counter.status();
  const TokenFamily family = TokenFamilyOf(vocabulary.name);
  std::vector<double> ratios;
  for (const testing::TextKind& kind : Kinds()) {
    const int64_t truth = (*counter)->Count(kind.text);
    const int64_t estimate = EstimateTokens(kind.text, family);
    EXPECT_GE(estimate, truth) << kind.name;
    ratios.push_back(static_cast<double>(estimate) / static_cast<double>(truth));
  }
  std::ranges::sort(ratios);
  ASSERT_GE(ratios.size(), 200U);
  std::printf("%s: %zu kinds, least %.3f, median %.3f, 90 %% %.3f\n", vocabulary.name,
              ratios.size(), ratios.front(), ratios[ratios.size() / 2],
              ratios[ratios.size() * 9 / 10]);
}

INSTANTIATE_TEST_SUITE_P(All, EstimateOfKinds, ::testing::ValuesIn(kVocabularies),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace fovea
