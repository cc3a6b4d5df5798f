#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/utf8.h"
#include "core/log/recall_text.h"
#include "gmock/gmock.h"
#include "tests/memory_store/store_contract.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

}  // namespace

SearchAnswer SearchIndexContract::Find(const SessionKey& key, const SearchQuery& query) {
  return FindWhenIndexed(store(), key, query);
}

SearchAnswer SearchIndexContract::Search(const SessionKey& key, const std::string& words,
                                         SearchOrder order, int limit) {
  return Find(key, {.text = words, .order = order, .limit = limit});
}

std::vector<uint64_t> SearchIndexContract::Seqs(const SessionKey& key, const std::string& words,
                                                SearchOrder order, int limit) {
  std::vector<uint64_t> seqs;
  for (const SearchHit& hit : Search(key, words, order, limit).hits) seqs.push_back(hit.seq);
  return seqs;
}

TEST_P(SearchIndexContract, WordsAreFoundNewestFirst) {
  struct QueryCase {
    std::string name;
    std::string query;
    std::vector<uint64_t> seqs;
  };
  const SessionKey key =
      Make("a", {"The quick brown fox", "a QUICK reply; fox-trot", "error in src/main_loop.cc:42",
                 "na\xC3\xAFve caf\xC3\xA9 AND OR NOT NEAR", "\xE4\xBD\xA0\xE5\xA5\xBD world",
                 std::string("broken \xff utf8\0after", 19)});
  for (const QueryCase& test : {QueryCase{"OneWord", "fox", {2, 1}},
                                QueryCase{"AnyCase", "QuIcK", {2, 1}},
                                QueryCase{"AllWordsMustOccur", "quick brown", {1}},
                                QueryCase{"NoSuchWord", "fop", {}},
                                QueryCase{"PartOfAWord", "ick bro", {1}},
                                QueryCase{"Prefix", "fo*", {2, 1}},
                                QueryCase{"PrefixOfAPhrase", "src/ma*", {3}},
                                QueryCase{"PunctuatedIsAPhrase", "main_loop.cc", {3}},
                                QueryCase{"PhraseInOrder", "loop_main", {}},
                                QueryCase{"Accents", "cafe", {4}},
                                QueryCase{"Chinese", "\xE4\xBD\xA0\xE5\xA5\xBD", {5}},
                                QueryCase{"OperatorsAreWords", "AND OR", {4}},
                                QueryCase{"NotAnOperator", "fox NOT brown", {}},
                                QueryCase{"Near", "NEAR(fox 2)", {}},
                                QueryCase{"ColumnFilter", "text:fox", {}},
                                QueryCase{"Quotes", "\"fox\"\" \"", {2, 1}},
                                QueryCase{"LoneQuote", "fox \"", {2, 1}},
                                QueryCase{"Brackets", "(fox", {2, 1}},
                                QueryCase{"Caret", "^quick", {2, 1}},
                                QueryCase{"PlusAndBraces", "{fox} + -", {2, 1}},
                                QueryCase{"AfterNul", "after", {6}},
                                QueryCase{"NulInQuery", std::string("after\0fox", 9), {}}}) {
    EXPECT_EQ(Seqs(key, test.query), test.seqs) << test.name;
  }
}

TEST_P(SearchIndexContract, RefusesWhatIsNoQuery) {
  const SessionKey key = Make("a", {"x"});
  const auto code = [&](const SessionKey& session, const std::string& query, int limit) {
    return Code(search().Search(session, query, SearchOrder::kRelevance, limit));
  };
  for (const char* query : {"", "  ", "*", "\"", "--- \xE2\x80\x94 ()"}) {
    EXPECT_EQ(code(key, query, 10), absl::StatusCode::kInvalidArgument) << query;
  }
  EXPECT_EQ(code(key, "x", 0), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(key, "x", 201), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({"t", "none"}, "x", 10), absl::StatusCode::kNotFound);
  EXPECT_EQ(code({"u", "a"}, "x", 10), absl::StatusCode::kNotFound);
}

TEST_P(SearchIndexContract, AnEmptySessionHasNoHits) {
  const SearchAnswer answer = Search(Make("a", {}), "x");
  EXPECT_THAT(answer.hits, IsEmpty());
  EXPECT_EQ(answer.indexed_through_seq, 0U);
}

TEST_P(SearchIndexContract, FollowsTheLog) {
  const SessionKey key = Make("a", {"one"});
  for (uint64_t seq = 2; seq < 40; ++seq) {
    Value(log().Append(key, Batch({TextTurn(absl::StrCat("word", seq))})));
    EXPECT_THAT(Seqs(key, absl::StrCat("word", seq)), ElementsAre(seq));
  }
  const SearchAnswer answer = Search(key, "one");
  EXPECT_THAT(answer.hits, SizeIs(1));
  EXPECT_EQ(answer.indexed_through_seq, 39U);
}

TEST_P(SearchIndexContract, LimitsToTheNewest) {
  const SessionKey key = Make("a", {"x", "x", "y", "x"});
  EXPECT_THAT(Seqs(key, "x", SearchOrder::kNewestFirst, 2), ElementsAre(4, 2));
}

TEST_P(SearchIndexContract, RelevanceCountsAndWeighs) {
  const std::string filler = " and a good many other words that have nothing to do with it at all";
  const SessionKey key =
      Make("a", {"common rare" + filler, "common common common rare", "common" + filler,
                 "common" + filler, "rare" + filler + filler});
  EXPECT_THAT(Seqs(key, "common rare", SearchOrder::kRelevance), ElementsAre(2, 1));
  EXPECT_THAT(Seqs(key, "rare", SearchOrder::kRelevance, 2), ElementsAre(2, 1));
  const std::vector<SearchHit> hits = Search(key, "rare", SearchOrder::kRelevance).hits;
  ASSERT_THAT(hits, SizeIs(3));
  EXPECT_GT(hits[0].score, hits[1].score);
  EXPECT_GT(hits[1].score, hits[2].score);
}

TEST_P(SearchIndexContract, EquallyGoodTurnsComeNewestFirst) {
  const SessionKey key = Make("a", {"x y", "x z", "x w"});
  EXPECT_THAT(Seqs(key, "x", SearchOrder::kRelevance), ElementsAre(3, 2, 1));
}

TEST_P(SearchIndexContract, OtherSessionsCannotBeToldFromScores) {
  const SessionKey key = Make("a", {"secret plan", "plan plan", "nothing"});
  const auto scores = [&] {
    std::vector<double> values;
    for (const SearchHit& hit : Search(key, "secret plan", SearchOrder::kRelevance).hits) {
      values.push_back(hit.score);
    }
    return values;
  };
  const std::vector<double> alone = scores();
  const SessionKey other = Make("b", std::vector<std::string>(50, "secret"));
  EXPECT_THAT(Seqs(other, "secret"), SizeIs(50));
  EXPECT_EQ(scores(), alone);
  EXPECT_THAT(Seqs(key, "secret"), ElementsAre(1));
}

TEST_P(SearchIndexContract, SnippetsAreShortAndShowTheMatch) {
  const std::string before(3000, 'b');
  const SessionKey key = Make(
      "a", {before + " needle\n" + std::string(3000, 'c'), "the <b>needle</b> \x01\x02 \xff here"});
  const std::vector<SearchHit> hits = Search(key, "needle").hits;
  ASSERT_THAT(hits, SizeIs(2));
  EXPECT_EQ(hits[0].snippet, "the <b>needle</b> \x01\x02 \xff here");
  EXPECT_THAT(hits[1].snippet, HasSubstr("bb needle\ncc"));
  EXPECT_LE(hits[1].snippet.size(), 200U);
  EXPECT_TRUE(IsWellFormedUtf8(hits[1].snippet));
}

TEST_P(SearchIndexContract, AHitNamesTheBytesOfTheRecalledText) {
  const SessionKey key = Make("a", {});
  Turn call = TextTurn(std::string(500, 'x'), Role::kAssistant);
  call.parts.emplace_back(ToolCallPart{
      "c", "write", R"({"text":"\u00e9\n)" + std::string(500, 'y') + R"(\nMARKER-77\n"})"});
  Turn result = TextTurn("", Role::kTool);
  result.parts = {ToolResultPart{"c", {TextPart{"one"}, TextPart{"MARKER-77"}}, true}};
  Value(log().Append(key, Batch({call, result})));
  for (const SearchOrder order : {SearchOrder::kNewestFirst, SearchOrder::kRelevance}) {
    const std::vector<SearchHit> hits = Search(key, "marker-77", order).hits;
    ASSERT_THAT(hits, SizeIs(2));
    for (const SearchHit& hit : hits) {
      const std::string text = RecallTextOf(hit.seq == 1 ? call : result).text;
      const std::string named = text.substr(hit.text.begin, hit.text.end - hit.text.begin);
      EXPECT_THAT(named, HasSubstr("MARKER-77"));
      EXPECT_EQ(hit.snippet, (hit.text.begin == 0 ? "" : "…") + named +
                                 (hit.text.end == text.size() ? "" : "…"));
    }
  }
}

TEST_P(SearchIndexContract, HitsHaveTheirRole) {
  const SessionKey key = Make("a", {});
  Value(log().Append(key, Batch({TextTurn("x", Role::kTool)})));
  EXPECT_EQ(Search(key, "x").hits.at(0).role, Role::kTool);
}

TEST_P(SearchIndexContract, ForksAreFound) {
  const SessionKey key = Make("a", {"one", "two"});
  Value(log().ForkSession(key, 1, Session("f")));
  EXPECT_THAT(Seqs({"t", "f"}, "one"), ElementsAre(1));
  EXPECT_THAT(Seqs({"t", "f"}, "two"), IsEmpty());
}

// Turns that hold the query to the byte, though its first word is cut off in it, are in their place
// by age, or behind those that have the words.
TEST_P(SearchIndexContract, WhatHoldsTheQueryToTheByteIsInItsPlace) {
  const SessionKey key =
      Make("s", {"alpha beta gamma", "lpha beta", "something else", "alpha beta again"});
  EXPECT_THAT(Seqs(key, "lpha beta"), ElementsAre(4, 2, 1));
  const auto by_relevance = Seqs(key, "lpha beta", SearchOrder::kRelevance);
  ASSERT_THAT(by_relevance, SizeIs(3));
  EXPECT_EQ(by_relevance[0], 2U);
}

// A stretch that was cut out of a text is found there, though other turns have all of its words.
TEST_P(SearchIndexContract, AStretchWithWordsCutOffIsFoundBesideTurnsWithTheWords) {
  const SessionKey key =
      Make("a", {"the deterministic machine is there for all", "is a machine deterministic; the th",
                 "machine is not that", "एक नियतात्मक मशीन है वहाँ", "मशीन है व"});
  EXPECT_THAT(Seqs(key, "terministic machine is th"), ElementsAre(1));
  EXPECT_THAT(Seqs(key, "deterministic machine is th"), ElementsAre(2, 1));
  EXPECT_THAT(Seqs(key, "deterministic machine is th", SearchOrder::kRelevance), ElementsAre(2, 1));
  EXPECT_THAT(Seqs(key, "deterministic machine is th", SearchOrder::kNewestFirst, 1),
              ElementsAre(2));
  EXPECT_THAT(Seqs(key, "मशीन है व"), ElementsAre(5, 4));
  EXPECT_THAT(Seqs(key, "machine is"), ElementsAre(3, 2, 1)) << "each once";
}

TEST_P(SearchIndexContract, ASubstringIsFoundAnywhereToTheByte) {
  const SessionKey key =
      Make("a", {"x", "src/main_loop.cc:42 Größe", "SRC/MAIN_LOOP.CC", "नमस्ते दुनिया", "two\nlines"});
  const auto find = [&](const std::string& text, int limit = 200) {
    std::vector<uint64_t> seqs;
    const SearchAnswer answer =
        Find(key, {.text = text, .match = SearchMatch::kSubstring, .limit = limit});
    for (const SearchHit& hit : answer.hits) {
      const std::string words = absl::StrReplaceAll(hit.snippet, {{"\n", " "}});
      EXPECT_THAT(words, HasSubstr(text));
      seqs.push_back(hit.seq);
    }
    return seqs;
  };
  EXPECT_THAT(find("ain_lo"), ElementsAre(2));
  EXPECT_THAT(find("AIN_LO"), ElementsAre(3));
  EXPECT_THAT(find(".cc:42 Gr"), ElementsAre(2));
  EXPECT_THAT(find("स्ते दु"), ElementsAre(4));
  EXPECT_THAT(find("two lines"), ElementsAre(5)) << "a line end is a space";
  EXPECT_THAT(find("nothing like it"), IsEmpty());
  EXPECT_EQ(Code(search().Find(key, {.text = "x", .match = SearchMatch::kSubstring})),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(SearchIndexContract, ATurnWithoutTextIsPassedOver) {
  const SessionKey key = Make("a", {"one", "", "two"});
  const SearchAnswer found = Find(key, {.text = "on", .match = SearchMatch::kSubstring});
  ASSERT_THAT(found.hits, SizeIs(1));
  EXPECT_EQ(found.hits[0].seq, 1U);
  EXPECT_THAT(Search(key, "nowhere").hits, IsEmpty());
}

TEST_P(SearchIndexContract, AWordInADenseScriptMustStandThereWithItsMarks) {
  const SessionKey key = Make("a", {"ไฟล", "ไฟล์"});
  EXPECT_THAT(Seqs(key, "ไฟล์"), ElementsAre(2));
  EXPECT_THAT(Seqs(key, "接续"), IsEmpty());
}

TEST_P(SearchIndexContract, WordsAreFoundInsideTextWithoutSpaces) {
  struct ScriptCase {
    std::string name;
    std::string query;
    uint64_t seq;
  };
  const SessionKey key =
      Make("a", {"データベースへの接続に失敗しました", "步2 重跑gen-itgc后50条悬空引用清零",
                 "ไม่พบไฟล์ในโฟลเดอร์", "현재 디렉터리에서 파일을 찾을 수 없습니다", "ຂ້ອຍກິນເຂົ້າ",
                 "ខ្ញុំចូលចិត្តអាន"});
  for (const ScriptCase& test :
       {ScriptCase{"TwoKanji", "接続", 1}, ScriptCase{"Kanji", "失敗", 1},
        ScriptCase{"Katakana", "ベース", 1}, ScriptCase{"OneKanji", "敗", 1},
        ScriptCase{"AcrossScripts", "続に失", 1}, ScriptCase{"Last", "した", 1},
        ScriptCase{"Chinese", "悬空引用", 2}, ScriptCase{"LatinGluedTo", "itgc", 2},
        ScriptCase{"MixedWord", "itgc后50", 2}, ScriptCase{"LastHan", "零", 2},
        ScriptCase{"Thai", "ไฟล์", 3}, ScriptCase{"TwoThai", "พบ", 3},
        ScriptCase{"KoreanWithAParticle", "파일", 4}, ScriptCase{"KoreanPlace", "디렉터리", 4},
        ScriptCase{"Lao", "ກິນ", 5}, ScriptCase{"Khmer", "ចូលចិត្ត", 6}}) {
    EXPECT_THAT(Seqs(key, test.query), ElementsAre(test.seq)) << test.name;
    EXPECT_THAT(Seqs(key, test.query, SearchOrder::kRelevance), ElementsAre(test.seq)) << test.name;
  }
}

}  // namespace fovea::testing
