#include "memory_store/sqlite/writer.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "memory_store/sqlite/status_macros.h"

namespace fovea::sqlite {
namespace {

// A log that readers kept from being reset grows; past this many times the usual size the writer
// waits for them.
constexpr int kForcedCheckpointFactor = 8;

// A scrub that readers kept from finishing is tried again after this long.
constexpr absl::Duration kScrubRetry = absl::Seconds(1);

// A full disk is no different from a busy one to those who wait: they may retry.
absl::Status Outward(const absl::Status& status) {
  return absl::IsResourceExhausted(status) ? absl::UnavailableError(status.message()) : status;
}

}  // namespace

std::unique_ptr<Writer> Writer::Start(std::unique_ptr<Database> database, WriterOptions options) {
  return std::unique_ptr<Writer>(new Writer(std::move(database), options));
}

Writer::Writer(std::unique_ptr<Database> database, WriterOptions options)
    : options_(options),
      database_(std::move(database)),
      checkpoint_at_pages_(options.checkpoint_pages),
      thread_([this] { Loop(); }) {}

Writer::~Writer() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
  }
  work_came_.NotifyOne();
  thread_.join();
}

bool Writer::HasRoom() const { return queued_bytes_ < options_.max_queued_bytes; }
bool Writer::HasWork() const { return !queue_.empty() || scrub_now_ || stopping_; }

void Writer::Submit(size_t bytes, Work work, Done done) {
  {
    const MutexLock lock(&mutex_);
    while (!HasRoom()) room_came_.Wait(&mutex_);
    queued_bytes_ += bytes;
    queue_.push_back(Job{bytes, std::move(work), std::move(done), absl::OkStatus()});
  }
  work_came_.NotifyOne();
}

absl::Status Writer::Run(size_t bytes, Work work) {
  Mutex mutex;
  ConditionVariable finished;
  std::optional<absl::Status> status;
  Submit(bytes, std::move(work), [&](const absl::Status& outcome) {
    // Told under the lock: once the caller has it, the condition variable is gone.
    const MutexLock lock(&mutex);
    status = outcome;
    finished.NotifyOne();
  });
  const MutexLock lock(&mutex);
  while (!status) finished.Wait(&mutex);
  return *std::move(status);
}

void Writer::ScrubLog() {
  {
    const MutexLock lock(&mutex_);
    scrub_now_ = true;
  }
  work_came_.NotifyOne();
}

uint64_t Writer::commits() const {
  const MutexLock lock(&mutex_);
  return commits_;
}

void Writer::Loop() {
  while (true) {
    std::vector<Job> batch = TakeBatch();
    if (!batch.empty()) {
      const absl::Status commit = RunBatch(batch);
      for (Job& job : batch) job.done(commit.ok() ? Outward(job.status) : commit);
    }
    Checkpoint();
    const MutexLock lock(&mutex_);
    if (stopping_ && queue_.empty()) return;
  }
}

std::vector<Writer::Job> Writer::TakeBatch() {
  const MutexLock lock(&mutex_);
  while (!HasWork() && work_came_.WaitUntil(&mutex_, scrub_again_at_)) continue;
  std::vector<Job> batch;
  size_t bytes = 0;
  while (!queue_.empty() && batch.size() < options_.max_batch_jobs &&
         (batch.empty() || bytes + queue_.front().bytes <= options_.max_batch_bytes)) {
    bytes += queue_.front().bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  room_came_.NotifyAll();
  return batch;
}

absl::Status Writer::RunBatch(std::vector<Job>& batch) {
  STORE_RETURN_IF_ERROR(broken_);
  bool committing = false;
  absl::Status status = database_->WriteTransaction([&] {
    absl::Status jobs = RunJobs(batch);
    committing = jobs.ok();
    return jobs;
  });
  if (status.ok()) {
    const MutexLock lock(&mutex_);
    ++commits_;
    return status;
  }
  if (committing && !absl::IsResourceExhausted(status)) {
    broken_ = absl::UnavailableError(absl::StrCat("the disk refused a commit: ", status.message()));
  }
  return absl::UnavailableError(status.message());
}

absl::Status Writer::RunJobs(std::vector<Job>& batch) {
  for (Job& job : batch) {
    STORE_RETURN_IF_ERROR(database_->Execute("SAVEPOINT job"));
    job.status = job.work(*database_);
    // A full disk or a failed read may have taken the whole transaction with it.
    if (!database_->InTransaction()) return job.status;
    if (!job.status.ok()) STORE_RETURN_IF_ERROR(database_->Execute("ROLLBACK TO job"));
    STORE_RETURN_IF_ERROR(database_->Execute("RELEASE job"));
  }
  return absl::OkStatus();
}

void Writer::Checkpoint() {
  bool scrub = false;
  {
    const MutexLock lock(&mutex_);
    scrub = scrub_now_ || scrub_again_at_ <= absl::Now();
    scrub_now_ = false;
    if (scrub) scrub_again_at_ = absl::InfiniteFuture();
  }
  const int pages = database_->wal_pages();
  if (!broken_.ok() || (!scrub && pages < checkpoint_at_pages_)) return;
  const bool wait = scrub || pages > kForcedCheckpointFactor * options_.checkpoint_pages;
  const auto result =
      database_->Checkpoint(wait ? CheckpointMode::kTruncate : CheckpointMode::kPassive);
  if (!result.ok()) {
    if (absl::IsResourceExhausted(result.status())) return;
    broken_ = absl::UnavailableError(
        absl::StrCat("the disk refused a checkpoint: ", result.status().message()));
    return;
  }
  // Readers that kept it from finishing are left alone for a while.
  checkpoint_at_pages_ = options_.checkpoint_pages + (result->finished ? 0 : pages);
  if (scrub && !result->finished) {
    const MutexLock lock(&mutex_);
    scrub_again_at_ = absl::Now() + kScrubRetry;
  }
}

}  // namespace fovea::sqlite
