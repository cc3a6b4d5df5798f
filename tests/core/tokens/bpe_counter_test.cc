#include "core/tokens/bpe_counter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "core/base/utf8.h"
#include "tests/core/tokens/tiny_vocabulary.h"

namespace fovea {
namespace {

using testing::TiktokenFile;

std::unique_ptr<BpeCounter> MakeCounter(const std::vector<std::string>& tokens,
                                        SplitPattern split = SplitPattern::kO200k) {
  const auto vocabulary = ParseTiktoken(TiktokenFile(tokens), split);
  EXPECT_TRUE(vocabulary.ok()) << vocabulary.status();
  auto counter = BpeCounter::Create(*vocabulary);
  EXPECT_TRUE(counter.ok()) << counter.status();
  return *std::move(counter);
}

// BPE by its definition.
int64_t CountByDefinition(const std::vector<std::string>& tokens, const std::string& piece) {
  std::map<std::string, size_t> ranks;
  for (size_t i = 0; i < tokens.size(); ++i) ranks.emplace(tokens[i], i);
  if (ranks.contains(piece)) return 1;
  std::vector<std::string> parts;
  for (const char c : piece) parts.emplace_back(1, c);
  while (true) {
    size_t best = parts.size();
    size_t best_rank = std::numeric_limits<size_t>::max();
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = ranks.find(parts[i] + parts[i + 1]);
      if (found != ranks.end() && found->second < best_rank) {
        best = i;
        best_rank = found->second;
      }
    }
    if (best == parts.size()) return static_cast<int64_t>(parts.size());
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

std::string RandomWord(std::mt19937* random, uint32_t letters, size_t most) {
  std::string word(1 + (*random)() % most, ' ');
  for (char& c : word) c = static_cast<char>('a' + (*random)() % letters);
  return word;
}

// As training makes them: each token joins two that are there already.
std::vector<std::string> TrainedTokens(std::mt19937* random, uint32_t letters, size_t count) {
  std::vector<std::string> parts;
  for (uint32_t i = 0; i < letters; ++i) parts.emplace_back(1, static_cast<char>('a' + i));
  std::vector<std::string> tokens;
  while (tokens.size() < count) {
    const std::string token = parts[(*random)() % parts.size()] + parts[(*random)() % parts.size()];
    if (token.size() > 24 || std::ranges::find(parts, token) != parts.end()) continue;
    parts.push_back(token);
    tokens.push_back(token);
  }
  return tokens;
}

TEST(BpeCounter, CountsWholePiecesAndMerges) {
  const auto counter = MakeCounter({"th", "he", "the", " the", "xyz"});
  EXPECT_EQ(counter->Count(""), 0);
  EXPECT_EQ(counter->Count("the"), 1);
  EXPECT_EQ(counter->Count("the the"), 2);
  EXPECT_EQ(counter->Count("thehe"), 2);
  EXPECT_EQ(counter->Count("xyz"), 1) << "a whole piece";
  EXPECT_EQ(counter->Count("xyza"), 4) << "no merges lead to xyz";
  EXPECT_EQ(counter->Count("é"), 2);
  EXPECT_GT(counter->memory_bytes(), 261U);
}

TEST(BpeCounter, AWholePieceNeedsMergesIfTheVocabularySaysSo) {
  auto vocabulary = ParseTiktoken(TiktokenFile({"xyz"}), SplitPattern::kO200k);
  ASSERT_TRUE(vocabulary.ok());
  vocabulary->whole_pieces = false;
  EXPECT_EQ((*BpeCounter::Create(*vocabulary))->Count("xyz"), 3);
}

TEST(BpeCounter, RefusesWhatIsNoVocabulary) {
  EXPECT_EQ(BpeCounter::Create({}).status().code(), absl::StatusCode::kInvalidArgument);
  auto vocabulary = ParseTiktoken(TiktokenFile({"ab"}), SplitPattern::kO200k);
  ASSERT_TRUE(vocabulary.ok());
  vocabulary->tokens.back().right = 1U << 20;
  EXPECT_EQ(BpeCounter::Create(*vocabulary).status().code(), absl::StatusCode::kInvalidArgument);
  vocabulary->tokens.back().right = vocabulary->tokens.back().left;
  EXPECT_EQ(BpeCounter::Create(*vocabulary).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(BpeCounter, IllFormedBytesCountAsTheyAreShown) {
  const auto counter = MakeCounter({"\\x", "\\xC"});
  EXPECT_EQ(counter->Count("a\xC3(b"), counter->Count("a\\xC3(b"));
  EXPECT_EQ(counter->Count("\xFF\xFE"), counter->Count("\\xFF\\xFE"));
  EXPECT_EQ(counter->Count("\xED\xA0\x80"), counter->Count("\\xED\\xA0\\x80"));
}

TEST(BpeCounter, IllFormedBytesCountAsTheyAreShownWhateverStandsAroundThem) {
  constexpr SplitPattern kPatterns[] = {SplitPattern::kCl100k, SplitPattern::kLlama3,
                                        SplitPattern::kQwen2,  SplitPattern::kO200k,
                                        SplitPattern::kTekken, SplitPattern::kDeepSeek3};
  // Merges across every border that a spelled byte can have.
  const std::vector<std::string> tokens = {"\\x", "!\\", " \\", "\\xF", "FF",  "x8",  "xFFa", "Fs",
                                           "F's", "F1",  "0a",  "a!",   "1\\", "F\\", "F!",   "é!"};
  const char* const units[] = {"\xFF", "\x80", "\xC3", "\xF8",   "a",  "F",
                               "s",    "1",    "'",    "!",      " ",  "\n",
                               "\x01", "é",    "中",   "\u0301", "\\", "\xE4\xB8"};
  std::mt19937 random(3);
  for (const SplitPattern pattern : kPatterns) {
    const auto counter = MakeCounter(tokens, pattern);
    for (int i = 0; i < 20'000; ++i) {
      std::string text;
      for (size_t left = 1 + random() % 12; left > 0; --left) {
        text += units[random() % std::size(units)];
      }
      ASSERT_EQ(counter->Count(text), counter->Count(MakeWellFormed(text)))
          << SplitPatternName(pattern) << " " << absl::CHexEscape(text);
    }
  }
}

TEST(BpeCounter, NormalizesIfTheVocabularySaysSo) {
  auto vocabulary = ParseTiktoken(TiktokenFile({"é"}), SplitPattern::kQwen2);
  ASSERT_TRUE(vocabulary.ok());
  EXPECT_EQ((*BpeCounter::Create(*vocabulary))->Count("e\u0301"), 3);
  vocabulary->nfc = true;
  EXPECT_EQ((*BpeCounter::Create(*vocabulary))->Count("e\u0301"), 1);
}

TEST(BpeCounter, MergesAsDefinedInTrainedVocabularies) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    const uint32_t letters = 1 + random() % 4;
    const auto tokens = TrainedTokens(&random, letters, letters == 1 ? 12 : 5 + random() % 60);
    const auto counter = MakeCounter(tokens);
    for (int i = 0; i < 100; ++i) {
      const std::string piece = RandomWord(&random, letters, 60);
      ASSERT_EQ(counter->Count(piece), CountByDefinition(tokens, piece)) << piece;
    }
  }
}

TEST(BpeCounter, MergesAsDefinedInWhatRepeatsItself) {
  std::mt19937 random(5);
  for (int round = 0; round < 8; ++round) {
    const uint32_t letters = 1 + random() % 3;
    const auto tokens = TrainedTokens(&random, letters, letters == 1 ? 12 : 5 + random() % 60);
    const auto counter = MakeCounter(tokens);
    const std::string unit = RandomWord(&random, letters, 5);
    std::string piece;
    for (const size_t bytes = 2048 + random() % 400; piece.size() < bytes;) piece += unit;
    ASSERT_EQ(counter->Count(piece), CountByDefinition(tokens, piece)) << unit;
    piece += 'a';  // no longer the same all through, if the unit has other letters
    ASSERT_EQ(counter->Count(piece), CountByDefinition(tokens, piece)) << unit;
  }
}

TEST(BpeCounter, MergesAsDefinedWhateverTheRanks) {
  // Tokens may be ranked before their parts, or have none.
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    auto tokens = TrainedTokens(&random, 2 + random() % 2, 5 + random() % 40);
    std::shuffle(tokens.begin(), tokens.end(), random);
    tokens.resize(tokens.size() - tokens.size() / 4);
    const auto counter = MakeCounter(tokens);
    for (int i = 0; i < 100; ++i) {
      const std::string piece = RandomWord(&random, 3, 40);
      ASSERT_EQ(counter->Count(piece), CountByDefinition(tokens, piece)) << piece;
    }
  }
}

TEST(BpeCounter, CountsTheSameOnManyThreads) {
  std::mt19937 random(3);
  const auto counter = MakeCounter(TrainedTokens(&random, 4, 300));
  std::vector<std::string> texts;
  std::vector<int64_t> expected;
  for (int i = 0; i < 200; ++i) {
    texts.push_back(RandomWord(&random, 4, 500) + " " + RandomWord(&random, 4, 20));
    expected.push_back(counter->Count(texts.back()));
  }
  std::vector<std::vector<int64_t>> counts(4);
  std::vector<std::thread> threads;
  for (auto& own : counts) {
    threads.emplace_back([&] {
      for (const std::string& text : texts) own.push_back(counter->Count(text));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& own : counts) EXPECT_EQ(own, expected);
}

TEST(BpeCounter, IsLinearInTheLongestPiece) {
  std::mt19937 random(4);
  std::vector<std::string> tokens = TrainedTokens(&random, 4, 2000);
  for (size_t length = 2; length <= 128; length *= 2) tokens.emplace_back(length, 'z');
  const auto counter = MakeCounter(tokens);
  const auto seconds = [&](const std::string& piece) {
    double least = 1e9;
    for (int i = 0; i < 3; ++i) {
      const std::clock_t start = std::clock();
      EXPECT_GT(counter->Count(piece), 0);
      least = std::min(least, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    }
    return least;
  };
  std::string mixed(1 << 20, ' ');
  for (char& c : mixed) c = static_cast<char>('a' + random() % 4);
  for (const std::string& piece : {mixed, std::string(1 << 20, 'z'), std::string(1 << 20, 'a')}) {
    // A quadratic step would take 32 times as long a byte.
    EXPECT_LT(seconds(piece), 8 * 32 * (seconds(piece.substr(0, piece.size() / 32)) + 1e-3));
  }
}

}  // namespace
}  // namespace fovea
