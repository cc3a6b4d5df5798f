#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/utf8.h"
#include "core/log/recall_text.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "memory_store/sqlite/database.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SearchIndexTest : public ::testing::Test {
 protected:
  SearchIndexTest() { Reopen(); }
  void Reopen() {
    store_.reset();
    store_ = OpenStore(directory_.path());
  }
  SessionKey Make(const std::string& id, const std::vector<std::string>& texts) {
    SessionKey key = {"t", id};
    Value(store_->log().CreateSession(key, Session(id)));
    if (!texts.empty()) Value(store_->log().Append(key, Batch(TextTurns(texts))));
    return key;
  }
  SearchAnswer Search(const SessionKey& key, const std::string& query,
                      SearchOrder order = SearchOrder::kNewestFirst, int limit = 200) {
    return Value(store_->search().Search(key, query, order, limit));
  }
  std::vector<uint64_t> Seqs(const SessionKey& key, const std::string& query,
                             SearchOrder order = SearchOrder::kNewestFirst, int limit = 200) {
    std::vector<uint64_t> seqs;
    for (const SearchHit& hit : Search(key, query, order, limit).hits) seqs.push_back(hit.seq);
    return seqs;
  }
  // Whether the bytes are anywhere in the index's files.
  bool InFiles(const std::string& needle) {
    for (const char* name : {"index.db", "index.db-wal"}) {
      std::ifstream file(directory_.File(name), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      if (bytes.find(needle) != std::string::npos) return true;
    }
    return false;
  }

  ScratchDirectory directory_;
  std::unique_ptr<MemoryStore> store_;
};

// Turns that hold the query to the byte, though its first word is cut off in it, are in their place
// by age, or behind those that have the words.
TEST_F(SearchIndexTest, WhatHoldsTheQueryToTheByteIsInItsPlace) {
  const SessionKey key =
      Make("s", {"alpha beta gamma", "lpha beta", "something else", "alpha beta again"});
  EXPECT_THAT(Seqs(key, "lpha beta"), ElementsAre(4, 2, 1));
  const auto by_relevance = Seqs(key, "lpha beta", SearchOrder::kRelevance);
  ASSERT_THAT(by_relevance, SizeIs(3));
  EXPECT_EQ(by_relevance[0], 2U);
}

struct QueryCase {
  std::string name;
  std::string query;
  std::vector<uint64_t> seqs;
};

class SearchQueryTest : public SearchIndexTest, public ::testing::WithParamInterface<QueryCase> {};

TEST_P(SearchQueryTest, FindsNewestFirst) {
  const SessionKey key =
      Make("a", {"The quick brown fox", "a QUICK reply; fox-trot", "error in src/main_loop.cc:42",
                 "na\xC3\xAFve caf\xC3\xA9 AND OR NOT NEAR", "\xE4\xBD\xA0\xE5\xA5\xBD world",
                 std::string("broken \xff utf8\0after", 19)});
  EXPECT_EQ(Seqs(key, GetParam().query), GetParam().seqs);
}

INSTANTIATE_TEST_SUITE_P(
    Queries, SearchQueryTest,
    ::testing::Values(
        QueryCase{"OneWord", "fox", {2, 1}}, QueryCase{"AnyCase", "QuIcK", {2, 1}},
        QueryCase{"AllWordsMustOccur", "quick brown", {1}}, QueryCase{"NoSuchWord", "fop", {}},
        QueryCase{"PartOfAWord", "ick bro", {1}}, QueryCase{"Prefix", "fo*", {2, 1}},
        QueryCase{"PrefixOfAPhrase", "src/ma*", {3}},
        QueryCase{"PunctuatedIsAPhrase", "main_loop.cc", {3}},
        QueryCase{"PhraseInOrder", "loop_main", {}}, QueryCase{"Accents", "cafe", {4}},
        QueryCase{"Chinese", "\xE4\xBD\xA0\xE5\xA5\xBD", {5}},
        QueryCase{"OperatorsAreWords", "AND OR", {4}},
        QueryCase{"NotAnOperator", "fox NOT brown", {}}, QueryCase{"Near", "NEAR(fox 2)", {}},
        QueryCase{"ColumnFilter", "text:fox", {}}, QueryCase{"Quotes", "\"fox\"\" \"", {2, 1}},
        QueryCase{"LoneQuote", "fox \"", {2, 1}}, QueryCase{"Brackets", "(fox", {2, 1}},
        QueryCase{"Caret", "^quick", {2, 1}}, QueryCase{"PlusAndBraces", "{fox} + -", {2, 1}},
        QueryCase{"AfterNul", "after", {6}},
        QueryCase{"NulInQuery", std::string("after\0fox", 9), {}}),
    [](const auto& test) { return test.param.name; });

TEST_F(SearchIndexTest, RefusesWhatIsNoQuery) {
  const SessionKey key = Make("a", {"x"});
  const auto code = [&](const SessionKey& session, const std::string& query, int limit) {
    return Code(store_->search().Search(session, query, SearchOrder::kRelevance, limit));
  };
  for (const char* query : {"", "  ", "*", "\"", "--- \xE2\x80\x94 ()"}) {
    EXPECT_EQ(code(key, query, 10), absl::StatusCode::kInvalidArgument) << query;
  }
  EXPECT_EQ(code(key, "x", 0), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(key, "x", 201), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({"t", "none"}, "x", 10), absl::StatusCode::kNotFound);
  EXPECT_EQ(code({"u", "a"}, "x", 10), absl::StatusCode::kNotFound);
}

TEST_F(SearchIndexTest, AnEmptySessionHasNoHits) {
  const SearchAnswer answer = Search(Make("a", {}), "x");
  EXPECT_THAT(answer.hits, IsEmpty());
  EXPECT_EQ(answer.indexed_through_seq, 0U);
}

TEST_F(SearchIndexTest, FollowsTheLog) {
  const SessionKey key = Make("a", {"one"});
  for (uint64_t seq = 2; seq < 40; ++seq) {
    Value(store_->log().Append(key, Batch({TextTurn(absl::StrCat("word", seq))})));
    EXPECT_THAT(Seqs(key, absl::StrCat("word", seq)), ElementsAre(seq));
  }
  const SearchAnswer answer = Search(key, "one");
  EXPECT_THAT(answer.hits, SizeIs(1));
  EXPECT_EQ(answer.indexed_through_seq, 39U);
}

TEST_F(SearchIndexTest, LimitsToTheNewest) {
  const SessionKey key = Make("a", {"x", "x", "y", "x"});
  EXPECT_THAT(Seqs(key, "x", SearchOrder::kNewestFirst, 2), ElementsAre(4, 2));
}

TEST_F(SearchIndexTest, RelevanceCountsAndWeighs) {
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

TEST_F(SearchIndexTest, EquallyGoodTurnsComeNewestFirst) {
  const SessionKey key = Make("a", {"x y", "x z", "x w"});
  EXPECT_THAT(Seqs(key, "x", SearchOrder::kRelevance), ElementsAre(3, 2, 1));
}

TEST_F(SearchIndexTest, OtherSessionsCannotBeToldFromScores) {
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

TEST_F(SearchIndexTest, SnippetsAreShortAndShowTheMatch) {
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

TEST_F(SearchIndexTest, AHitNamesTheBytesOfTheRecalledText) {
  const SessionKey key = Make("a", {});
  Turn call = TextTurn(std::string(500, 'x'), Role::kAssistant);
  call.parts.emplace_back(ToolCallPart{
      "c", "write", R"({"text":"\u00e9\n)" + std::string(500, 'y') + R"(\nMARKER-77\n"})"});
  Turn result = TextTurn("", Role::kTool);
  result.parts = {ToolResultPart{"c", {TextPart{"one"}, TextPart{"MARKER-77"}}, true}};
  Value(store_->log().Append(key, Batch({call, result})));
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

TEST_F(SearchIndexTest, HitsHaveTheirRole) {
  const SessionKey key = Make("a", {});
  Value(store_->log().Append(key, Batch({TextTurn("x", Role::kTool)})));
  EXPECT_EQ(Search(key, "x").hits.at(0).role, Role::kTool);
}

TEST_F(SearchIndexTest, ForksAreFound) {
  const SessionKey key = Make("a", {"one", "two"});
  Value(store_->log().ForkSession(key, 1, Session("f")));
  EXPECT_THAT(Seqs({"t", "f"}, "one"), ElementsAre(1));
  EXPECT_THAT(Seqs({"t", "f"}, "two"), IsEmpty());
}

TEST_F(SearchIndexTest, DeletedSessionsAreNotFoundAndTheirWordsGo) {
  const std::string word = "xyzzyquux";
  const SessionKey key = Make("a", {word});
  const SessionKey other = Make("b", {"stays"});
  EXPECT_THAT(Seqs(key, word), SizeIs(1));
  EXPECT_TRUE(InFiles(word));
  Value(store_->log().DeleteSession(key, 0));
  EXPECT_EQ(Code(store_->search().Search(key, word, SearchOrder::kNewestFirst, 10)),
            absl::StatusCode::kNotFound);
  Make("a", {"new"});
  EXPECT_THAT(Seqs(key, word), IsEmpty());
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (InFiles(word) && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_FALSE(InFiles(word));
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(1));
}

// The receipt may come with the last of the words, or the words may be waited for.
TEST_F(SearchIndexTest, TheLastWordOfADeletedSessionCanBeWaitedFor) {
  const std::string word = "xyzzyquux";
  const SessionKey key = Make("a", std::vector<std::string>(300, "some words and " + word));
  const SessionKey other = Make("b", {"stays"});
  EXPECT_THAT(Seqs(key, word), SizeIs(200));
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(1));
  const DeletionReceipt receipt = Value(store_->log().DeleteSession(key, 0));
  EXPECT_TRUE(store_->WaitUntilErased(receipt, absl::Now() + absl::Seconds(20)));
  EXPECT_FALSE(InFiles(word));
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(1));
}

// What a stop interrupts goes on at the next start.
TEST_F(SearchIndexTest, DeletedWordsGoAfterAStopRightBehindTheReceipt) {
  const std::string word = "xyzzyquux";
  for (int round = 0; round < 4; ++round) {
    const SessionKey key = Make("a", std::vector<std::string>(500, "some words and " + word));
    EXPECT_THAT(Seqs(key, word), SizeIs(200));
    const DeletionReceipt receipt = Value(store_->log().DeleteSession(key, 0));
    absl::SleepFor(absl::Milliseconds(round));
    Reopen();
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (InFiles(word) && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
    EXPECT_FALSE(InFiles(word)) << round;
    EXPECT_TRUE(store_->WaitUntilErased(receipt, deadline));
  }
}

// FTS5 has no more than 2,000 levels for pieces, and a deletion takes two where more text stays.
TEST_F(SearchIndexTest, AThousandDeletionsLeaveTheIndexWhole) {
  std::vector<std::string> stays(10);
  for (int i = 0; i < 2'000; ++i) absl::StrAppend(&stays[i % 10], "stays ", i * 7'919, " ");
  const SessionKey other = Make("b", stays);
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(10));
  for (int round = 0; round < 1'100; ++round) {
    const SessionKey key = Make("a", {absl::StrCat("goes ", round)});
    ASSERT_THAT(Seqs(key, "goes"), SizeIs(1)) << round;
    const DeletionReceipt receipt = Value(store_->log().DeleteSession(key, 0));
    ASSERT_TRUE(store_->WaitUntilErased(receipt, absl::Now() + absl::Seconds(20))) << round;
  }
  EXPECT_THAT(Seqs(other, "stays"), SizeIs(10));
  EXPECT_FALSE(InFiles("goes"));
  EXPECT_FALSE(std::filesystem::exists(directory_.File("index.db-discard"))) << "it was damaged";
}

struct ScriptCase {
  std::string name;
  std::string query;
  uint64_t seq;
};

class ScriptsTest : public SearchIndexTest, public ::testing::WithParamInterface<ScriptCase> {};

TEST_P(ScriptsTest, WordsAreFoundInsideTextWithoutSpaces) {
  const SessionKey key =
      Make("a", {"データベースへの接続に失敗しました", "步2 重跑gen-itgc后50条悬空引用清零",
                 "ไม่พบไฟล์ในโฟลเดอร์", "현재 디렉터리에서 파일을 찾을 수 없습니다", "ຂ້ອຍກິນເຂົ້າ",
                 "ខ្ញុំចូលចិត្តអាន"});
  EXPECT_THAT(Seqs(key, GetParam().query), ElementsAre(GetParam().seq));
  EXPECT_THAT(Seqs(key, GetParam().query, SearchOrder::kRelevance), ElementsAre(GetParam().seq));
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, ScriptsTest,
    ::testing::Values(ScriptCase{"TwoKanji", "接続", 1}, ScriptCase{"Kanji", "失敗", 1},
                      ScriptCase{"Katakana", "ベース", 1}, ScriptCase{"OneKanji", "敗", 1},
                      ScriptCase{"AcrossScripts", "続に失", 1}, ScriptCase{"Last", "した", 1},
                      ScriptCase{"Chinese", "悬空引用", 2}, ScriptCase{"LatinGluedTo", "itgc", 2},
                      ScriptCase{"MixedWord", "itgc后50", 2}, ScriptCase{"LastHan", "零", 2},
                      ScriptCase{"Thai", "ไฟล์", 3}, ScriptCase{"TwoThai", "พบ", 3},
                      ScriptCase{"KoreanWithAParticle", "파일", 4},
                      ScriptCase{"KoreanPlace", "디렉터리", 4}, ScriptCase{"Lao", "ກິນ", 5},
                      ScriptCase{"Khmer", "ចូលចិត្ត", 6}),
    [](const auto& test) { return test.param.name; });

TEST_F(SearchIndexTest, AWordInADenseScriptMustStandThereWithItsMarks) {
  const SessionKey key = Make("a", {"ไฟล", "ไฟล์"});
  EXPECT_THAT(Seqs(key, "ไฟล์"), ElementsAre(2));
  EXPECT_THAT(Seqs(key, "接续"), IsEmpty());
}

// A stretch that was cut out of a text is found there, though other turns have all of its words.
TEST_F(SearchIndexTest, AStretchWithWordsCutOffIsFoundBesideTurnsWithTheWords) {
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

TEST_F(SearchIndexTest, ASubstringIsFoundAnywhereToTheByte) {
  const SessionKey key =
      Make("a", {"x", "src/main_loop.cc:42 Größe", "SRC/MAIN_LOOP.CC", "नमस्ते दुनिया", "two\nlines"});
  const auto find = [&](const std::string& text, int limit = 200) {
    std::vector<uint64_t> seqs;
    const auto answer = store_->search().Find(
        key, {.text = text, .match = SearchMatch::kSubstring, .limit = limit});
    for (const SearchHit& hit : Value(answer).hits) {
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
  EXPECT_EQ(Code(store_->search().Find(key, {.text = "x", .match = SearchMatch::kSubstring})),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SearchIndexTest, NobodyWaitsForASearchPastItsDeadline) {
  const SessionKey key = Make("a", {"x"});
  Search(key, "x");
  EXPECT_EQ(Code(store_->search().Find(key, {.text = "x", .deadline = absl::Now()})),
            absl::StatusCode::kDeadlineExceeded);
  Value(store_->log().Append(key, Batch(std::vector<Turn>(5000, TextTurn("many words here")))));
  Search(key, "words");
  EXPECT_EQ(Code(store_->search().Find(key, {.text = "words many here",
                                             .order = SearchOrder::kRelevance,
                                             .cancelled = [] { return true; }})),
            absl::StatusCode::kCancelled);
}

// What the disk refused is tried again without anybody asking for it.
TEST_F(SearchIndexTest, GoesOnWhereTheDiskRefused) {
  const SessionKey key = Make("a", {"one"});
  Search(key, "one");
  const auto intruder = Value(sqlite::Database::Open({.path = directory_.File("index.db")}));
  ASSERT_TRUE(intruder->Execute("BEGIN IMMEDIATE").ok());
  Value(store_->log().Append(key, Batch({TextTurn("two")})));
  absl::SleepFor(absl::Milliseconds(400));  // longer than the indexer waits for a lock
  ASSERT_TRUE(intruder->Execute("COMMIT").ok());
  constexpr char kThroughSql[] = "SELECT MAX(through_seq) FROM progress";
  uint64_t through = 0;
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (through < 2 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(20));
    auto query =
        Value(sqlite::Database::Open({.path = directory_.File("index.db"),
                                      .access = sqlite::DatabaseOptions::Access::kReadOnly}));
    auto rows = query->Prepare(kThroughSql);
    if (rows.ok() && rows->Step().value_or(false)) through = rows->UnsignedAt(0);
  }
  EXPECT_EQ(through, 2U);
}

TEST_F(SearchIndexTest, IsMadeAgainIfItIsMissingOrDamaged) {
  const SessionKey key = Make("a", {"one", "two"});
  const std::string path = directory_.File("index.db");
  for (const bool remove : {true, false}) {
    EXPECT_THAT(Seqs(key, "two"), ElementsAre(2));
    store_.reset();
    if (remove) {
      std::filesystem::remove(path);
    } else {
      std::ofstream(path, std::ios::trunc) << std::string(50'000, 'x');
    }
    Reopen();
    EXPECT_THAT(Seqs(key, "two"), ElementsAre(2));
  }
}

TEST_F(SearchIndexTest, FollowsAnOlderLogThatWasPutBack) {
  const SessionKey key = Make("a", {"one"});
  store_.reset();
  std::filesystem::copy(directory_.File("log.db"), directory_.File("backup"));
  Reopen();
  Value(store_->log().Append(key, Batch({TextTurn("lost")})));
  const SessionKey gone = Make("b", {"gone"});
  EXPECT_THAT(Seqs(key, "lost"), ElementsAre(2));
  EXPECT_THAT(Seqs(gone, "gone"), ElementsAre(1));
  store_.reset();
  std::filesystem::rename(directory_.File("backup"), directory_.File("log.db"));
  std::filesystem::remove(directory_.File("head"));  // as who accepts the loss is told to
  Reopen();
  EXPECT_THAT(Seqs(key, "lost"), IsEmpty());
  EXPECT_THAT(Seqs(key, "one"), ElementsAre(1));
  const SessionKey other = Make("c", {"other"});
  EXPECT_THAT(Seqs(other, "gone"), IsEmpty());
}

TEST_F(SearchIndexTest, AnIndexOfAnotherLogIsNotUsed) {
  Make("a", {"mine"});
  EXPECT_THAT(Seqs({"t", "a"}, "mine"), ElementsAre(1));
  store_.reset();
  const ScratchDirectory another;
  OpenStore(another.path()).reset();
  std::filesystem::copy(another.File("log.db"), directory_.File("log.db"),
                        std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(directory_.File("head"));
  Reopen();
  const SessionKey key = Make("z", {"other"});
  EXPECT_THAT(Seqs(key, "mine"), IsEmpty());
  EXPECT_THAT(Seqs(key, "other"), ElementsAre(1));
}

TEST_F(SearchIndexTest, ALargeBacklogIsIndexedBitByBit) {
  const SessionKey large = Make("large", {});
  std::mt19937_64 random(3);
  for (int i = 0; i < 20; ++i) {
    Value(store_->log().Append(large, Batch(RandomTurns(random, 100, 2000))));
  }
  Value(store_->log().Append(large, Batch({TextTurn("the end")})));
  const SearchAnswer answer = Search(large, "the end");
  EXPECT_THAT(answer.hits, SizeIs(1));
  EXPECT_EQ(answer.indexed_through_seq, 2001U);
}

}  // namespace
}  // namespace fovea::testing
