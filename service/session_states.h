// What the server holds in memory of a session, and the gate that deletion closes.
#ifndef FOVEA_SERVICE_SESSION_STATES_H_
#define FOVEA_SERVICE_SESSION_STATES_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/log/log_store.h"
#include "core/log/turn_source.h"
#include "service/lru_cache.h"

namespace fovea::service {

// Turns by (state id, seq), shared by all sessions under one bound on bytes.
using TurnCache = LruCache<std::pair<uint64_t, uint64_t>, TurnPtr>;

// The turns of one session as contexts serve them, read through the cache: as the log has them, but
// for the blobs in tool results, which are their gist (core/log/blobs.h). Thread-safe.
class SessionTurns final : public TurnSource {
 public:
  // All outlive the object. `state_id` is never used for another session.
  SessionTurns(LogStore* log, TurnCache* cache, SessionKey key, uint64_t state_id)
      : log_(*log), cache_(*cache), key_(std::move(key)), state_id_(state_id) {}

  absl::StatusOr<std::vector<TurnPtr>> Turns(SeqRange range) const override;

  // Of the turns up to `last` that were read so far: seq, and the characters that gists leave out.
  std::vector<std::pair<uint64_t, uint64_t>> Gists(uint64_t last) const;
  // Of turns that somebody read before, as Gists gave them.
  void NoteGists(const std::vector<std::pair<uint64_t, uint64_t>>& gists) const;

 private:
  // Fills out[first - base] .. out[last - base] from the log.
  absl::Status Read(SeqRange missing, uint64_t base, std::vector<TurnPtr>& out) const;

  LogStore& log_;
  TurnCache& cache_;
  const SessionKey key_;
  const uint64_t state_id_;
  mutable absl::Mutex mutex_;
  mutable std::map<uint64_t, uint64_t> gists_ ABSL_GUARDED_BY(mutex_);
};

// One life of a session: a later session with the same id gets another state.
struct SessionState {
  SessionState(LogStore* log, TurnCache* cache, SessionKey session, uint64_t state_id)
      : key(session), id(state_id), turns(log, cache, std::move(session), state_id) {}

  const SessionKey key;
  const uint64_t id;
  const SessionTurns turns;
  // True while somebody waits to delete the session: what uses it ends soon.
  bool closing() const { return closers_.load(std::memory_order_relaxed) > 0; }

 private:
  friend class SessionLease;
  friend class SessionStates;

  // Leases are shared by calls that use the session's caches; its deletion waits for them: what a
  // call puts into a cache or the page store is there before the deletion looks, or not at all.
  absl::Mutex mutex_;
  int leases_ ABSL_GUARDED_BY(mutex_) = 0;
  bool removing_ ABSL_GUARDED_BY(mutex_) = false;
  bool deleted_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<int> closers_ = 0;
};
using StatePtr = std::shared_ptr<SessionState>;

// Leave to use a session's caches. While it is held, the session's caches and pages are not
// deleted. A thread must not take a second one for the same session.
class SessionLease {
 public:
  explicit SessionLease(StatePtr state);
  ~SessionLease();
  SessionLease(SessionLease&& other) noexcept = default;  // leaves nothing to give back
  SessionLease& operator=(SessionLease&&) = delete;

  // False if the session was deleted before the lease began.
  bool valid() const { return valid_; }
  const StatePtr& state() const { return state_; }

 private:
  StatePtr state_;
  bool valid_ = false;
};

// Thread-safe. A state lives as long as somebody holds it; never are there two of one session at
// the same time.
class SessionStates {
 public:
  // Both outlive the object and all states.
  SessionStates(LogStore* log, uint64_t max_turn_bytes)
      : log_(*log), turn_cache_(SIZE_MAX, max_turn_bytes) {}

  LogStore& log() { return log_; }

  SessionLease Lease(const SessionKey& key) ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits for the leases, and runs `remove` while nobody else has one. The state is dropped if
  // that succeeds. `still_wanted` is asked now and then while it waits, and ends that by its error.
  absl::Status Delete(const SessionKey& key, const std::function<absl::Status()>& still_wanted,
                      const std::function<absl::Status(const SessionState&)>& remove)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Waits until nobody has a lease or removes; then it is the caller that removes. False if the
  // session was deleted meanwhile.
  static absl::StatusOr<bool> BeginRemoving(SessionState& state,
                                            const std::function<absl::Status()>& still_wanted);
  StatePtr Find(const SessionKey& key) ABSL_LOCKS_EXCLUDED(mutex_);

  LogStore& log_;
  TurnCache turn_cache_;
  absl::Mutex mutex_;
  std::map<SessionKey, std::weak_ptr<SessionState>> states_ ABSL_GUARDED_BY(mutex_);
  size_t sweep_at_ ABSL_GUARDED_BY(mutex_) = 64;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_SESSION_STATES_H_
