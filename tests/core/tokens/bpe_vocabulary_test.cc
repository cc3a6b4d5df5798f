#include "core/tokens/bpe_vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/core/tokens/tiny_vocabulary.h"

namespace fovea {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::TiktokenFile;

const BpeToken& Find(const BpeVocabulary& vocabulary, const std::string& bytes) {
  const auto found = std::ranges::find(vocabulary.tokens, bytes, &BpeToken::bytes);
  EXPECT_NE(found, vocabulary.tokens.end()) << bytes;
  return *found;
}

// "ab" + "c".
std::string MergeOf(const BpeVocabulary& vocabulary, const std::string& bytes) {
  const BpeToken& token = Find(vocabulary, bytes);
  if (token.left == BpeToken::kNone) return token.reachable() ? "byte" : "none";
  return vocabulary.tokens[token.left].bytes + "+" + vocabulary.tokens[token.right].bytes;
}

TEST(ParseTiktoken, FindsTheLastMergeOfEachToken) {
  const auto vocabulary =
      ParseTiktoken(TiktokenFile({"ab", "bc", "abc", "abcd", "xyz"}), SplitPattern::kCl100k);
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status();
  EXPECT_EQ(vocabulary->tokens.size(), 261U);
  EXPECT_EQ(vocabulary->split, SplitPattern::kCl100k);
  EXPECT_TRUE(vocabulary->whole_pieces);
  EXPECT_FALSE(vocabulary->nfc);
  EXPECT_EQ(MergeOf(*vocabulary, "a"), "byte");
  EXPECT_EQ(MergeOf(*vocabulary, "ab"), "a+b");
  EXPECT_EQ(MergeOf(*vocabulary, "abc"), "ab+c");
  EXPECT_EQ(MergeOf(*vocabulary, "abcd"), "abc+d");
  EXPECT_EQ(MergeOf(*vocabulary, "xyz"), "none");
  EXPECT_LT(Find(*vocabulary, "ab").rank, Find(*vocabulary, "bc").rank);
}

TEST(ParseTiktoken, TakesAnyLineEndsAndOrder) {
  std::string file = "YWI= 900\r\n\r\n";  // "ab"
  file += TiktokenFile({});
  file.pop_back();
  const auto vocabulary = ParseTiktoken(file, SplitPattern::kO200k);
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status();
  EXPECT_EQ(vocabulary->tokens.back().bytes, "ab");
}

struct WrongFile {
  const char* name;
  std::string file;
  const char* problem;
};
void PrintTo(const WrongFile& wrong, std::ostream* out) { *out << wrong.name; }

class WrongTiktokenTest : public ::testing::TestWithParam<WrongFile> {};

TEST_P(WrongTiktokenTest, IsRefused) {
  const auto vocabulary = ParseTiktoken(GetParam().file, SplitPattern::kO200k);
  EXPECT_EQ(vocabulary.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(vocabulary.status().message()), HasSubstr(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    Files, WrongTiktokenTest,
    ::testing::Values(WrongFile{"Empty", "", "byte 0x00 is no token"},
                      WrongFile{"NoRank", TiktokenFile({}) + "YWI=\n", "line 257"},
                      WrongFile{"NoBase64", TiktokenFile({}) + "%% 256\n", "line 257"},
                      WrongFile{"NegativeRank", TiktokenFile({}) + "YWI= -1\n", "line 257"},
                      WrongFile{"EmptyToken", TiktokenFile({}) + " 256\n", "line 257"},
                      WrongFile{"RankTwice", TiktokenFile({}) + "YWI= 7\n", "rank 7 stands twice"},
                      WrongFile{"TokenTwice", TiktokenFile({"ab", "ab"}), "\"ab\" stands twice"},
                      WrongFile{"TooLong", TiktokenFile({std::string(1025, 'a')}),
                                "more than 1024 bytes"}),
    [](const auto& test) { return test.param.name; });

// A tokenizer.json with the 256 bytes and these merges of a and b, c and so on.
json TinyTokenizer() {
  json vocab;
  const auto spelled = [](int byte) {
    std::string text;
    if (byte < 0x80) return text += static_cast<char>(byte);
    text += static_cast<char>(0xC0 | byte >> 6);
    return text += static_cast<char>(0x80 | (byte & 0x3F));
  };
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte > ' ' && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
    vocab[spelled(printable ? byte : next++)] = byte;
  }
  vocab["ab"] = 256;
  vocab["\u0120ab"] = 257;
  vocab["abc"] = 258;
  vocab["zzz"] = 259;
  vocab["<｜end｜>"] = 260;
  const char* const qwen =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
      R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
  return {{"normalizer", {{"type", "NFC"}}},
          {"pre_tokenizer",
           {{"type", "Sequence"},
            {"pretokenizers",
             {{{"type", "Split"},
               {"pattern", {{"Regex", qwen}}},
               {"behavior", "Isolated"},
               {"invert", false}},
              {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}}},
          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", {"a b", "\u0120 ab", "ab c"}}}}};
}

TEST(ParseTokenizerJson, ReadsVocabularyAndMerges) {
  const auto vocabulary = ParseTokenizerJson(TinyTokenizer().dump());
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status();
  EXPECT_EQ(vocabulary->split, SplitPattern::kQwen2);
  EXPECT_TRUE(vocabulary->nfc);
  EXPECT_FALSE(vocabulary->whole_pieces);
  EXPECT_EQ(vocabulary->tokens.size(), 260U) << "the name of a special token spells no bytes";
  EXPECT_EQ(MergeOf(*vocabulary, " ab"), " +ab");
  EXPECT_EQ(MergeOf(*vocabulary, "abc"), "ab+c");
  EXPECT_EQ(MergeOf(*vocabulary, "zzz"), "none");
  EXPECT_EQ(MergeOf(*vocabulary, "\xE9"), "byte");
}

TEST(ParseTokenizerJson, ReadsMergesAsPairs) {
  json document = TinyTokenizer();
  document["model"]["merges"] = json::parse(R"([["a","b"],["\u0120","ab"],["ab","c"]])");
  document["model"]["ignore_merges"] = true;
  document["normalizer"] = {{"type", "Sequence"}, {"normalizers", json::array()}};
  const auto vocabulary = ParseTokenizerJson(document.dump());
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status();
  EXPECT_EQ(MergeOf(*vocabulary, " ab"), " +ab");
  EXPECT_TRUE(vocabulary->whole_pieces);
  EXPECT_FALSE(vocabulary->nfc);
}

struct WrongJson {
  const char* name;
  const char* patch;  // RFC 6902
  absl::StatusCode code;
  const char* problem;
};
void PrintTo(const WrongJson& wrong, std::ostream* out) { *out << wrong.name; }

class WrongTokenizerJsonTest : public ::testing::TestWithParam<WrongJson> {};

TEST_P(WrongTokenizerJsonTest, IsRefused) {
  const json document = TinyTokenizer().patch(json::parse(GetParam().patch));
  const auto vocabulary = ParseTokenizerJson(document.dump());
  EXPECT_EQ(vocabulary.status().code(), GetParam().code) << vocabulary.status();
  EXPECT_THAT(std::string(vocabulary.status().message()), HasSubstr(GetParam().problem));
}

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kUnknown = absl::StatusCode::kUnimplemented;

INSTANTIATE_TEST_SUITE_P(
    Files, WrongTokenizerJsonTest,
    ::testing::Values(
        WrongJson{"Array", R"([{"op":"replace","path":"","value":[]}])", kUnknown, "pre_tokenizer"},
        WrongJson{"Normalizer",
                  R"([{"op":"replace","path":"/normalizer","value":{"type":"NFKC"}}])", kUnknown,
                  R"(normalizer is not known: {"type":"NFKC"})"},
        WrongJson{"Pattern",
                  R"([{"op":"replace","path":"/pre_tokenizer/pretokenizers/0/pattern/Regex",
                       "value":"\\w+"}])",
                  kUnknown, R"(\\w+)"},
        WrongJson{"Behavior",
                  R"([{"op":"replace","path":"/pre_tokenizer/pretokenizers/0/behavior",
                       "value":"Removed"}])",
                  kUnknown, "Removed"},
        WrongJson{"PrefixSpace",
                  R"([{"op":"replace","path":"/pre_tokenizer/pretokenizers/1/add_prefix_space",
                       "value":true}])",
                  kUnknown, "add_prefix_space"},
        WrongJson{"Model", R"([{"op":"replace","path":"/model/type","value":"Unigram"}])", kUnknown,
                  "model.type is not known: \"Unigram\""},
        WrongJson{"ByteFallback", R"([{"op":"add","path":"/model/byte_fallback","value":true}])",
                  kUnknown, "model.byte_fallback"},
        WrongJson{"Dropout", R"([{"op":"add","path":"/model/dropout","value":0.1}])", kUnknown,
                  "model.dropout"},
        WrongJson{"Suffix", R"([{"op":"add","path":"/model/end_of_word_suffix","value":"</w>"}])",
                  kUnknown, "model.end_of_word_suffix"},
        WrongJson{"NoVocab", R"([{"op":"remove","path":"/model/vocab"}])", kInvalid, "model.vocab"},
        WrongJson{"NumberOfToken", R"([{"op":"replace","path":"/model/vocab/ab","value":"x"}])",
                  kInvalid, "model.vocab.ab"},
        WrongJson{"NoByte", R"([{"op":"remove","path":"/model/vocab/a"}])", kInvalid,
                  "byte 0x61 is no token"},
        WrongJson{"NoMerges", R"([{"op":"remove","path":"/model/merges"}])", kInvalid,
                  "model.merges"},
        WrongJson{"MergeOfOne", R"([{"op":"replace","path":"/model/merges/1","value":"ab"}])",
                  kInvalid, "model.merges[1]"},
        WrongJson{"MergeOfThree",
                  R"([{"op":"replace","path":"/model/merges/1","value":["a","b","c"]}])", kInvalid,
                  "model.merges[1]"},
        WrongJson{"MergeIntoNothing",
                  R"([{"op":"replace","path":"/model/merges/1","value":"b b"}])", kInvalid,
                  "model.merges[1] names what model.vocab does not have"}),
    [](const auto& test) { return test.param.name; });

TEST(ParseTokenizerJson, RefusesWhatIsNoJson) {
  EXPECT_EQ(ParseTokenizerJson("{").status().code(), kInvalid);
  EXPECT_EQ(ParseTokenizerJson("").status().code(), kInvalid);
}

}  // namespace
}  // namespace fovea
