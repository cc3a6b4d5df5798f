// An acknowledged turn survives a power loss: and this test would notice if it did not. Appends,
// creations, forks, deletions, retention, backups and restores are under way when it happens, and
// checkpoints between them.
//
//   FOVEA_POWER_LOSSES=5000 memory_store_power_loss_test --gtest_filter='PowerLoss.*'
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "memory_store/mutex.h"
#include "memory_store/sqlite/sqlite_log_store.h"
#include "tests/memory_store/sqlite/power_loss_vfs.h"
#include "tests/memory_store/support.h"
#include "tests/support/random_letters.h"

namespace fovea::testing {
namespace {

using sqlite::DatabaseOptions;
using sqlite::LogStoreOptions;
using sqlite::SqliteLogStore;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kProducers = 3;
constexpr SeqRange kAll = {1, UINT64_MAX};

using Texts = std::vector<std::string>;

Texts TextsOf(const std::vector<Turn>& turns) {
  Texts texts;
  for (const Turn& turn : turns) texts.push_back(TurnText(turn));
  return texts;
}

struct Losses {
  int power_losses = 0;
  int with_lost_turns = 0;
  int copies = 0;  // forks and restored sessions that were found afterwards
};

// Appends until the power fails, looks at what the disk holds, and goes on from there.
class PowerLossHarness {
 public:
  explicit PowerLossHarness(DatabaseOptions::Synchronous synchronous) : synchronous_(synchronous) {
    LogStoreOptions options;
    options.path = source_.Path("log.db");
    options.now_us = [] { return int64_t{1}; };
    const auto store = Value(SqliteLogStore::Open(options));
    Value(store->CreateSession(kRestored, Session(kRestored.session_id)));
    Value(store->Append(kRestored, Batch(TextTurns(kRestoredTexts))));
    Value(store->Backup(source_.Path("backup")));
  }

  Losses Run(int rounds) {
    for (int round = 0; round < rounds; ++round) RunRound(round);
    return losses_;
  }

 private:
  inline static const SessionKey kRestored = {"t", "restored"};
  inline static const Texts kRestoredTexts = {std::string(3'000, 'r'), "s",
                                              std::string(9'000, 't')};

  static SessionKey Key(int producer) { return {"t", absl::StrCat("s", producer)}; }

  LogStoreOptions Options(bool on_failing_disk) {
    LogStoreOptions options;
    options.path = directory_.Path("log.db");
    options.vfs = on_failing_disk ? PowerLossVfs::name() : "";
    options.synchronous = synchronous_;
    options.readers = 1;
    // On a disk of its own that never fails: what it says must hold for the log, even so.
    if (synchronous_ == DatabaseOptions::Synchronous::kFull) options.head_path = head_.Path("head");
    options.writer.checkpoint_pages = 12;
    options.now_us = [] { return int64_t{1}; };
    return options;
  }

  void RunRound(int round) {
    tried_ = acknowledged_;
    at_failure_ = acknowledged_;
    copies_at_failure_ = copies_;
    vfs_.Arm(static_cast<int64_t>(1 + random_() % 120), random_(), [this] {
      const MutexLock lock(&mutex_);
      at_failure_ = acknowledged_;
      copies_at_failure_ = copies_;
    });
    auto store = SqliteLogStore::Open(Options(true));
    if (store.ok()) {
      Work(**store, round);
      store->reset();
    } else {
      EXPECT_TRUE(vfs_.failed()) << store.status();
    }
    // A round that ends before its chosen operation is a clean shutdown.
    if (vfs_.failed()) ++losses_.power_losses;
    vfs_.FailNow();
    PutImage();
    Inspect();
  }

  void Work(SqliteLogStore& store, int round) {
    std::vector<std::thread> producers;
    for (int p = 0; p < kProducers; ++p) {
      producers.emplace_back([&, p] { Produce(store, p, round); });
    }
    for (std::thread& producer : producers) producer.join();
  }

  void Produce(SqliteLogStore& store, int producer, int round) {
    std::mt19937_64 random(static_cast<uint64_t>(round) * kProducers + producer);
    store.CreateSession(Key(producer), Session(Key(producer).session_id)).IgnoreError();
    for (int i = 0; i < 12 && !vfs_.failed(); ++i) {
      switch (random() % 24) {
        case 0:
        case 1:
          Churn(store, producer);
          break;
        case 2:
          Fork(store, producer, absl::StrCat("fork", round, ".", producer, ".", i));
          break;
        case 3:
          if (producer == 0) Restore(store);
          break;
        case 4:
          if (producer == 1) ApplyRetention(store);
          break;
        case 5:
          // The copy is made on a disk that does not fail.
          if (producer == 2) BackUp(store);
          break;
        default:
          break;
      }
      Texts texts;
      for (uint64_t n = 1 + random() % 3; n > 0; --n) {
        texts.push_back(
            absl::StrCat(round, ".", i, ".", n, testing::RandomLetters(random, random() % 3000)));
      }
      {
        const MutexLock lock(&mutex_);
        Texts& tried = tried_[producer];
        tried.insert(tried.end(), texts.begin(), texts.end());
      }
      if (!store.Append(Key(producer), Batch(TextTurns(texts))).ok()) return;
      const MutexLock lock(&mutex_);
      acknowledged_[producer] = tried_[producer];
    }
  }

  // A session that comes and goes: deletion also empties the write-ahead log.
  static void Churn(SqliteLogStore& store, int producer) {
    const SessionKey key = {"t", absl::StrCat("churn", producer)};
    store.CreateSession(key, Session(key.session_id)).IgnoreError();
    store.Append(key, Batch({TextTurn(std::string(30'000, 'y'))})).IgnoreError();
    store.DeleteSession(key, 0).IgnoreError();
  }

  void Fork(SqliteLogStore& store, int producer, const std::string& name) {
    Texts texts;
    {
      const MutexLock lock(&mutex_);
      texts = acknowledged_[producer];
      if (texts.empty()) return;
      copies_tried_[name] = texts;
    }
    const SessionKey key = {"t", name};
    if (!store.ForkSession(Key(producer), texts.size(), Session(name)).ok()) return;
    const MutexLock lock(&mutex_);
    copies_.insert(key.session_id);
  }

  void Restore(SqliteLogStore& store) {
    {
      const MutexLock lock(&mutex_);
      copies_tried_[kRestored.session_id] = kRestoredTexts;
      if (copies_.contains(kRestored.session_id)) return;
    }
    // What is restored from may be changed by it.
    const std::string copy = source_.Path("copy");
    std::filesystem::copy_file(source_.Path("backup"), copy,
                               std::filesystem::copy_options::overwrite_existing);
    if (!store.Restore(copy).ok()) return;
    const MutexLock lock(&mutex_);
    copies_.insert(kRestored.session_id);
  }

  // Some session that was copied goes, whichever is the oldest.
  void ApplyRetention(SqliteLogStore& store) {
    const auto sessions = store.ListByAge();
    if (!sessions.ok()) return;
    for (const OldSession& old : *sessions) {
      {
        const MutexLock lock(&mutex_);
        if (copies_.erase(old.key.session_id) == 0) continue;
      }
      store.DeleteUnchanged(old, 1).status().IgnoreError();
      return;
    }
  }

  void BackUp(SqliteLogStore& store) {
    const std::string path = source_.Path("made");
    std::filesystem::remove(path);
    const auto report = store.Backup(path);
    if (!report.ok()) return;
    EXPECT_THAT(report->problems, IsEmpty());
  }

  void PutImage() {
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      std::filesystem::remove(entry.path());
    }
    for (const auto& [path, bytes] : vfs_.image()) {
      std::ofstream(path, std::ios::binary) << bytes;
    }
  }

  void Inspect() {
    const auto store = Value(SqliteLogStore::Open(Options(false)));
    ASSERT_NE(store, nullptr);
    EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
    bool lost = false;
    for (const auto& [name, texts] : copies_tried_) {
      const auto turns = store->ReadTurns(SessionKey{"t", name}, kAll, 0);
      // A copy is there as a whole, or not at all; an acknowledged one is there.
      lost = lost || (copies_at_failure_.contains(name) && copies_.contains(name) && !turns.ok());
      if (!turns.ok()) continue;
      EXPECT_EQ(TextsOf(*turns), texts) << name;
      ++losses_.copies;
      Value(store->DeleteSession(SessionKey{"t", name}, 0));
    }
    copies_tried_.clear();
    copies_.clear();
    for (int p = 0; p < kProducers; ++p) {
      const auto turns = store->ReadTurns(Key(p), kAll, 0);
      const Texts found = turns.ok() ? TextsOf(*turns) : Texts();
      lost = lost || found.size() < at_failure_[p].size();
      // Whatever is there is what was appended, in order.
      ASSERT_LE(found.size(), tried_[p].size());
      EXPECT_EQ(found, Texts(tried_[p].begin(), tried_[p].begin() + found.size()));
      acknowledged_[p] = found;
      if (found.size() > 60) {  // so that the file stays small and the test quick
        Value(store->DeleteSession(Key(p), 0));
        acknowledged_[p].clear();
      }
    }
    if (lost) ++losses_.with_lost_turns;
  }

  const DatabaseOptions::Synchronous synchronous_;
  TemporaryDirectory directory_{kInMemory};
  TemporaryDirectory head_{kInMemory};
  PowerLossVfs vfs_;
  std::mt19937_64 random_{11};
  Losses losses_;
  Mutex mutex_;
  // By producer; used by one thread outside Work.
  std::map<int, Texts> tried_;
  std::map<int, Texts> acknowledged_;
  std::map<int, Texts> at_failure_;
  TemporaryDirectory source_{kInMemory};
  // Sessions that come as a whole: what each would hold, and which were acknowledged.
  std::map<std::string, Texts> copies_tried_;
  std::set<std::string> copies_;
  std::set<std::string> copies_at_failure_;
};

int Rounds(int otherwise) {
  const char* named = std::getenv("FOVEA_POWER_LOSSES");
  return named == nullptr ? otherwise : std::max(1, std::atoi(named));
}

TEST(PowerLoss, FullSyncLosesNothingThatWasAcknowledged) {
  const Losses losses = PowerLossHarness(DatabaseOptions::Synchronous::kFull).Run(Rounds(320));
  EXPECT_GE(losses.power_losses, Rounds(320) / 2);
  EXPECT_EQ(losses.with_lost_turns, 0);
  EXPECT_GE(losses.copies, Rounds(320) / 16);
  std::cout << losses.power_losses << " power losses, " << losses.with_lost_turns
            << " with a loss, " << losses.copies << " copies found whole\n";
  RecordProperty("power_losses", losses.power_losses);
}

TEST(PowerLoss, NormalSyncLosesTurnsButTearsNothing) {
  const Losses losses = PowerLossHarness(DatabaseOptions::Synchronous::kNormal).Run(60);
  EXPECT_GT(losses.with_lost_turns, 10);
}

class BadDiskTest : public ::testing::Test {
 protected:
  BadDiskTest() {
    Open([](LogStoreOptions&) {});
    Value(store_->CreateSession(key_, Session("a")));
  }
  void Open(const std::function<void(LogStoreOptions&)>& change) {
    store_.reset();
    LogStoreOptions options;
    options.path = directory_.Path("log.db");
    options.vfs = PowerLossVfs::name();
    options.now_us = [] { return int64_t{1}; };
    change(options);
    store_ = Value(SqliteLogStore::Open(options));
  }

  const SessionKey key_ = {"t", "a"};
  TemporaryDirectory directory_{kInMemory};
  PowerLossVfs vfs_;
  std::unique_ptr<SqliteLogStore> store_;
};

// A clock that is set back moves no session back in time.
TEST_F(BadDiskTest, TheLastAppendIsTheLatest) {
  int64_t now = 100;
  Open([&](LogStoreOptions& options) { options.now_us = [&] { return now; }; });
  Value(store_->Append(key_, Batch({TextTurn("1")})));
  now = 50;
  Value(store_->Append(key_, Batch({TextTurn("2")})));
  EXPECT_EQ(Value(store_->GetSession(key_)).updated_us, 100);
}

// Whatever time of creation it is told, and however far ahead the clock once was.
TEST_F(BadDiskTest, ASessionsAgeIsByTheStoresOwnClock) {
  int64_t now = 1'000;
  Open([&](LogStoreOptions& options) { options.now_us = [&] { return now; }; });
  const SessionKey hog = {"t", "hog"};
  NewSession made;
  made.session_id = "hog";
  made.created_us = std::numeric_limits<int64_t>::max();
  Value(store_->CreateSession(hog, made));
  EXPECT_EQ(Value(store_->GetSession(hog)).updated_us, 1'000);
  made.session_id = "old";
  made.created_us = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(Value(store_->ForkSession(hog, 0, made)).updated_us, 1'000);
  now = 5'000;
  Value(store_->Append(key_, Batch({TextTurn("1")})));
  now = 2'000;
  Value(store_->Append(hog, Batch({TextTurn("1")})));
  const auto age_of = [&](const std::string& id) {
    for (const OldSession& session : Value(store_->ListByAge())) {
      if (session.key.session_id == id) return now - session.updated_us;
    }
    return int64_t{-1};
  };
  EXPECT_EQ(age_of("a"), 0);
  EXPECT_EQ(age_of("hog"), 0);
  EXPECT_EQ(age_of("old"), 1'000);
  now = 3'000;
  EXPECT_EQ(age_of("a"), 0) << "it would be young until the clock has come so far";
  ASSERT_TRUE(store_->BringTimesBack().ok());
  now = 4'500;
  EXPECT_EQ(age_of("a"), 1'500);
  EXPECT_EQ(age_of("hog"), 2'500);
}

// An append is noticed by its turn: the clock may stand, or be behind.
TEST_F(BadDiskTest, WhatIsAppendedToWithinAMicrosecondStays) {
  Value(store_->Append(key_, Batch({TextTurn("1")})));
  const std::vector<OldSession> listed = Value(store_->ListByAge());
  Value(store_->Append(key_, Batch({TextTurn("2")})));
  EXPECT_TRUE(absl::IsAborted(store_->DeleteUnchanged(listed.at(0), 1).status()));
}

TEST_F(BadDiskTest, AFullDiskRefusesUntilThereIsRoom) {
  Value(store_->Append(key_, Batch({TextTurn("1")})));
  vfs_.set_disk_full(true);
  const auto refused = store_->Append(key_, Batch({TextTurn("2")}));
  EXPECT_EQ(Code(refused), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("the disk"));
  EXPECT_EQ(store_->WriteState().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(TextsOf(Value(store_->ReadTurns(key_, kAll, 0))), Texts{"1"});
  vfs_.set_disk_full(false);
  EXPECT_EQ(Value(store_->Append(key_, Batch({TextTurn("3")}))).first_seq, 2U);
  EXPECT_TRUE(store_->WriteState().ok());
}

// What a full disk undid is no commit, though its jobs had succeeded: the head must not count it.
TEST_F(BadDiskTest, TheHeadCountsNoCommitThatFailed) {
  const TemporaryDirectory head{kInMemory};
  const auto with_head = [&](LogStoreOptions& options) { options.head_path = head.Path("head"); };
  Open(with_head);
  Value(store_->Append(key_, Batch({TextTurn("1")})));
  vfs_.set_disk_full(true);
  EXPECT_FALSE(store_->Append(key_, Batch({TextTurn(std::string(50'000, 'x'))})).ok());
  vfs_.set_disk_full(false);
  EXPECT_EQ(Code(store_->Append({"t", "none"}, Batch({TextTurn("2")}))),
            absl::StatusCode::kNotFound);
  Open(with_head);
  ASSERT_NE(store_, nullptr);
  EXPECT_EQ(Value(store_->GetSession(key_)).last_seq, 1U);
}

TEST_F(BadDiskTest, CachesGiveTheirSpaceBackToTheLog) {
  int asked = 0;
  Open([&](LogStoreOptions& options) {
    options.writer.make_room = [&] {
      ++asked;
      vfs_.set_disk_full(false);
      return true;
    };
  });
  vfs_.set_disk_full(true);
  EXPECT_EQ(Value(store_->Append(key_, Batch({TextTurn("1")}))).first_seq, 1U);
  EXPECT_EQ(asked, 1);
}

// The reserve is for deletions alone: an append that waits beside one is refused.
TEST_F(BadDiskTest, DeletingWorksOnAFullDisk) {
  bool reserved = true;
  Open([&](LogStoreOptions& options) {
    options.writer.release_reserve = [&] {
      reserved = false;
      vfs_.set_disk_full(false);
    };
    options.writer.keep_reserve = [&] {
      reserved = true;
      vfs_.set_disk_full(true);
    };
  });
  std::mt19937_64 random(3);
  for (int i = 0; i < 40; ++i) {
    Value(store_->Append(key_, Batch(TextTurns({testing::RandomLetters(random, 100'000)}))));
  }
  const SessionKey other = {"t", "b"};
  Value(store_->CreateSession(other, Session("b")));
  vfs_.set_disk_full(true);
  std::atomic<int> appended = 0;
  std::thread appender([&] {
    for (int i = 0; i < 20; ++i) {
      if (store_->Append(other, Batch({TextTurn(testing::RandomLetters(random, 50'000))})).ok()) {
        ++appended;
      }
    }
  });
  const auto receipt = store_->DeleteSession(key_, 1);
  appender.join();
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->turns, 40U);
  EXPECT_EQ(appended, 0);
  EXPECT_TRUE(reserved);
  vfs_.set_disk_full(false);
  EXPECT_THAT(Value(store_->Verify()).problems, IsEmpty());
}

// After a failed sync the system may say that pages are clean which it never wrote.
TEST_F(BadDiskTest, AFailedSyncIsNotTrustedAgain) {
  Value(store_->Append(key_, Batch({TextTurn("1")})));
  vfs_.set_sync_fails(true);
  EXPECT_EQ(Code(store_->Append(key_, Batch({TextTurn("2")}))), absl::StatusCode::kUnavailable);
  vfs_.set_sync_fails(false);
  EXPECT_EQ(Code(store_->Append(key_, Batch({TextTurn("3")}))), absl::StatusCode::kUnavailable);
  EXPECT_EQ(TextsOf(Value(store_->ReadTurns(key_, kAll, 0))), Texts{"1"});
}

}  // namespace
}  // namespace fovea::testing
