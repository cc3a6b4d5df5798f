#include "memory_store/sqlite/indexer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "memory_store/awaited.h"
#include "memory_store/sqlite/index_rows.h"
#include "memory_store/sqlite/schema.h"
#include "memory_store/turn_codec.h"

namespace fovea::sqlite {
namespace {

// One transaction takes about this much, so that a search does not wait long behind a large
// session.
constexpr size_t kBatchBytes = 256 << 10;
constexpr size_t kBatchSessions = 64;
constexpr int kCheckpointPages = 1024;
// A caller's next append comes sooner than this, and finds the disk and the cores free; a search
// does not wait for it.
constexpr absl::Duration kGather = absl::Milliseconds(50);
constexpr int kNice = 5;
// While appends come and no search waits, it rests this many times as long as it worked: what it
// takes of cores and disk, appends would wait for. Not once it has been behind for long.
constexpr int kRestFactor = 4;
constexpr absl::Duration kMaxRest = absl::Seconds(1);
constexpr absl::Duration kMaxBehind = absl::Minutes(5);
constexpr absl::Duration kRetry = absl::Seconds(1);
// What is damaged again so soon is not mended by building it again.
constexpr absl::Duration kBeginAgainPause = absl::Minutes(10);
// Well below where FTS5 fails; an index is built again after about as many rounds of deletions.
constexpr int kMaxMergeLevels = 1'500;
constexpr absl::Duration kBusyRetry = absl::Milliseconds(20);

}  // namespace

std::unique_ptr<Indexer> Indexer::Start(std::unique_ptr<Database> database, std::string path,
                                        LogTail* log) {
  return std::unique_ptr<Indexer>(new Indexer(std::move(database), std::move(path), log));
}

Indexer::Indexer(std::unique_ptr<Database> database, std::string path, LogTail* log)
    : database_(std::move(database)),
      path_(std::move(path)),
      log_(log),
      thread_([this] { Loop(); }) {}

Indexer::~Indexer() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
  }
  work_came_.NotifyAll();
  progress_.NotifyAll();
  thread_.join();
}

void Indexer::Touch(int64_t session_row) {
  const absl::Time now = absl::Now();
  const MutexLock lock(&mutex_);
  touched_ = now;
  if (!queued_.insert(session_row).second) return;
  if (queue_.empty()) gathered_ = now + kGather;
  queue_.push_back(session_row);
  if (queue_.size() == 1) work_came_.NotifyAll();
}

uint64_t Indexer::WaitFor(int64_t session_row, uint64_t seq, absl::Time deadline) {
  const MutexLock lock(&mutex_);
  if (!Reached(session_row, seq)) {
    if (!queued_.insert(session_row).second) {
      queue_.erase(std::find(queue_.begin(), queue_.end(), session_row));
    }
    queue_.push_front(session_row);
    gathered_ = absl::InfinitePast();
    work_came_.NotifyAll();
    ++waiting_;
    while (!Reached(session_row, seq) && progress_.WaitUntil(&mutex_, deadline)) continue;
    --waiting_;
  }
  return compared_ ? ThroughSeq(session_row) : 0;
}

bool Indexer::WaitUntilErased(int64_t session_row, absl::Time deadline) {
  if (session_row > kMaxIndexedSession) return true;
  const MutexLock lock(&mutex_);
  // Whatever is indexed of it, or being indexed just now: the queue comes to it after that.
  erasing_.insert(session_row);
  if (queued_.insert(session_row).second) queue_.push_front(session_row);
  gathered_ = absl::InfinitePast();
  work_came_.NotifyAll();
  ++waiting_;
  while (!stopping_ && erasing_.contains(session_row)) {
    if (!progress_.WaitUntil(&mutex_, deadline)) break;
  }
  --waiting_;
  return !erasing_.contains(session_row);
}

absl::Status Indexer::Check() {
  return RunOnThread([this] {
    absl::Status status = CheckIndex(*database_);
    NoteDamage(status);
    return status;
  });
}

absl::Status Indexer::Rebuild() {
  return RunOnThread([this] { return EmptyAndCompare(); });
}

absl::Status Indexer::EmptyAndCompare() {
  FOVEA_RETURN_IF_ERROR(EmptyIndex(*database_));
  return Compare();
}

void Indexer::BeginAgain() {
  const MutexLock lock(&mutex_);
  damaged_ = true;
  work_came_.NotifyAll();
}

void Indexer::BeginAgainIfDamaged() {
  {
    const MutexLock lock(&mutex_);
    if (!damaged_) return;
    damaged_ = false;
  }
  const absl::Time now = absl::Now();
  if (now - began_again_ < kBeginAgainPause) return;
  began_again_ = now;
  // Where that fails, too, it is left to the next start, which takes a new file.
  EmptyAndCompare().IgnoreError();
}

absl::Status Indexer::RunOnThread(std::function<absl::Status()> task) {
  Awaited<absl::Status> status;
  {
    const MutexLock lock(&mutex_);
    if (stopping_) return absl::UnavailableError("the store is closing");
    tasks_.emplace_back([&] { status.Give(task()); });
    work_came_.NotifyAll();
  }
  return status.Wait();
}

void Indexer::RunTask() {
  std::function<void()> task;
  {
    const MutexLock lock(&mutex_);
    if (tasks_.empty()) return;
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  task();
}

bool Indexer::Reached(int64_t session_row, uint64_t seq) const {
  return stopping_ || (compared_ && ThroughSeq(session_row) >= seq);
}

uint64_t Indexer::ThroughSeq(int64_t session_row) const {
  const auto entry = through_.find(session_row);
  return entry == through_.end() ? 0 : entry->second;
}

bool Indexer::HasWork() const {
  return !queue_.empty() || !tasks_.empty() || merging_ || damaged_ || stopping_;
}

bool Indexer::MayGather() const {
  return tasks_.empty() && !merging_ && !damaged_ && !stopping_ && waiting_ == 0 &&
         absl::Now() < gathered_;
}

bool Indexer::TasksLeft() const {
  const MutexLock lock(&mutex_);
  return !tasks_.empty();
}

bool Indexer::stopping() const {
  const MutexLock lock(&mutex_);
  return stopping_;
}

void Indexer::Pause() {
  const absl::Time end = absl::Now() + kRetry;
  const MutexLock lock(&mutex_);
  while (!stopping_ && work_came_.WaitUntil(&mutex_, end)) continue;
}

bool Indexer::MayRest(absl::Time now) const {
  return tasks_.empty() && !merging_ && !damaged_ && !stopping_ && waiting_ == 0 &&
         now - touched_ < kGather && now - behind_since_ < kMaxBehind;
}

void Indexer::Rest(absl::Duration worked) {
  const absl::Time end = absl::Now() + std::min(kRestFactor * worked, kMaxRest);
  const MutexLock lock(&mutex_);
  for (absl::Time now = absl::Now(); now < end && MayRest(now); now = absl::Now()) {
    work_came_.WaitUntil(&mutex_, std::min(end, touched_ + kGather));
  }
}

std::vector<int64_t> Indexer::TakeSessions() {
  const MutexLock lock(&mutex_);
  if (queue_.empty()) behind_since_ = absl::InfiniteFuture();
  while (!HasWork()) work_came_.Wait(&mutex_);
  while (MayGather()) work_came_.WaitUntil(&mutex_, gathered_);
  behind_since_ = std::min(behind_since_, absl::Now());
  std::vector<int64_t> sessions;
  while (!queue_.empty() && sessions.size() < kBatchSessions) {
    sessions.push_back(queue_.front());
    queued_.erase(queue_.front());
    queue_.pop_front();
  }
  return sessions;
}

void Indexer::Loop() {
  // Of this thread alone: who appends does not wait for it. Where it is not allowed, nothing is
  // lost.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  for (absl::Status status = Compare(); !status.ok(); status = Compare()) {
    NoteDamage(status);
    BeginAgainIfDamaged();
    RunTask();
    Pause();
    if (stopping()) {
      while (TasksLeft()) RunTask();
      return;
    }
  }
  while (true) {
    const std::vector<int64_t> sessions = TakeSessions();
    RunTask();
    BeginAgainIfDamaged();
    if (stopping()) {
      // Who waits for a task gets an answer.
      while (TasksLeft()) RunTask();
      return;
    }
    if (sessions.empty()) {
      Merge();
      if (database_->wal_pages() >= kCheckpointPages) Checkpoint(CheckpointMode::kPassive);
      continue;
    }
    const absl::Time begun = absl::Now();
    const absl::Status status = IndexSome(sessions);
    if (!status.ok()) {
      NoteDamage(status);
      for (const int64_t session : sessions) Touch(session);
      Pause();
    }
    if (database_->wal_pages() >= kCheckpointPages) Checkpoint(CheckpointMode::kPassive);
    Rest(absl::Now() - begun);
  }
}

absl::Status Indexer::Compare() {
  FOVEA_ASSIGN_OR_RETURN(const std::vector<SessionHead> heads, log_->Heads());
  FOVEA_ASSIGN_OR_RETURN(const std::vector<SessionHead> progress, ListProgress(*database_));
  absl::flat_hash_map<int64_t, uint64_t> ends;
  for (const SessionHead& head : heads) ends[head.row] = head.last_seq;
  absl::flat_hash_map<int64_t, uint64_t> through;
  FOVEA_RETURN_IF_ERROR(database_->WriteTransaction([&]() -> absl::Status {
    for (const SessionHead& indexed : progress) {
      const auto end = ends.find(indexed.row);
      // An index ahead of its log was made before an older log was put back.
      if (end == ends.end() || indexed.last_seq > end->second) {
        FOVEA_RETURN_IF_ERROR(Remove(indexed.row));
      } else {
        through[indexed.row] = indexed.last_seq;
      }
    }
    return absl::OkStatus();
  }));
  // Of this start, or left by the last process.
  FOVEA_ASSIGN_OR_RETURN(const bool held, HoldsRemovedWords(*database_));
  if (held) FOVEA_RETURN_IF_ERROR(BeginMerge(*database_));
  removed_ = false;
  const MutexLock lock(&mutex_);
  merging_ = merging_ || held;
  for (const SessionHead& indexed : progress) {
    if (!through.contains(indexed.row)) merged_away_.push_back(indexed.row);
  }
  if (!held) erasing_.clear();
  through_ = std::move(through);
  for (const SessionHead& head : heads) {
    if (ThroughSeq(head.row) < head.last_seq && queued_.insert(head.row).second) {
      queue_.push_back(head.row);
    }
  }
  compared_ = true;
  progress_.NotifyAll();
  return absl::OkStatus();
}

absl::Status Indexer::IndexSome(const std::vector<int64_t>& sessions) {
  pending_.clear();
  unfinished_.clear();
  size_t budget = kBatchBytes;
  FOVEA_RETURN_IF_ERROR(database_->WriteTransaction([&]() -> absl::Status {
    for (const int64_t session : sessions) FOVEA_RETURN_IF_ERROR(IndexSession(session, budget));
    return absl::OkStatus();
  }));
  bool merge = false;
  if (removed_) {
    FOVEA_ASSIGN_OR_RETURN(const int levels, CountMergeLevels(*database_));
    if (levels >= kMaxMergeLevels) {
      FOVEA_RETURN_IF_ERROR(EmptyAndCompare());
      std::erase_if(pending_, [](const auto& progress) { return progress.second != 0; });
    } else {
      FOVEA_RETURN_IF_ERROR(BeginMerge(*database_));
    }
    merge = true;
    removed_ = false;
  }
  const MutexLock lock(&mutex_);
  merging_ = merging_ || merge;
  for (const auto& [session, seq] : pending_) {
    if (seq == 0) {
      through_.erase(session);
      if (merging_) {
        merged_away_.push_back(session);
      } else {
        erasing_.erase(session);
      }
    } else {
      through_[session] = seq;
    }
  }
  for (const int64_t session : unfinished_) {
    if (queued_.insert(session).second) queue_.push_back(session);
  }
  progress_.NotifyAll();
  return absl::OkStatus();
}

absl::Status Indexer::IndexSession(int64_t session_row, size_t& budget) {
  if (session_row > kMaxIndexedSession) return absl::OkStatus();
  if (budget == 0) {
    unfinished_.push_back(session_row);
    return absl::OkStatus();
  }
  uint64_t through = 0;
  {
    const MutexLock lock(&mutex_);
    through = ThroughSeq(session_row);
  }
  const auto turns = log_->ReadStored(session_row, through + 1, budget);
  if (absl::IsNotFound(turns.status())) {
    pending_.emplace_back(session_row, 0);
    return Remove(session_row);
  }
  // The log's troubles are its own; the session is looked at again when it changes or is searched.
  if (!turns.ok() || turns->empty()) return absl::OkStatus();
  size_t bytes = 0;
  for (const StoredTurn& turn : *turns) bytes += turn.body.size();
  if (bytes >= budget) unfinished_.push_back(session_row);
  budget -= std::min(budget, bytes);
  FOVEA_ASSIGN_OR_RETURN(const uint64_t last_seq, InsertTurns(session_row, *turns));
  pending_.emplace_back(session_row, last_seq);
  return SetProgress(*database_, session_row, last_seq);
}

absl::StatusOr<uint64_t> Indexer::InsertTurns(int64_t session_row,
                                              const std::vector<StoredTurn>& turns) {
  for (const StoredTurn& stored : turns) {
    const absl::StatusOr<Turn> turn = DecodeTurn(stored.body, stored.seq);
    // What does not decode cannot be found, but what follows can.
    if (!turn.ok() || stored.seq > kMaxIndexedSeq) continue;
    FOVEA_RETURN_IF_ERROR(InsertIndexedTurn(*database_, session_row, *turn));
  }
  return turns.back().seq;
}

absl::Status Indexer::Remove(int64_t session_row) {
  FOVEA_ASSIGN_OR_RETURN(const bool any, DeleteIndexedSession(*database_, session_row));
  removed_ = removed_ || any;
  return absl::OkStatus();
}

void Indexer::Merge() {
  {
    const MutexLock lock(&mutex_);
    if (!merging_) return;
  }
  const absl::StatusOr<bool> more = ContinueMerge(*database_);
  NoteDamage(more.status());
  if (more.ok() && *more) return;
  if (more.ok()) {
    FinishMerge();
  } else {
    Pause();
  }
}

void Indexer::FinishMerge() {
  const absl::Status noted = NoteRemovedWords(*database_, false);
  const auto emptied = database_->Checkpoint(CheckpointMode::kTruncate);
  NoteDamage(emptied.status());
  if (!noted.ok() || !emptied.ok() || !emptied->finished) {
    // A reader held the write-ahead log; the words may be in it.
    NoteRemovedWords(*database_, true).IgnoreError();
    const absl::Time end = absl::Now() + kBusyRetry;
    const MutexLock lock(&mutex_);
    while (!stopping_ && work_came_.WaitUntil(&mutex_, end)) continue;
    return;
  }
  const MutexLock lock(&mutex_);
  merging_ = false;
  for (const int64_t session : merged_away_) erasing_.erase(session);
  merged_away_.clear();
  progress_.NotifyAll();
}

void Indexer::Checkpoint(CheckpointMode mode) { NoteDamage(database_->Checkpoint(mode).status()); }

void Indexer::NoteDamage(const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return;
  MarkForDiscard(path_);
  BeginAgain();
}

}  // namespace fovea::sqlite
