#include "transcripts/lossless_json.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"

namespace fovea::transcripts {
namespace {

struct ReadCase {
  std::string name;
  std::string json;
  std::string bytes;
};

class ReadString : public testing::TestWithParam<ReadCase> {};

TEST_P(ReadString, GivesTheBytes) {
  const auto json = ParseJson(GetParam().json);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(BytesOf(*json).value(), GetParam().bytes);
}

// Whatever a string holds, writing and reading it again changes nothing.
TEST_P(ReadString, SurvivesAnotherRound) {
  const std::string& bytes = GetParam().bytes;
  const std::string text = DumpJson(JsonOf(bytes));
  const auto json = ParseJson(text);
  ASSERT_TRUE(json.ok()) << text;
  EXPECT_EQ(BytesOf(*json).value(), bytes) << text;
}

INSTANTIATE_TEST_SUITE_P(
    All, ReadString,
    testing::Values(ReadCase{"Plain", R"("abc")", "abc"}, ReadCase{"Empty", R"("")", ""},
                    ReadCase{"Escapes", R"("a\"\\u0041\n\/")", "a\"\\u0041\n/"},
                    ReadCase{"Nul", R"("a\u0000b")", std::string("a\0b", 3)},
                    ReadCase{"Pair", R"("\ud83d\ude00")", "\xf0\x9f\x98\x80"},
                    ReadCase{"UpperCasePair", R"("\uD83D\uDE00")", "\xf0\x9f\x98\x80"},
                    ReadCase{"LoneHigh", R"("a\ud83db")",
                             "a\xed\xa0\xbd"
                             "b"},
                    ReadCase{"LoneLow", R"("\udc00")", "\xed\xb0\x80"},
                    ReadCase{"HighAtTheEnd", R"("x\ud800")", "x\xed\xa0\x80"},
                    ReadCase{"TwoHighs", R"("\ud83d\ud83d\ude00")", "\xed\xa0\xbd\xf0\x9f\x98\x80"},
                    ReadCase{"LowThenHigh", R"("\ude00\ud83d")", "\xed\xb8\x80\xed\xa0\xbd"},
                    ReadCase{"EscapedBackslashBeforeU", R"("\\ud83d")", "\\ud83d"},
                    ReadCase{"MarkRaw", "\"\xf4\x8f\xbf\xbd\"", "\xf4\x8f\xbf\xbd"},
                    ReadCase{"MarkEscaped", R"("\udbff\udffd")", "\xf4\x8f\xbf\xbd"},
                    ReadCase{"MarkBeforeDigits",
                             "\"\xf4\x8f\xbf\xbd"
                             "d83d\"",
                             "\xf4\x8f\xbf\xbd"
                             "d83d"},
                    ReadCase{"MarkTwice", "\"\xf4\x8f\xbf\xbd\xf4\x8f\xbf\xbd\"",
                             "\xf4\x8f\xbf\xbd\xf4\x8f\xbf\xbd"},
                    ReadCase{"HalfAfterMark", "\"\xf4\x8f\xbf\xbd\\ud83d\"",
                             "\xf4\x8f\xbf\xbd\xed\xa0\xbd"},
                    ReadCase{"Base64", R"({"base64": "/wA="})", std::string("\xff\0", 2)}),
    [](const auto& tested) { return tested.param.name; });

struct WriteCase {
  std::string name;
  std::string bytes;
  std::string json;
};

class WriteString : public testing::TestWithParam<WriteCase> {};

TEST_P(WriteString, GivesJson) {
  EXPECT_EQ(DumpJson(JsonOf(GetParam().bytes)), GetParam().json);
  EXPECT_EQ(BytesOf(ParseJson(GetParam().json).value()).value(), GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(
    All, WriteString,
    testing::Values(WriteCase{"Utf8", "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
                    WriteCase{"LoneHalf", "\xed\xa0\xbd", R"("\ud83d")"},
                    WriteCase{"TwoHalvesAsBytes", "\xed\xa0\xbd\xed\xb8\x80",
                              R"({"base64":"7aC97biA"})"},
                    WriteCase{"IllFormed", "a\xff", R"({"base64":"Yf8="})"},
                    WriteCase{"Overlong", "\xc0\xaf", R"({"base64":"wK8="})"},
                    WriteCase{"CutShort", "\xe2\x82", R"({"base64":"4oI="})"},
                    WriteCase{"BeyondUnicode", "\xf4\x90\x80\x80", R"({"base64":"9JCAgA=="})"}),
    [](const auto& tested) { return tested.param.name; });

TEST(ParseJson, RefusesWhatIsNotJson) {
  for (const char* text :
       {"", "{", "\"\xff\"", R"("\u12")", R"("\)", "1e999", "{}x", "\"\xed\xa0\x80\""}) {
    EXPECT_EQ(ParseJson(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ParseJson, KeepsHalvesInNamesAndTheOrderOfNames) {
  const std::string text = R"({"z":1,"\ud800":[true,null,1.5],"a":-7})";
  EXPECT_EQ(DumpJson(ParseJson(text).value()), text);
}

TEST(ParseJson, RefusesANameThatStandsTwice) {
  EXPECT_EQ(ParseJson(R"({"a":{"b":1,"c":2,"b":3}})").status().message(),
            "JSON with the name \"b\" twice");
  EXPECT_TRUE(ParseJson(R"([{"a":1},{"a":1}])").ok());
}

// A million members take no quadratic time.
TEST(ParseJson, ReadsLargeObjects) {
  std::string text = "{";
  for (int i = 0; i < 300'000; ++i) text += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
  EXPECT_EQ(ParseJson(text + "}").value().size(), 300'000U);
}

TEST(LosslessJson, NumbersKeepTheirDigits) {
  const std::string text =
      R"([1e3,0.10,-1.5E+2,123456789012345678901234567890,0.1,-7,18446744073709551615,1.0])";
  const Json json = ParseJson(text).value();
  EXPECT_EQ(DumpJson(json), text);
  for (const Json& number : json) {
    EXPECT_TRUE(IsNumber(number) && !IsText(number) && !BytesOf(number).ok());
  }
  EXPECT_TRUE(IsText(ParseJson(R"("\udbff\udffd#5")").value()));
}

TEST(BytesOf, RefusesWhatIsNoString) {
  for (const char* text :
       {"1", "null", "[]", "{}", R"({"base64":"!"})", R"({"base64":"","x":1})"}) {
    EXPECT_FALSE(BytesOf(ParseJson(text).value()).ok()) << text;
  }
}

TEST(LosslessJson, RefusesWhatNestsTooDeepToBeWritten) {
  const auto nested = [](int depth) {
    return std::string(depth, '[') + R"("][\"[")" + std::string(depth, ']');
  };
  const auto deepest = ParseJson(nested(kMaxJsonDepth));
  ASSERT_TRUE(deepest.ok()) << deepest.status();
  EXPECT_EQ(DumpJson(*deepest), nested(kMaxJsonDepth));
  for (const int depth : {kMaxJsonDepth + 1, 500'000}) {
    EXPECT_EQ(ParseJson(nested(depth)).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace fovea::transcripts
