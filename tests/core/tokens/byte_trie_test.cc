#include "core/tokens/byte_trie.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fovea {
namespace {

using Prefixes = std::vector<std::pair<size_t, uint32_t>>;

Prefixes PrefixesOf(const ByteTrie& trie, const std::string& text) {
  Prefixes prefixes;
  trie.ForEachPrefix(text, [&](size_t bytes, uint32_t slot, bool marked) {
    prefixes.emplace_back(bytes, trie.value(slot) + (marked ? 1000 : 0));
  });
  return prefixes;
}

TEST(ByteTrie, FindsNothingInNothing) {
  const ByteTrie trie = *ByteTrie::Build({});
  EXPECT_TRUE(trie.empty());
  EXPECT_TRUE(PrefixesOf(trie, std::string("\0a", 2)).empty());
}

TEST(ByteTrie, FindsPrefixesShortestFirst) {
  const ByteTrie trie = *ByteTrie::Build(
      {{"abc", 0}, {"a", 1}, {"b", 2, true}, {"abcde", 3}, {std::string_view("\0", 1), 4}});
  EXPECT_FALSE(trie.empty());
  EXPECT_EQ(PrefixesOf(trie, "abcdx"), (Prefixes{{1, 1}, {3, 0}}));
  EXPECT_EQ(PrefixesOf(trie, "abcde"), (Prefixes{{1, 1}, {3, 0}, {5, 3}}));
  EXPECT_EQ(PrefixesOf(trie, "ba"), (Prefixes{{1, 1002}}));
  EXPECT_EQ(PrefixesOf(trie, std::string("\0\0a", 3)), (Prefixes{{1, 4}}));
  EXPECT_EQ(PrefixesOf(trie, std::string("b\0a", 3)), (Prefixes{{1, 1002}}));
  EXPECT_EQ(PrefixesOf(trie, "b\1a"), (Prefixes{{1, 1002}}));
  EXPECT_TRUE(PrefixesOf(trie, "x").empty());
  EXPECT_TRUE(PrefixesOf(trie, "").empty());
}

TEST(ByteTrie, BuildsNothingTooLarge) {
  std::vector<std::string> keys;
  for (uint32_t i = 0; i < 5000; ++i) {
    keys.push_back(std::string(1000, 'x'));
    keys.back().replace(0, sizeof i, std::string(reinterpret_cast<const char*>(&i), sizeof i));
  }
  std::vector<ByteTrie::Entry> entries;
  for (const std::string& key : keys) entries.push_back({.key = key});
  EXPECT_FALSE(ByteTrie::Build(entries).has_value());
  entries.resize(1000);
  EXPECT_TRUE(ByteTrie::Build(entries).has_value());
}

TEST(ByteTrie, AgreesWithAMapOfPrefixes) {
  std::mt19937 random(1);
  const auto word = [&](uint32_t letters, size_t most) {
    std::string text(1 + random() % most, ' ');
    for (char& c : text) c = static_cast<char>(random() % letters);
    return text;
  };
  for (const uint32_t letters : {2U, 5U, 256U}) {
    std::map<std::string, uint32_t> words;
    while (words.size() < 3000) words.emplace(word(letters, 14), words.size());
    std::vector<ByteTrie::Entry> entries;
    for (const auto& [key, value] : words) entries.push_back({key, value});
    const ByteTrie trie = *ByteTrie::Build(entries);
    for (int i = 0; i < 5000; ++i) {
      const std::string text = word(letters, 20);
      Prefixes expected;
      for (size_t bytes = 1; bytes <= text.size(); ++bytes) {
        const auto found = words.find(text.substr(0, bytes));
        if (found != words.end()) expected.emplace_back(bytes, found->second);
      }
      ASSERT_EQ(PrefixesOf(trie, text), expected);
    }
  }
}

}  // namespace
}  // namespace fovea
