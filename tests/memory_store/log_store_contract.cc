#include <atomic>
#include <limits>
#include <random>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "gmock/gmock.h"
#include "tests/memory_store/store_contract.h"
#include "tests/memory_store/support.h"
#include "tests/support/random_letters.h"

namespace fovea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr SeqRange kAll = {1, std::numeric_limits<uint64_t>::max()};

LogEvent Pin(uint64_t first, uint64_t last) {
  LogEvent event;
  event.kind = LogEvent::Kind::kPin;
  event.turns = {first, last};
  event.time_us = 5;
  return event;
}

}  // namespace

SessionKey StoreContract::Make(const std::string& id, const std::vector<std::string>& texts) {
  const SessionKey key = {"t", id};
  Value(log().CreateSession(key, Session(id, 10)));
  if (!texts.empty()) Value(log().Append(key, Batch(TextTurns(texts))));
  return key;
}

std::vector<Turn> LogStoreContract::ReadAll(const SessionKey& key) {
  return Value(log().ReadTurns(key, kAll, 0));
}

TEST_P(LogStoreContract, KeepsSessionsOverReopening) {
  const SessionKey key = {"t", std::string("a\0b\xff", 4)};
  NewSession session = Session(key.session_id, 42);
  session.title = "Title";
  session.metadata_json = "{}";
  Value(log().CreateSession(key, session));
  Reopen();
  const SessionInfo info = Value(log().GetSession(key));
  EXPECT_EQ(info.session_id, key.session_id);
  EXPECT_EQ(info.title, "Title");
  EXPECT_EQ(info.metadata_json, "{}");
  EXPECT_EQ(info.created_us, 42);
  EXPECT_EQ(info.last_seq, 0U);
}

TEST_P(LogStoreContract, RefusesBadOrTakenSessionIds) {
  Make("a");
  EXPECT_EQ(Code(log().CreateSession({"t", "a"}, Session("a"))), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Code(log().CreateSession({"t", ""}, Session(""))), absl::StatusCode::kInvalidArgument);
  const std::string longest(200, 'x');
  EXPECT_TRUE(log().CreateSession({"t", longest}, Session(longest)).ok());
  EXPECT_EQ(Code(log().CreateSession({"t", longest + "x"}, Session(longest + "x"))),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(log().CreateSession({"t", "b"}, Session("c"))),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(LogStoreContract, EveryCallOnAMissingSessionIsNotFound) {
  const SessionKey key = {"t", "none"};
  EXPECT_EQ(Code(log().GetSession(key)), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().Append(key, Batch({TextTurn("x")}))), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().AppendEvent(key, Pin(1, 1))), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().ReadTurns(key, kAll, 0)), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().ReadEvents(key, 1)), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().DeleteSession(key, 0)), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().ForkSession(key, 0, Session("f"))), absl::StatusCode::kNotFound);
}

TEST_P(LogStoreContract, TenantsDoNotSeeEachOther) {
  const SessionKey own = Make("same", {"mine"});
  const SessionKey other = {"u", "same"};
  EXPECT_EQ(Code(log().ReadTurns(other, kAll, 0)), absl::StatusCode::kNotFound);
  Value(log().CreateSession(other, Session("same")));
  Value(log().Append(other, Batch({TextTurn("theirs")})));
  EXPECT_EQ(TurnText(ReadAll(own).at(0)), "mine");
  Value(log().DeleteSession(other, 0));
  EXPECT_THAT(ReadAll(own), SizeIs(1));
}

TEST_P(LogStoreContract, NumbersTurnsWithoutGaps) {
  const SessionKey key = Make("a");
  const AppendReceipt first = Value(log().Append(key, Batch(TextTurns({"1", "2", "3"}))));
  EXPECT_EQ(first.first_seq, 1U);
  EXPECT_EQ(first.last_seq, 3U);
  EXPECT_FALSE(first.replayed);
  Reopen();
  EXPECT_EQ(Value(log().Append(key, Batch({TextTurn("4")}))).first_seq, 4U);
  EXPECT_EQ(ReadAll(key), Numbered(TextTurns({"1", "2", "3", "4"}), 1));
  const SessionInfo info = Value(log().GetSession(key));
  EXPECT_EQ(info.last_seq, 4U);
  EXPECT_EQ(info.text_bytes, 4U);
  EXPECT_GT(info.updated_us, 0);
}

TEST_P(LogStoreContract, ChecksTheBatch) {
  const SessionKey key = Make("a");
  EXPECT_EQ(Code(log().Append(key, Batch({}))), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(log().Append(key, Batch(std::vector<Turn>(10'001)))),
            absl::StatusCode::kInvalidArgument);
  AppendBatch batch = KeyedBatch({TextTurn("x")}, std::string(201, 'k'), '1');
  EXPECT_EQ(Code(log().Append(key, batch)), absl::StatusCode::kInvalidArgument);
  batch = KeyedBatch({TextTurn("x")}, "k", '1');
  batch.body_digest.pop_back();
  EXPECT_EQ(Code(log().Append(key, batch)), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(ReadAll(key), IsEmpty());
}

TEST_P(LogStoreContract, ExpectedNextSeqGuardsTheEnd) {
  const SessionKey key = Make("a", {"1", "2"});
  AppendBatch batch = Batch({TextTurn("x")});
  batch.expected_next_seq = 2;
  const auto late = log().Append(key, batch);
  EXPECT_EQ(Code(late), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(late.status().message()), AllOf(HasSubstr("2"), HasSubstr("3")));
  batch.expected_next_seq = 3;
  EXPECT_EQ(Value(log().Append(key, batch)).first_seq, 3U);
}

TEST_P(LogStoreContract, ARetriedAppendIsAnsweredFromMemory) {
  const SessionKey key = Make("a", {"1"});
  AppendBatch batch = KeyedBatch(TextTurns({"2", "3"}), "k", 'a');
  batch.expected_next_seq = 2;
  Value(log().Append(key, batch));
  Value(log().Append(key, Batch({TextTurn("4")})));
  Reopen();
  const AppendReceipt again = Value(log().Append(key, batch));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.first_seq, 2U);
  EXPECT_EQ(again.last_seq, 3U);
  EXPECT_THAT(ReadAll(key), SizeIs(4));
  EXPECT_EQ(Code(log().Append(key, KeyedBatch(TextTurns({"2", "x"}), "k", 'b'))),
            absl::StatusCode::kAlreadyExists);
  const SessionKey other = Make("b");
  EXPECT_FALSE(Value(log().Append(other, KeyedBatch({TextTurn("1")}, "k", 'b'))).replayed);
}

// Whoever refuses it does so for a reason of its own, which is nobody else's.
TEST_P(LogStoreContract, ARefusedAppendIsAnsweredByItsKeyAndTouchesNobodyElse) {
  const SessionKey key = Make("a");
  const SessionKey other = Make("b");
  AppendBatch kept = KeyedBatch({TextTurn("1")}, "k", 'a');
  Value(log().Append(key, kept));
  const absl::Status full = absl::ResourceExhaustedError("the tenant is at its limit");
  kept.refused = full;
  EXPECT_TRUE(Value(log().Append(key, kept)).replayed);
  AppendBatch fresh = KeyedBatch({TextTurn("2")}, "l", 'b');
  fresh.refused = full;
  // Enough at a time that many share a transaction.
  std::atomic<int> refused = 0;
  std::atomic<int> stored = 0;
  absl::BlockingCounter left(200);
  for (int i = 0; i < 100; ++i) {
    log().StartAppend(key, fresh, [&](const absl::StatusOr<AppendReceipt>& receipt) {
      refused += receipt.status() == full ? 1 : 0;
      left.DecrementCount();
    });
    log().StartAppend(other, Batch({TextTurn("x")}), [&](const auto& receipt) {
      stored += receipt.ok() ? 1 : 0;
      left.DecrementCount();
    });
  }
  left.Wait();
  EXPECT_EQ(refused, 100);
  EXPECT_EQ(stored, 100);
  EXPECT_TRUE(store().Writable().ok());
  EXPECT_THAT(ReadAll(key), SizeIs(1));
  EXPECT_THAT(ReadAll(other), SizeIs(100));
}

TEST_P(LogStoreContract, ReadsRangesAndPages) {
  const SessionKey key = Make("a", {"aaaa", "bbbb", "cccc", "dddd"});
  const auto read = [&](SeqRange range, uint64_t max_bytes) {
    std::vector<uint64_t> seqs;
    for (const Turn& turn : Value(log().ReadTurns(key, range, max_bytes))) seqs.push_back(turn.seq);
    return seqs;
  };
  EXPECT_THAT(read({2, 3}, 0), ElementsAre(2, 3));
  EXPECT_THAT(read({3, 99}, 0), ElementsAre(3, 4));
  EXPECT_THAT(read({0, 1}, 0), ElementsAre(1));
  EXPECT_THAT(read({5, 9}, 0), IsEmpty());
  EXPECT_THAT(read({3, 2}, 0), IsEmpty());
  EXPECT_THAT(read(kAll, 1), ElementsAre(1));
  EXPECT_THAT(read(kAll, 600), ElementsAre(1, 2));
  EXPECT_THAT(read(kAll, 1 << 20), ElementsAre(1, 2, 3, 4));
}

TEST_P(LogStoreContract, WhoMustNotWaitIsGivenAllOrNothing) {
  const SessionKey key = Make("a", {"1", "2", "3"});
  const auto all = Value(log().TryReadTurns(key, {2, 99}, 1 << 20));
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(*all, Value(log().ReadTurns(key, {2, 99}, 0)));
  EXPECT_THAT(*Value(log().TryReadTurns(key, {4, 9}, 1 << 20)), IsEmpty());
  EXPECT_EQ(Value(log().TryReadTurns(key, kAll, 600)), std::nullopt);
  EXPECT_EQ(Code(log().TryReadTurns(SessionKey{"t", "b"}, kAll, 600)), absl::StatusCode::kNotFound);
  Value(log().Append(key, Batch({TextTurn(std::string(2 << 20, 'x'))})));
  EXPECT_EQ(Value(log().TryReadTurns(key, kAll, 1 << 20)), std::nullopt);
  EXPECT_THAT(Value(log().ReadTurns(key, kAll, 0)), SizeIs(4));
}

TEST_P(LogStoreContract, ALargeTurnIsLeftToWhoMayWait) {
  std::mt19937 random(1);
  for (const std::string& large : {RandomLetters(random, 16 << 20), std::string(64 << 20, 'x')}) {
    const SessionKey key = Make(std::string(1, large[1]), {"1", "2"});
    Value(log().Append(key, Batch({TextTurn(large), TextTurn("4")})));
    const auto small = [&](SeqRange range, uint64_t max_bytes) {
      return Value(log().ReadSmallTurns(key, range, max_bytes));
    };
    EXPECT_EQ(small({1, 2}, 0), Value(log().ReadTurns(key, {1, 2}, 0)));
    EXPECT_EQ(small({4, 9}, 0), Value(log().ReadTurns(key, {4, 4}, 0)));
    EXPECT_THAT(*small(kAll, 1), SizeIs(1));
    EXPECT_THAT(*small({5, 9}, 0), IsEmpty());
    EXPECT_EQ(small(kAll, 0), std::nullopt);
    EXPECT_EQ(small({3, 3}, 1 << 20), std::nullopt);
    EXPECT_THAT(Value(log().ReadTurns(key, kAll, 0)), SizeIs(4));
  }
  EXPECT_EQ(Code(log().ReadSmallTurns(SessionKey{"t", "none"}, kAll, 0)),
            absl::StatusCode::kNotFound);
}

// What is much in memory and little on disk: attributes, and turns of nothing.
TEST_P(LogStoreContract, APageIsAsLargeAsWhatItHolds) {
  constexpr uint64_t kPage = 64 << 10;
  std::vector<Turn> turns(100, TextTurn("x"));
  for (Turn& turn : turns)
    turn.attributes_json = absl::StrCat("\"", std::string(10'000, ' '), "\"");
  const SessionKey heavy = Make("heavy");
  Value(log().Append(heavy, Batch(turns)));
  EXPECT_THAT(Value(log().ReadTurns(heavy, kAll, kPage)), SizeIs(7));
  const SessionKey many = Make("many");
  Value(log().Append(many, Batch(std::vector<Turn>(2'000, TextTurn("")))));
  EXPECT_LT(Value(log().ReadTurns(many, kAll, kPage)).size(), 300U);
}

TEST_P(LogStoreContract, EventsAreNumberedAmongTheTurns) {
  const SessionKey key = Make("a", {"1", "2"});
  const LogEvent pin = Value(log().AppendEvent(key, Pin(1, 2)));
  EXPECT_EQ(pin.index, 1U);
  EXPECT_EQ(pin.after_seq, 2U);
  Value(log().Append(key, Batch({TextTurn("3")})));
  LogEvent recall = Pin(3, 3);
  recall.kind = LogEvent::Kind::kRecall;
  recall = Value(log().AppendEvent(key, recall));
  EXPECT_EQ(recall.index, 2U);
  EXPECT_EQ(recall.after_seq, 3U);
  Reopen();
  EXPECT_THAT(Value(log().ReadEvents(key, 1)), ElementsAre(pin, recall));
  EXPECT_THAT(Value(log().ReadEvents(key, 2)), ElementsAre(recall));
  EXPECT_THAT(Value(log().ReadEvents(key, 3)), IsEmpty());
  EXPECT_EQ(Value(log().GetSession(key)).event_count, 2U);
}

TEST_P(LogStoreContract, EventsMustNameTurnsThatExist) {
  const SessionKey key = Make("a", {"1", "2"});
  for (const SeqRange range : {SeqRange{0, 1}, SeqRange{2, 3}, SeqRange{2, 1}}) {
    EXPECT_EQ(Code(log().AppendEvent(key, Pin(range.first, range.last))),
              absl::StatusCode::kOutOfRange);
  }
  EXPECT_THAT(Value(log().ReadEvents(key, 1)), IsEmpty());
}

TEST_P(LogStoreContract, AForkIsACopyThatLivesOn) {
  const SessionKey origin = Make("a", {"1", "2"});
  const LogEvent pin = Value(log().AppendEvent(origin, Pin(1, 1)));
  Value(log().Append(origin, KeyedBatch({TextTurn("3")}, "k", 'a')));
  Value(log().AppendEvent(origin, Pin(3, 3)));
  const SessionInfo info = Value(log().ForkSession(origin, 2, Session("f", 77)));
  EXPECT_EQ(info.last_seq, 2U);
  EXPECT_EQ(info.event_count, 1U);
  EXPECT_EQ(info.text_bytes, 2U);
  EXPECT_EQ(info.forked_from, "a");
  EXPECT_EQ(info.forked_at_seq, 2U);
  EXPECT_EQ(info.created_us, 77);
  Value(log().DeleteSession(origin, 0));
  const SessionKey fork = {"t", "f"};
  EXPECT_EQ(ReadAll(fork), Numbered(TextTurns({"1", "2"}), 1));
  EXPECT_THAT(Value(log().ReadEvents(fork, 1)), ElementsAre(pin));
  // The key was used in the origin only.
  EXPECT_EQ(Value(log().Append(fork, KeyedBatch({TextTurn("x")}, "k", 'b'))).first_seq, 3U);
  EXPECT_THAT(Value(log().Verify()).problems, IsEmpty());
}

TEST_P(LogStoreContract, RefusesForksThatCannotBe) {
  const SessionKey origin = Make("a", {"1"});
  EXPECT_EQ(Code(log().ForkSession(origin, 2, Session("f"))), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Code(log().GetSession({"t", "f"})), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().ForkSession(origin, 1, Session("a"))), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Value(log().ForkSession(origin, 0, Session("f"))).last_seq, 0U);
}

TEST_P(LogStoreContract, DeletionRemovesAllAndSaysHowMuch) {
  const SessionKey key = Make("a", {"1", "2"});
  Value(log().Append(key, KeyedBatch({TextTurn("3")}, "k", 'a')));
  Value(log().AppendEvent(key, Pin(1, 1)));
  const uint64_t stored = Value(log().Stats()).stored_bytes;
  const DeletionReceipt receipt = Value(log().DeleteSession(key, 99));
  EXPECT_EQ(receipt.session_id, "a");
  EXPECT_EQ(receipt.turns, 3U);
  EXPECT_EQ(receipt.events, 1U);
  EXPECT_EQ(receipt.idempotency_keys, 1U);
  EXPECT_EQ(receipt.bytes, stored);
  EXPECT_EQ(receipt.deleted_us, 99);
  EXPECT_EQ(Code(log().GetSession(key)), absl::StatusCode::kNotFound);
  // The id is free again, and nothing of the old session is left under it.
  Make("a");
  EXPECT_THAT(ReadAll(key), IsEmpty());
  EXPECT_THAT(Value(log().ReadEvents(key, 1)), IsEmpty());
  EXPECT_FALSE(Value(log().Append(key, KeyedBatch({TextTurn("x")}, "k", 'z'))).replayed);
}

TEST_P(LogStoreContract, ListsInOrderOfCreationPageByPage) {
  for (const auto& [id, created_us] :
       std::vector<std::pair<std::string, int64_t>>{{"c", 1}, {"b", 2}, {"a", 2}, {"d", -1}}) {
    Value(log().CreateSession({"t", id}, Session(id, created_us)));
  }
  Value(log().CreateSession({"u", "other"}, Session("other", 0)));
  std::vector<std::string> ids;
  std::string token;
  do {
    const SessionListing listing = Value(log().ListSessions("t", 1, token));
    ASSERT_THAT(listing.sessions, SizeIs(1));
    ids.push_back(listing.sessions[0].session_id);
    token = listing.next_page_token;
    Reopen();
  } while (!token.empty() && ids.size() < 10);
  EXPECT_THAT(ids, ElementsAre("d", "c", "a", "b"));
  EXPECT_THAT(Value(log().ListSessions("t", 1000, "")).sessions, SizeIs(4));
  EXPECT_THAT(Value(log().ListSessions("none", 10, "")).sessions, IsEmpty());
}

TEST_P(LogStoreContract, RefusesForeignPageTokensAndSizes) {
  Make("a");
  Make("b");
  const std::string token = Value(log().ListSessions("t", 1, "")).next_page_token;
  EXPECT_TRUE(log().ListSessions("t", 1, token).ok());
  EXPECT_EQ(Code(log().ListSessions("u", 1, token)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(log().ListSessions("t", 1, "x")), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(log().ListSessions("t", 1, token + "!")), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(log().ListSessions("t", 0, "")), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(log().ListSessions("t", 1001, "")), absl::StatusCode::kInvalidArgument);
}

TEST_P(LogStoreContract, CountsWhatItHolds) {
  const SessionKey key = Make("a", {"1", "2"});
  Make("b");
  const LogStats stats = Value(log().Stats());
  EXPECT_EQ(stats.sessions, 2U);
  EXPECT_EQ(stats.turns, 2U);
  EXPECT_EQ(stats.appended_turns, 2U);
  EXPECT_GE(stats.commits, 3U);
  EXPECT_GT(stats.stored_bytes, 0U);
  EXPECT_GT(stats.file_bytes, stats.stored_bytes);
  const VerifyReport report = Value(log().Verify());
  EXPECT_EQ(report.sessions, 2U);
  EXPECT_EQ(report.turns, 2U);
  EXPECT_THAT(report.problems, IsEmpty());
}

TEST_P(LogStoreContract, EightProducersLoseAndMixNothing) {
  constexpr int kProducers = 8;
  constexpr int kAppends = 40;
  const SessionKey shared = Make("shared");
  for (int p = 0; p < kProducers; ++p) Make(absl::StrCat("own", p));
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      const SessionKey own = {"t", absl::StrCat("own", p)};
      for (int i = 0; i < kAppends; ++i) {
        const Turn turn = TextTurn(absl::StrCat(p, ":", i));
        const AppendReceipt receipt = Value(log().Append(own, Batch({turn, turn})));
        EXPECT_EQ(receipt.first_seq, 2U * i + 1);
        const AppendReceipt mixed = Value(log().Append(shared, Batch({turn, turn})));
        const std::vector<Turn> read =
            Value(log().ReadTurns(shared, {mixed.first_seq, mixed.last_seq}, 0));
        EXPECT_EQ(read, Numbered({turn, turn}, mixed.first_seq));
        EXPECT_EQ(Code(log().AppendEvent(own, Pin(1, 99999))), absl::StatusCode::kOutOfRange);
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(Value(log().GetSession(shared)).last_seq, 2U * kProducers * kAppends);
  const VerifyReport report = Value(log().Verify());
  EXPECT_EQ(report.turns, 4U * kProducers * kAppends);
  EXPECT_THAT(report.problems, IsEmpty());
}

TEST_P(LogStoreContract, EventsPastTheLastAreNone) {
  const SessionKey key = Make("a", {"x"});
  Value(log().AppendEvent(key, Pin(1, 1)));
  EXPECT_THAT(Value(log().ReadEvents(key, 1)), SizeIs(1));
  EXPECT_THAT(Value(log().ReadEvents(key, 2)), IsEmpty());
  EXPECT_THAT(Value(log().ReadEvents(key, std::numeric_limits<uint64_t>::max())), IsEmpty());
}

TEST_P(LogStoreContract, AnIdentityNamesOneLifeOfASession) {
  const SessionKey key = Make("a", {"first life"});
  const SessionRef first = {key, Value(log().GetSession(key)).identity};
  ASSERT_NE(first.identity, 0U);
  EXPECT_THAT(Value(log().ReadTurns(first, kAll, 0)), SizeIs(1));
  EXPECT_EQ(Value(log().DeleteSession(first, 0)).identity, first.identity);
  Make("a", {"second", "life"});
  EXPECT_EQ(Code(log().GetSession(first)), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().ReadTurns(first, kAll, 0)), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().ReadEvents(first, 1)), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().Append(first, Batch({TextTurn("x")}))), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().AppendEvent(first, Pin(1, 1))), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().ForkSession(first, 1, Session("f"))), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().DeleteSession(first, 0)), absl::StatusCode::kNotFound);
  const SessionInfo second = Value(log().GetSession(key));
  EXPECT_NE(second.identity, first.identity);
  EXPECT_EQ(second.last_seq, 2U);
  EXPECT_EQ(Code(log().GetSession({{"u", "a"}, second.identity})), absl::StatusCode::kNotFound)
      << "another tenant's identity is no key";
}

TEST_P(LogStoreContract, AStagedSessionHasNoNameUntilItIsPublished) {
  const SessionKey key = {"t", "a"};
  const SessionInfo info = Value(log().StageSession(key, Session("a", 7)));
  const SessionRef staged = {key, info.identity};
  Value(log().Append(staged, Batch(TextTurns({"one", "two"}))));
  Value(log().AppendEvent(staged, Pin(1, 2)));
  EXPECT_EQ(Code(log().GetSession(key)), absl::StatusCode::kNotFound);
  EXPECT_THAT(Value(log().ListSessions("t", 10, "")).sessions, IsEmpty());
  EXPECT_EQ(Value(log().Stats()).sessions, 0U);
  EXPECT_EQ(Value(log().GetSession(staged)).session_id, "a");
  const SessionInfo published = Value(log().PublishSession(staged));
  EXPECT_EQ(published.session_id, "a");
  EXPECT_EQ(published.last_seq, 2U);
  EXPECT_EQ(Value(log().GetSession(key)).identity, info.identity);
  EXPECT_EQ(Code(log().PublishSession(staged)), absl::StatusCode::kNotFound);
  EXPECT_THAT(Value(log().Verify()).problems, IsEmpty());
}

TEST_P(LogStoreContract, WhoeverPublishesFirstGetsTheName) {
  const SessionKey key = {"t", "a"};
  const SessionRef staged = {key, Value(log().StageSession(key, Session("a"))).identity};
  const SessionRef rival = {key, Value(log().StageSession(key, Session("a"))).identity};
  Make("a", {"was faster"});
  EXPECT_EQ(Code(log().PublishSession(staged)), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Code(log().StageSession(key, Session("a"))), absl::StatusCode::kAlreadyExists);
  Value(log().DeleteSession(staged, 0));
  EXPECT_EQ(Value(log().GetSession(key)).last_seq, 1U);
  Value(log().DeleteSession(key, 0));
  EXPECT_TRUE(log().PublishSession(rival).ok());
}

TEST_P(LogStoreContract, WhatWasStagedIsGoneAfterReopening) {
  const SessionKey key = {"t", "a"};
  const SessionRef staged = {key, Value(log().StageSession(key, Session("a"))).identity};
  Value(log().Append(staged, Batch(TextTurns({"half", "of it"}))));
  Reopen();
  EXPECT_EQ(Code(log().GetSession(staged)), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(log().GetSession(key)), absl::StatusCode::kNotFound);
  const VerifyReport report = Value(log().Verify());
  EXPECT_EQ(report.turns, 0U);
  EXPECT_THAT(report.problems, IsEmpty());
}

}  // namespace fovea::testing
