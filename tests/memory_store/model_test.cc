// The log against a std::map that does the same, over random operations.
#include <map>
#include <optional>
#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "memory_store/turn_codec.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::IsEmpty;

struct ModelSession {
  std::vector<Turn> turns;
  std::vector<LogEvent> events;
  struct Answer {
    std::string digest;
    uint64_t first_seq;
    uint64_t last_seq;
  };
  std::map<std::string, Answer> answers;
};

class LogModel {
 public:
  absl::StatusCode Create(const SessionKey& key) {
    return sessions_.try_emplace(Names(key)).second ? absl::StatusCode::kOk
                                                    : absl::StatusCode::kAlreadyExists;
  }
  absl::StatusOr<DeletionReceipt> Delete(const SessionKey& key) {
    const auto session = sessions_.find(Names(key));
    if (session == sessions_.end()) return absl::NotFoundError("");
    DeletionReceipt receipt;
    receipt.turns = session->second.turns.size();
    receipt.events = session->second.events.size();
    receipt.idempotency_keys = session->second.answers.size();
    sessions_.erase(session);
    return receipt;
  }
  absl::StatusCode Fork(const SessionKey& origin, uint64_t at_seq, const SessionKey& fork) {
    if (Find(origin) == nullptr) return absl::StatusCode::kNotFound;
    if (at_seq > Find(origin)->turns.size()) return absl::StatusCode::kOutOfRange;
    if (Find(fork) != nullptr) return absl::StatusCode::kAlreadyExists;
    ModelSession copy = *Find(origin);
    copy.turns.resize(at_seq);
    std::erase_if(copy.events, [&](const LogEvent& event) { return event.after_seq > at_seq; });
    copy.answers.clear();
    sessions_[Names(fork)] = copy;
    return absl::StatusCode::kOk;
  }
  absl::StatusOr<AppendReceipt> Append(const SessionKey& key, const AppendBatch& batch) {
    ModelSession* session = Find(key);
    if (session == nullptr) return absl::NotFoundError("");
    const auto answer = session->answers.find(batch.idempotency_key);
    if (answer != session->answers.end()) {
      if (answer->second.digest != batch.body_digest) return absl::AlreadyExistsError("");
      return AppendReceipt{answer->second.first_seq, answer->second.last_seq, true, 0};
    }
    const uint64_t next = session->turns.size() + 1;
    if (batch.expected_next_seq.value_or(next) != next) return absl::AbortedError("");
    for (const Turn& turn : Numbered(batch.turns, next)) session->turns.push_back(turn);
    const AppendReceipt receipt = {next, session->turns.size(), false, 0};
    if (!batch.idempotency_key.empty()) {
      session->answers[batch.idempotency_key] = {batch.body_digest, next, receipt.last_seq};
    }
    return receipt;
  }
  absl::StatusOr<LogEvent> AppendEvent(const SessionKey& key, LogEvent event) {
    ModelSession* session = Find(key);
    if (session == nullptr) return absl::NotFoundError("");
    const uint64_t last = session->turns.size();
    if (event.turns.first < 1 || event.turns.empty() || event.turns.last > last) {
      return absl::OutOfRangeError("");
    }
    event.index = session->events.size() + 1;
    event.after_seq = last;
    session->events.push_back(event);
    return event;
  }
  std::vector<Turn> Read(const SessionKey& key, SeqRange range, uint64_t max_bytes) {
    std::vector<Turn> turns;
    uint64_t bytes = 0;
    for (const Turn& turn : Find(key)->turns) {
      if (!range.contains(turn.seq) || (max_bytes > 0 && bytes >= max_bytes)) continue;
      bytes += HeldBytes(turn);
      turns.push_back(turn);
    }
    return turns;
  }
  ModelSession* Find(const SessionKey& key) {
    const auto session = sessions_.find(Names(key));
    return session == sessions_.end() ? nullptr : &session->second;
  }
  // By tenant and session id.
  const std::map<std::pair<std::string, std::string>, ModelSession>& sessions() const {
    return sessions_;
  }

 private:
  static std::pair<std::string, std::string> Names(const SessionKey& key) {
    return {key.tenant, key.session_id};
  }
  std::map<std::pair<std::string, std::string>, ModelSession> sessions_;
};

class ModelTest : public ::testing::TestWithParam<int> {
 protected:
  ModelTest() : random_(GetParam()) { Reopen(); }

  void Reopen() {
    store_.reset();
    store_ = OpenStore(directory_.path());
  }
  LogStore& log() { return store_->log(); }
  uint64_t Below(uint64_t end) { return random_() % end; }
  SessionKey AnyKey() { return {absl::StrCat("t", Below(2)), absl::StrCat("s", Below(5))}; }

  void Step() {
    const uint64_t choice = Below(100);
    if (choice < 10) {
      Create();
    } else if (choice < 14) {
      Delete();
    } else if (choice < 20) {
      Fork();
    } else if (choice < 60) {
      Append();
    } else if (choice < 75) {
      AppendEvent();
    } else if (choice < 98) {
      Read();
    } else {
      Reopen();
      CompareAll();
    }
  }

  void Create() {
    const SessionKey key = AnyKey();
    EXPECT_EQ(Code(log().CreateSession(key, Session(key.session_id))), model_.Create(key));
  }
  void Delete() {
    const SessionKey key = AnyKey();
    const auto expected = model_.Delete(key);
    const auto receipt = log().DeleteSession(key, 3);
    ASSERT_EQ(Code(receipt), Code(expected));
    if (!receipt.ok()) return;
    EXPECT_EQ(receipt->turns, expected->turns);
    EXPECT_EQ(receipt->events, expected->events);
    EXPECT_EQ(receipt->idempotency_keys, expected->idempotency_keys);
  }
  void Fork() {
    const SessionKey origin = AnyKey();
    const SessionKey fork = {origin.tenant, AnyKey().session_id};
    const uint64_t at_seq = Below(12);
    EXPECT_EQ(Code(log().ForkSession(origin, at_seq, Session(fork.session_id))),
              model_.Fork(origin, at_seq, fork));
  }
  void Append() {
    const SessionKey key = AnyKey();
    AppendBatch batch = Batch(RandomTurns(random_, 1 + Below(4), 200));
    if (Below(2) == 0) {
      batch = KeyedBatch(std::move(batch.turns), absl::StrCat("k", Below(6)),
                         static_cast<char>('a' + Below(2)));
    }
    const ModelSession* session = model_.Find(key);
    if (session != nullptr && Below(3) == 0) {
      batch.expected_next_seq = session->turns.size() + 1 + (Below(4) == 0 ? 1 : 0);
    }
    const auto expected = model_.Append(key, batch);
    const auto receipt = log().Append(key, batch);
    ASSERT_EQ(Code(receipt), Code(expected));
    if (!receipt.ok()) return;
    EXPECT_EQ(receipt->first_seq, expected->first_seq);
    EXPECT_EQ(receipt->last_seq, expected->last_seq);
    EXPECT_EQ(receipt->replayed, expected->replayed);
  }
  void AppendEvent() {
    const SessionKey key = AnyKey();
    LogEvent event;
    event.kind = static_cast<LogEvent::Kind>(1 + Below(3));
    event.turns = {Below(6), Below(12)};
    event.time_us = static_cast<int64_t>(Below(1000));
    const auto expected = model_.AppendEvent(key, event);
    const auto appended = log().AppendEvent(key, event);
    ASSERT_EQ(Code(appended), Code(expected));
    if (!appended.ok()) return;
    EXPECT_EQ(*appended, *expected);
  }
  void Read() {
    const SessionKey key = AnyKey();
    if (model_.Find(key) == nullptr) {
      EXPECT_EQ(Code(log().ReadTurns(key, {1, 9}, 0)), absl::StatusCode::kNotFound);
      return;
    }
    const SeqRange range = {Below(20), Below(40)};
    const uint64_t max_bytes = Below(2) == 0 ? 0 : Below(20'000);
    EXPECT_EQ(Value(log().ReadTurns(key, range, max_bytes)), model_.Read(key, range, max_bytes));
  }
  void CompareAll() {
    for (const auto& [names, session] : model_.sessions()) {
      const SessionKey key = {names.first, names.second};
      EXPECT_EQ(Value(log().ReadTurns(key, {1, UINT64_MAX}, 0)), session.turns);
      EXPECT_EQ(Value(log().ReadEvents(key, 1)), session.events);
      const SessionInfo info = Value(log().GetSession(key));
      uint64_t text_bytes = 0;
      for (const Turn& turn : session.turns) text_bytes += TurnText(turn).size();
      EXPECT_EQ(info.text_bytes, text_bytes);
      EXPECT_EQ(info.last_seq, session.turns.size());
      EXPECT_EQ(info.event_count, session.events.size());
    }
    EXPECT_EQ(Value(log().Stats()).sessions, model_.sessions().size());
    EXPECT_THAT(Value(log().Verify()).problems, IsEmpty());
  }

  std::mt19937_64 random_;
  TemporaryDirectory directory_{kInMemory};
  std::unique_ptr<MemoryStore> store_;
  LogModel model_;
};

TEST_P(ModelTest, TheLogDoesWhatTheModelDoes) {
  for (int i = 0; i < 1000 && !HasFailure(); ++i) {
    SCOPED_TRACE(absl::StrCat("step ", i));
    Step();
  }
  CompareAll();
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, ::testing::Range(1, 9));

}  // namespace
}  // namespace fovea::testing
