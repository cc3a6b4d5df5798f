#include "memory_store/sqlite/writer.h"

#include <array>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "gmock/gmock.h"
#include "memory_store/awaited.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/schema.h"
#include "tests/memory_store/support.h"

namespace fovea::sqlite {
namespace {

using testing::Code;
using ::testing::ElementsAre;
using testing::Value;

constexpr char kInsertSql[] = "INSERT INTO numbers (number) VALUES (?1)";
constexpr char kReadSql[] = "SELECT number FROM numbers ORDER BY number";

absl::Status Insert(Database& database, int64_t number) {
  FOVEA_ASSIGN_OR_RETURN(auto query, database.Prepare(kInsertSql));
  return query.Int(number).Run();
}

class WriterTest : public ::testing::Test {
 protected:
  WriterTest() {
    Open({});
    EXPECT_TRUE(Run([](Database& database) {
                  return database.Execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)");
                }).ok());
  }
  void Open(WriterOptions options) {
    writer_.reset();
    DatabaseOptions file;
    file.path = directory_.Path("test.db");
    writer_ = Writer::Start(Value(Database::Open(file)), options);
  }
  absl::Status Run(Writer::Work work) { return writer_->Run(1, std::move(work)); }
  // Keeps the writer busy, so that what is submitted meanwhile becomes one batch.
  void Block() {
    writer_->Submit(
        1,
        [this](Database& /*database*/) {
          release_.WaitForNotification();
          return absl::OkStatus();
        },
        [](const absl::Status& /*status*/) {});
  }
  // Who is told lives longer than the writer, or waits until it is told.
  void Submit(int64_t number, absl::Status outcome, Awaited<absl::Status>& told) {
    writer_->Submit(
        1,
        [number, outcome](Database& database) {
          const absl::Status inserted = Insert(database, number);
          return inserted.ok() ? outcome : inserted;
        },
        [&told](const absl::Status& status) { told.Give(status); });
  }
  std::vector<int64_t> Numbers() {
    std::vector<int64_t> numbers;
    EXPECT_TRUE(Run([&](Database& database) -> absl::Status {
                  FOVEA_ASSIGN_OR_RETURN(auto query, database.Prepare(kReadSql));
                  for (auto row = query.Step(); row.ok() && *row; row = query.Step()) {
                    numbers.push_back(query.IntAt(0));
                  }
                  return absl::OkStatus();
                }).ok());
    return numbers;
  }

  TemporaryDirectory directory_{testing::kInMemory};
  absl::Notification release_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, AJobThatFailsIsUndoneAloneAndTheRestShareACommit) {
  Awaited<absl::Status> first;
  Awaited<absl::Status> second;
  Awaited<absl::Status> third;
  Block();
  absl::SleepFor(absl::Milliseconds(50));  // the writer has taken the blocking job alone
  const uint64_t before = writer_->commits();
  Submit(1, absl::OkStatus(), first);
  Submit(2, absl::AbortedError("no"), second);
  Submit(3, absl::OkStatus(), third);
  release_.Notify();
  EXPECT_THAT(Numbers(), ElementsAre(1, 3));
  EXPECT_TRUE(first.Wait().ok());
  EXPECT_EQ(second.Wait().code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(third.Wait().ok());
  // The blocking job's, and one for the three (with or without the reading job).
  EXPECT_LE(writer_->commits() - before, 3U);
}

TEST_F(WriterTest, DamageIsOfTheJobsThatMeetItAndTheOthersRunAgain) {
  std::array<Awaited<absl::Status>, 5> told;
  Block();
  absl::SleepFor(absl::Milliseconds(50));
  for (size_t i = 0; i < told.size(); ++i) {
    const bool meets_damage = i == 1 || i == 3;
    Submit(static_cast<int64_t>(i),
           meets_damage ? absl::DataLossError("a damaged page") : absl::OkStatus(), told[i]);
  }
  release_.Notify();
  EXPECT_THAT(Numbers(), ElementsAre(0, 2, 4));
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].Wait().code(),
              i == 1 || i == 3 ? absl::StatusCode::kDataLoss : absl::StatusCode::kOk)
        << i;
  }
  EXPECT_TRUE(writer_->state().ok());
}

TEST_F(WriterTest, WhatRunsAloneIsInNoTransactionAndItsUnavailableStopsTheWriter) {
  const auto alone = [&](absl::Status outcome) {
    return writer_->RunAlone([outcome](Database& database) {
      return database.InTransaction() ? absl::InternalError("in a transaction") : outcome;
    });
  };
  EXPECT_TRUE(alone(absl::OkStatus()).ok());
  EXPECT_EQ(alone(absl::ResourceExhaustedError("full")).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Run([](Database& database) { return Insert(database, 1); }).ok());
  EXPECT_EQ(alone(absl::UnavailableError("refused")).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(writer_->state().message(), "refused");
}

TEST_F(WriterTest, StatementErrorsAreTheJobsOwn) {
  EXPECT_TRUE(Run([](Database& database) { return Insert(database, 1); }).ok());
  EXPECT_EQ(Run([](Database& database) { return Insert(database, 1); }).code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(Run([](Database& database) { return database.Execute("not SQL"); }).code(),
            absl::StatusCode::kInternal);
  EXPECT_THAT(Numbers(), ElementsAre(1));
}

TEST_F(WriterTest, SubmitWaitsWhileTheQueueIsFull) {
  WriterOptions options;
  options.max_queued_bytes = 10;
  Open(options);
  Block();
  absl::SleepFor(absl::Milliseconds(50));
  const auto submit = [this](size_t bytes) {
    writer_->Submit(
        bytes, [](Database& /*database*/) { return absl::OkStatus(); },
        [](const absl::Status& /*status*/) {});
  };
  submit(1'000);  // one job may be larger than the queue
  std::atomic<bool> submitted = false;
  std::thread waiting([&] {
    submit(Writer::kMaxHurriedBytes + 1);
    submitted = true;
  });
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_FALSE(submitted);
  // What is small is of callers that must not wait, and that are few.
  submit(Writer::kMaxHurriedBytes);
  release_.Notify();
  waiting.join();
  EXPECT_TRUE(submitted);
}

TEST_F(WriterTest, TheNextCommitDoesNotWaitForThoseWhoAreTold) {
  Open({});
  Block();
  absl::SleepFor(absl::Milliseconds(50));
  absl::Notification told;
  absl::Notification go_on;
  for (int i = 0; i < 2; ++i) {
    writer_->Submit(
        1, [i](Database& database) { return Insert(database, i); },
        [&, i](const absl::Status& /*status*/) {
          if (i > 0) return;
          told.Notify();
          go_on.WaitForNotification();
        });
  }
  release_.Notify();
  told.WaitForNotification();
  EXPECT_TRUE(writer_->Run(1, [](Database& database) { return Insert(database, 7); }).ok());
  go_on.Notify();
  writer_.reset();  // who is told still waits for what this test made
}

TEST_F(WriterTest, ABatchTakesSoManyBytesAndNoMore) {
  WriterOptions options;
  options.max_batch_bytes = 10;
  Open(options);
  Block();
  absl::SleepFor(absl::Milliseconds(50));
  const uint64_t before = writer_->commits();
  const std::array<size_t, 4> sizes = {6, 6, 4, 30};
  for (size_t i = 0; i < sizes.size(); ++i) {
    writer_->Submit(
        sizes[i], [i](Database& database) { return Insert(database, static_cast<int64_t>(i)); },
        [](const absl::Status& /*status*/) {});
  }
  release_.Notify();
  EXPECT_THAT(Numbers(), ElementsAre(0, 1, 2, 3));
  // The blocking job, 6, 6 and 4, 30, and the reading job.
  EXPECT_EQ(writer_->commits() - before, 5U);
}

// Readers keep the write-ahead log from being used again; once it is far too long the writer waits
// for them, and cuts it.
TEST_F(WriterTest, ALongWriteAheadLogIsCutOnceItsReadersAreGone) {
  WriterOptions options;
  options.checkpoint_pages = 4;
  Open(options);
  const auto reader = Value(Database::Open(
      {.path = directory_.Path("test.db"), .access = DatabaseOptions::Access::kReadOnly}));
  ASSERT_TRUE(reader->Execute("BEGIN; SELECT * FROM numbers").ok());
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Run([&](Database& database) { return Insert(database, i); }).ok());
  }
  EXPECT_GT(std::filesystem::file_size(directory_.Path("test.db-wal")), 60U * 16'384);
  ASSERT_TRUE(reader->Execute("COMMIT").ok());
  for (int i = 100; i < 110; ++i) {
    EXPECT_TRUE(Run([&](Database& database) { return Insert(database, i); }).ok());
  }
  EXPECT_LT(std::filesystem::file_size(directory_.Path("test.db-wal")), 20U * 16'384);
}

// A try waits for the readers, and the jobs with it: between two tries there is time for them.
TEST_F(WriterTest, AScrubThatReadersKeepFromFinishingLeavesTimeForJobs) {
  const auto reader = Value(Database::Open(
      {.path = directory_.Path("test.db"), .access = DatabaseOptions::Access::kReadOnly}));
  ASSERT_TRUE(reader->Execute("BEGIN; SELECT * FROM numbers").ok());
  EXPECT_TRUE(Run([](Database& database) { return Insert(database, 0); }).ok());
  writer_->ScrubLog();
  int64_t inserted = 0;
  for (const absl::Time end = absl::Now() + absl::Seconds(1); absl::Now() < end;) {
    ++inserted;
    EXPECT_TRUE(Run([&](Database& database) { return Insert(database, inserted); }).ok());
  }
  EXPECT_GT(inserted, 30);
  EXPECT_FALSE(writer_->WaitUntilScrubbed(absl::Now()));
  ASSERT_TRUE(reader->Execute("COMMIT").ok());
  EXPECT_TRUE(writer_->WaitUntilScrubbed(absl::Now() + absl::Seconds(30)));
  EXPECT_EQ(std::filesystem::file_size(directory_.Path("test.db-wal")), 0U);
}

TEST_F(WriterTest, NobodyIsToldOkWhereTheCommitIsNotToBeTrusted) {
  WriterOptions options;
  bool trusted = true;
  options.on_commit = [&] {
    return trusted ? absl::OkStatus() : absl::UnavailableError("the directory is gone");
  };
  Open(options);
  EXPECT_TRUE(Run([](Database& database) { return Insert(database, 1); }).ok());
  EXPECT_TRUE(writer_->state().ok());
  trusted = false;
  EXPECT_EQ(Run([](Database& database) { return Insert(database, 2); }).code(),
            absl::StatusCode::kUnavailable);
  trusted = true;
  EXPECT_EQ(Run([](Database& database) { return Insert(database, 3); }).message(),
            "the directory is gone");
  EXPECT_EQ(writer_->state().code(), absl::StatusCode::kUnavailable);
}

// Commits, checkpoints of both kinds and a log that begins again change the lengths; none of that
// is taken for a cut, whoever looks meanwhile.
TEST_F(WriterTest, WhatTheWriterDoesItselfIsNoCut) {
  const std::string path = directory_.Path("test.db");
  writer_.reset();  // which takes the write-ahead log away
  FileGuard guard(path, 16'384);
  WriterOptions options;
  options.checkpoint_pages = 4;
  options.guard = &guard;
  Open(options);
  std::atomic<bool> stop = false;
  std::thread looking([&] {
    while (!stop) EXPECT_TRUE(guard.Check().ok()) << guard.Check();
  });
  const auto reader =
      Value(Database::Open({.path = path, .access = DatabaseOptions::Access::kReadOnly}));
  for (int i = 0; i < 300; ++i) {
    // For a while a reader keeps the log from being used again.
    const char* const sql = i == 100 ? "BEGIN; SELECT * FROM numbers" : i == 200 ? "COMMIT" : "";
    EXPECT_TRUE(reader->Execute(sql).ok());
    if (i % 10 == 0) writer_->ScrubLog();
    EXPECT_TRUE(Run([&](Database& database) { return Insert(database, i); }).ok()) << i;
  }
  stop = true;
  looking.join();
  EXPECT_TRUE(writer_->state().ok()) << writer_->state();
  std::filesystem::resize_file(path, 16'384);
  EXPECT_EQ(guard.Check().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Run([](Database& database) { return Insert(database, 1'000); }).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(WriterTest, FinishesWhatIsQueued) {
  Awaited<absl::Status> told;
  Block();
  Submit(7, absl::OkStatus(), told);
  release_.Notify();
  Open({});
  EXPECT_TRUE(told.Wait().ok());
  EXPECT_THAT(Numbers(), ElementsAre(7));
}

TEST_F(WriterTest, TheWriteAheadLogIsKeptSmall) {
  WriterOptions options;
  options.checkpoint_pages = 4;
  Open(options);
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(Run([&](Database& database) { return Insert(database, i); }).ok());
  }
  EXPECT_LT(std::filesystem::file_size(directory_.Path("test.db-wal")), 16U * 16'500);
}

constexpr char kCreateSql[] =
    "PRAGMA application_id = 5; PRAGMA user_version = 3;"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO meta (key, value) VALUES ('oldest_reader', 2);";

struct SchemaCase {
  std::string name;
  Schema opens;
  absl::StatusCode code;
};

class SchemaTest : public ::testing::TestWithParam<SchemaCase> {};

TEST_P(SchemaTest, OpensWhatItCanRead) {
  const TemporaryDirectory directory{testing::kInMemory};
  const auto database = Value(Database::Open({.path = directory.Path("test.db")}));
  ASSERT_TRUE(PrepareSchema(*database, {"test", 5, 3, kCreateSql}).ok());
  EXPECT_EQ(PrepareSchema(*database, GetParam().opens).code(), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    Versions, SchemaTest,
    ::testing::Values(
        SchemaCase{"Same", {"test", 5, 3, kCreateSql}, absl::StatusCode::kOk},
        SchemaCase{"NewerThatCannotUpgrade",
                   {"test", 5, 4, kCreateSql},
                   absl::StatusCode::kFailedPrecondition},
        SchemaCase{"OlderThatStillReads", {"test", 5, 2, kCreateSql}, absl::StatusCode::kOk},
        SchemaCase{"TooOld", {"test", 5, 1, kCreateSql}, absl::StatusCode::kFailedPrecondition},
        SchemaCase{"AnotherApplication",
                   {"test", 6, 3, kCreateSql},
                   absl::StatusCode::kFailedPrecondition}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace fovea::sqlite
