#include "bench/service/load_baselines.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"

namespace fovea::bench {
namespace {

constexpr size_t kTurnBytes = 1000;
constexpr int kCheckpointPages = 1024;

double Seconds(absl::Duration time) { return absl::ToDoubleSeconds(time); }

}  // namespace

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}
void Must(const grpc::Status& status) {
  if (status.ok()) return;
  std::cerr << status.error_code() << ": " << status.error_message() << "\n";
  std::exit(1);
}

// Words with a long-tailed frequency, which compress about as prose and tool output do.
std::string Words(std::mt19937_64& random, size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    const uint64_t rank = random() % (1 + random() % 20'000);
    absl::StrAppend(&text, absl::Hex(rank * 2654435761U % 0xFFFFF), " ");
  }
  text.resize(bytes);
  return text;
}

std::vector<double> Time(int samples, const std::function<void()>& call) {
  std::vector<double> times;
  for (int i = 0; i < samples; ++i) {
    const absl::Time begun = absl::Now();
    call();
    times.push_back(1000 * Seconds(absl::Now() - begun));
  }
  std::sort(times.begin(), times.end());
  return times;
}
double At(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * sorted.size()))];
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double Rate(int threads, double seconds, const Work& work) {
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> count = 0;
  std::vector<std::thread> workers;
  workers.reserve(static_cast<size_t>(threads));
  const absl::Time begun = absl::Now();
  for (int i = 0; i < threads; ++i) workers.emplace_back([&, i] { work(i, stop, count); });
  absl::SleepFor(absl::Seconds(seconds));
  stop = true;
  for (std::thread& worker : workers) worker.join();
  return static_cast<double>(count) / Seconds(absl::Now() - begun);
}

Raw::Raw(const std::string& directory, int page_bytes)
    : path_(absl::StrCat(directory, "/raw-", getpid(), ".db")), page_bytes_(page_bytes) {
  Must(Open());
  std::mt19937_64 random(1);
  row_ = Words(random, kTurnBytes);
}

Raw::~Raw() {
  database_.reset();
  for (const char* end : {"", "-wal", "-shm"}) unlink(absl::StrCat(path_, end).c_str());
}

absl::Status Raw::Open() {
  FOVEA_ASSIGN_OR_RETURN(database_,
                         sqlite::Database::Open({.path = path_, .page_bytes = page_bytes_}));
  return database_->Execute(
      "CREATE TABLE turns (row INTEGER PRIMARY KEY, session INTEGER, seq INTEGER, body BLOB,"
      " UNIQUE (session, seq))");
}

void Raw::Insert(size_t rows) {
  Must(database_->WriteTransaction([&] { return InsertRows(rows); }));
  if (database_->wal_pages() <= kCheckpointPages) return;
  Must(database_->Checkpoint(sqlite::CheckpointMode::kPassive).status());
}

absl::Status Raw::InsertRows(size_t rows) {
  for (size_t i = 0; i < rows; ++i) {
    FOVEA_ASSIGN_OR_RETURN(
        auto insert,
        database_->Prepare("INSERT INTO turns (session, seq, body) VALUES (1, ?1, ?2)"));
    FOVEA_RETURN_IF_ERROR(insert.Unsigned(++seq_).Blob(row_).Run());
  }
  return absl::OkStatus();
}

size_t Raw::ReadLast(uint64_t rows) {
  auto query =
      database_->Prepare("SELECT body FROM turns WHERE session = 1 AND seq > ?1 ORDER BY seq");
  Must(query.status());
  query->Unsigned(seq_ - std::min(seq_, rows));
  size_t bytes = 0;
  while (true) {
    const auto row = query->Step();
    Must(row.status());
    if (!*row) return bytes;
    bytes += query->StringAt(0).size();
  }
}

double RawBatches(Raw& raw, size_t rows, double seconds) {
  return Rate(1, seconds, [&](int, std::atomic<bool>& stop, std::atomic<uint64_t>& count) {
    while (!stop) {
      raw.Insert(rows);
      count += rows;
    }
  });
}

// One writer that takes what is queued, and threads that wait for their row.
double RawFed(Raw& raw, int threads, double seconds) {
  std::mutex mutex;
  std::condition_variable came;
  std::condition_variable done;
  std::deque<bool*> queue;
  bool ended = false;
  std::thread writer([&] {
    std::unique_lock<std::mutex> lock(mutex);
    while (true) {
      came.wait(lock, [&] { return !queue.empty() || ended; });
      if (queue.empty()) return;
      std::deque<bool*> batch;
      batch.swap(queue);
      lock.unlock();
      raw.Insert(batch.size());
      lock.lock();
      for (bool* one : batch) *one = true;
      done.notify_all();
    }
  });
  const double rate =
      Rate(threads, seconds, [&](int, std::atomic<bool>& stop, std::atomic<uint64_t>& count) {
        while (!stop) {
          bool written = false;
          std::unique_lock<std::mutex> lock(mutex);
          queue.push_back(&written);
          came.notify_one();
          done.wait(lock, [&] { return written; });
          ++count;
        }
      });
  {
    const std::lock_guard<std::mutex> lock(mutex);
    ended = true;
    came.notify_all();
  }
  writer.join();
  return rate;
}

Nothing::Nothing(const std::string& address) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

grpc::ServerUnaryReactor* Nothing::AppendTurns(grpc::CallbackServerContext* context,
                                               const v1::AppendTurnsRequest* /*request*/,
                                               v1::AppendTurnsResponse* response) {
  response->set_last_seq(1);
  auto* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<v1::ReadTurnsResponse>* Nothing::ReadTurns(
    grpc::CallbackServerContext* /*context*/, const v1::ReadTurnsRequest* /*request*/) {
  class Once final : public grpc::ServerWriteReactor<v1::ReadTurnsResponse> {
   public:
    explicit Once(const v1::ReadTurnsResponse* answer) {
      StartWriteAndFinish(answer, {}, grpc::Status::OK);
    }
    void OnDone() override { delete this; }
  };
  return new Once(&answer_);  // NOLINT: deletes itself
}

}  // namespace fovea::bench
