#include "memory_store/sqlite/writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "memory_store/awaited.h"

namespace fovea::sqlite {
namespace {

// A log that readers kept from being reset grows; past this many times the usual size the writer
// waits for them.
constexpr int kForcedCheckpointFactor = 8;

// A scrub that readers kept from finishing is tried again after this long.
constexpr absl::Duration kScrubRetry = absl::Milliseconds(100);

absl::Status DiskFull() {
  return absl::ResourceExhaustedError(
      "the disk of the data directory is full: delete sessions or make room, then try again");
}

}  // namespace

std::unique_ptr<Writer> Writer::Start(std::unique_ptr<Database> database, WriterOptions options) {
  return std::unique_ptr<Writer>(new Writer(std::move(database), std::move(options)));
}

Writer::Writer(std::unique_ptr<Database> database, WriterOptions options)
    : options_(std::move(options)),
      database_(std::move(database)),
      checkpoint_at_pages_(options_.checkpoint_pages),
      thread_([this] { Loop(); }),
      teller_([this] { TellLoop(); }) {}

Writer::~Writer() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
  }
  work_came_.NotifyOne();
  thread_.join();
  {
    const MutexLock lock(&mutex_);
    all_told_ = true;
  }
  told_came_.NotifyOne();
  teller_.join();
}

bool Writer::HasRoom() const { return queued_bytes_ < options_.max_queued_bytes; }
bool Writer::HasWork() const { return !queue_.empty() || scrub_now_ || stopping_; }

void Writer::Submit(size_t bytes, Work work, Done done, Space space) {
  {
    const MutexLock lock(&mutex_);
    while (!HasRoom() && bytes > kMaxHurriedBytes) room_came_.Wait(&mutex_);
    queued_bytes_ += bytes;
    queue_.push_back(Job{bytes, std::move(work), std::move(done), space, absl::OkStatus()});
  }
  work_came_.NotifyOne();
}

absl::Status Writer::RunAlone(Work work) {
  Awaited<absl::Status> status;
  {
    const MutexLock lock(&mutex_);
    queue_.push_back(Job{.bytes = 0,
                         .work = std::move(work),
                         .done = [&](const absl::Status& outcome) { status.Give(outcome); },
                         .space = Space::kTakes,
                         .status = absl::OkStatus(),
                         .alone = true});
  }
  work_came_.NotifyOne();
  return status.Wait();
}

absl::Status Writer::Run(size_t bytes, Work work, Space space) {
  Awaited<absl::Status> status;
  Submit(
      bytes, std::move(work), [&](const absl::Status& outcome) { status.Give(outcome); }, space);
  return status.Wait();
}

void Writer::ScrubLog() {
  {
    const MutexLock lock(&mutex_);
    scrub_now_ = true;
    ++scrubs_wanted_;
  }
  work_came_.NotifyOne();
}

bool Writer::WaitUntilScrubbed(absl::Time deadline) {
  const MutexLock lock(&mutex_);
  const uint64_t wanted = scrubs_wanted_;
  while (scrubs_done_ < wanted && broken_.ok()) {
    if (!scrubbed_came_.WaitUntil(&mutex_, deadline)) break;
  }
  return scrubs_done_ >= wanted;
}

uint64_t Writer::commits() const {
  const MutexLock lock(&mutex_);
  return commits_;
}

absl::Status Writer::state() const {
  const MutexLock lock(&mutex_);
  if (!broken_.ok()) return broken_;
  return full_ ? DiskFull() : absl::OkStatus();
}

void Writer::Stop(const absl::Status& reason) {
  const MutexLock lock(&mutex_);
  if (broken_.ok()) broken_ = reason;
  scrubbed_came_.NotifyAll();
}

void Writer::Loop() {
  while (true) {
    std::vector<Job> batch = TakeBatch();
    if (!batch.empty()) {
      const absl::Status commit = RunBatch(batch);
      if (!commit.ok()) {
        for (Job& job : batch) job.status = commit;
      }
      Tell(std::move(batch));
    }
    Checkpoint();
    const MutexLock lock(&mutex_);
    if (stopping_ && queue_.empty()) return;
  }
}

void Writer::Tell(std::vector<Job> batch) {
  if (batch.size() == 1) return batch[0].done(batch[0].status);
  {
    const MutexLock lock(&mutex_);
    for (Job& job : batch) to_tell_.push_back(std::move(job));
  }
  told_came_.NotifyOne();
}

void Writer::TellLoop() {
  while (true) {
    std::deque<Job> jobs;
    {
      const MutexLock lock(&mutex_);
      while (to_tell_.empty() && !all_told_) told_came_.Wait(&mutex_);
      if (to_tell_.empty()) return;
      jobs.swap(to_tell_);
    }
    for (Job& job : jobs) job.done(job.status);
  }
}

std::vector<Writer::Job> Writer::TakeBatch() {
  const MutexLock lock(&mutex_);
  while (!HasWork() && work_came_.WaitUntil(&mutex_, scrub_again_at_)) continue;
  std::vector<Job> batch;
  size_t bytes = 0;
  while (!queue_.empty() && batch.size() < options_.max_batch_jobs &&
         (batch.empty() || (!batch.back().alone && !queue_.front().alone &&
                            bytes + queue_.front().bytes <= options_.max_batch_bytes))) {
    bytes += queue_.front().bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  room_came_.NotifyAll();
  return batch;
}

absl::Status Writer::RunBatch(std::vector<Job>& batch) {
  if (batch[0].alone) return AttemptAlone(batch[0]);
  absl::Status status = Attempt(batch);
  if (absl::IsResourceExhausted(status) && options_.make_room && options_.make_room()) {
    status = Attempt(batch);
  }
  if (absl::IsResourceExhausted(status)) status = RunInReserve(batch, std::move(status));
  const MutexLock lock(&mutex_);
  full_ = absl::IsResourceExhausted(status);
  return full_ ? DiskFull() : status;
}

// The jobs that free space get the reserve; the others are told that the disk is full.
absl::Status Writer::RunInReserve(std::vector<Job>& batch, absl::Status full) {
  const auto frees = [](const Job& job) { return job.space == Space::kFrees; };
  if (!options_.release_reserve || std::none_of(batch.begin(), batch.end(), frees)) return full;
  std::vector<Job> freeing;
  std::vector<Job> others;
  for (Job& job : batch) (frees(job) ? freeing : others).push_back(std::move(job));
  for (Job& job : others) job.done(DiskFull());
  batch = std::move(freeing);
  options_.release_reserve();
  absl::Status status = Attempt(batch);
  // The log is used again from its start before anything else is written.
  if (status.ok()) MoveLog(CheckpointMode::kTruncate).IgnoreError();
  options_.keep_reserve();
  return status;
}

// A job that met damage goes, and those behind it come next, so that none runs more than twice
// however many meet some. A commit that meets damage does not say whose, so the batch is halved.
absl::Status Writer::Attempt(std::vector<Job>& batch) {
  absl::Status status = AttemptOnce(batch);
  while (absl::IsDataLoss(status) && (met_damage_ || batch.size() > 1)) {
    if (met_damage_) {
      LeaveOut(batch, *met_damage_);
    } else {
      PutBack(batch, batch.size() / 2);
    }
    if (batch.empty()) return absl::OkStatus();
    status = AttemptOnce(batch);
  }
  return status;
}

absl::Status Writer::AttemptOnce(std::vector<Job>& batch) {
  {
    const MutexLock lock(&mutex_);
    if (!broken_.ok()) return broken_;
  }
  met_damage_.reset();
  if (options_.on_begin) options_.on_begin();
  bool committing = false;
  absl::Status status = Guarded([&] {
    return database_->WriteTransaction([&] {
      absl::Status jobs = RunJobs(batch);
      committing = jobs.ok();
      return jobs;
    });
  });
  if (status.ok()) return Committed();
  if (absl::IsResourceExhausted(status) || absl::IsDataLoss(status)) return status;
  if (committing) {
    Stop(absl::UnavailableError(absl::StrCat("the disk refused a commit: ", status.message())));
  }
  return absl::UnavailableError(status.message());
}

absl::Status Writer::AttemptAlone(Job& job) {
  {
    const MutexLock lock(&mutex_);
    if (!broken_.ok()) return broken_;
  }
  if (options_.on_begin) options_.on_begin();
  const absl::Status status = Guarded([&] { return job.work(*database_); });
  if (status.ok()) return Committed();
  if (absl::IsUnavailable(status)) Stop(status);
  return status;
}

absl::Status Writer::Committed() {
  absl::Status status = options_.on_commit ? options_.on_commit() : absl::OkStatus();
  const MutexLock lock(&mutex_);
  ++commits_;
  if (!status.ok()) broken_ = status;
  return status;
}

absl::Status Writer::RunJobs(std::vector<Job>& batch) {
  for (size_t i = 0; i < batch.size(); ++i) {
    Job& job = batch[i];
    FOVEA_RETURN_IF_ERROR(database_->Execute("SAVEPOINT job"));
    job.status = job.work(*database_);
    if (absl::IsDataLoss(job.status)) met_damage_ = i;
    // A full disk is everybody's, and a failed read may have taken the whole transaction with it.
    if (met_damage_ || absl::IsResourceExhausted(job.status) || !database_->InTransaction()) {
      return job.status;
    }
    if (!job.status.ok()) FOVEA_RETURN_IF_ERROR(database_->Execute("ROLLBACK TO job"));
    FOVEA_RETURN_IF_ERROR(database_->Execute("RELEASE job"));
  }
  return absl::OkStatus();
}

void Writer::LeaveOut(std::vector<Job>& batch, size_t damaged) {
  PutBack(batch, damaged + 1);
  Job job = std::move(batch.back());
  batch.pop_back();
  job.done(job.status);
}

void Writer::PutBack(std::vector<Job>& batch, size_t first) {
  const MutexLock lock(&mutex_);
  while (batch.size() > first) {
    queued_bytes_ += batch.back().bytes;
    queue_.push_front(std::move(batch.back()));
    batch.pop_back();
  }
}

// Writing to a file that was cut would hide what is lost; so would the checkpoint of closing it.
absl::Status Writer::Guarded(absl::FunctionRef<absl::Status()> write) {
  if (options_.guard == nullptr) return write();
  absl::Status whole = options_.guard->Begin();
  absl::Status status = whole.ok() ? write() : whole;
  if (whole.ok()) whole = options_.guard->End(database_->wal_pages());
  if (whole.ok()) return status;
  database_->KeepWalOnClose();
  Stop(whole);
  return whole;
}

absl::StatusOr<Database::CheckpointResult> Writer::MoveLog(CheckpointMode mode) {
  Database::CheckpointResult result;
  FOVEA_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
    FOVEA_ASSIGN_OR_RETURN(result, database_->Checkpoint(mode));
    return absl::OkStatus();
  }));
  return result;
}

void Writer::Checkpoint() {
  bool scrub = false;
  uint64_t wanted = 0;
  {
    const MutexLock lock(&mutex_);
    wanted = scrubs_wanted_;
    scrub = scrub_now_ || scrub_again_at_ <= absl::Now();
    scrub_now_ = false;
    if (scrub) scrub_again_at_ = absl::InfiniteFuture();
  }
  const int pages = database_->wal_pages();
  {
    const MutexLock lock(&mutex_);
    if (!broken_.ok()) return;
  }
  if (!scrub && pages < checkpoint_at_pages_) return;
  const bool wait = scrub || pages > kForcedCheckpointFactor * options_.checkpoint_pages;
  const auto result = MoveLog(wait ? CheckpointMode::kTruncate : CheckpointMode::kPassive);
  if (!result.ok()) {
    if (absl::IsResourceExhausted(result.status())) return;
    Stop(absl::UnavailableError(
        absl::StrCat("the disk refused a checkpoint: ", result.status().message())));
    return;
  }
  // Readers that kept it from finishing are left alone for a while.
  checkpoint_at_pages_ = options_.checkpoint_pages + (result->finished ? 0 : pages);
  if (!scrub) return;
  const MutexLock lock(&mutex_);
  if (result->finished) {
    scrubs_done_ = wanted;
    scrubbed_came_.NotifyAll();
  } else {
    scrub_again_at_ = absl::Now() + kScrubRetry;
  }
}

}  // namespace fovea::sqlite
