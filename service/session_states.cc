#include "service/session_states.h"

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "core/log/blobs.h"
#include "service/convert_turn.h"

namespace fovea::service {
namespace {

// What a cached turn takes beside its bytes.
constexpr uint64_t kTurnOverheadBytes = 256;
// How often a deletion that waits looks whether it is still wanted.
constexpr absl::Duration kAskAgain = absl::Milliseconds(50);

}  // namespace

absl::StatusOr<std::vector<TurnPtr>> SessionTurns::Turns(SeqRange range) const {
  if (range.empty()) return std::vector<TurnPtr>();
  if (range.first == 0) return absl::OutOfRangeError("sequences start at 1");
  std::vector<TurnPtr> turns(range.last - range.first + 1);
  for (uint64_t seq = range.first; seq <= range.last;) {
    if (auto cached = cache_.Get({state_id_, seq})) {
      turns[seq++ - range.first] = *std::move(cached);
      continue;
    }
    SeqRange missing{.first = seq, .last = seq};
    while (missing.last < range.last && !cache_.Get({state_id_, missing.last + 1})) ++missing.last;
    FOVEA_RETURN_IF_ERROR(Read(missing, range.first, turns));
    seq = missing.last + 1;
  }
  return turns;
}

absl::Status SessionTurns::Read(SeqRange missing, uint64_t base, std::vector<TurnPtr>& out) const {
  FOVEA_ASSIGN_OR_RETURN(auto read, log_.ReadTurns(key_, missing, 0));
  const uint64_t next = missing.first + read.size();
  if (next <= missing.last) {
    // A read ends before a damaged turn; one that begins with it says so.
    FOVEA_RETURN_IF_ERROR(log_.ReadTurns(key_, {.first = next, .last = next}, 0).status());
    return absl::OutOfRangeError(absl::StrCat("the log holds ", read.size(), " of the turns ",
                                              missing.first, " to ", missing.last));
  }
  for (Turn& turn : read) {
    const uint64_t seq = turn.seq;
    if (auto gist = WithoutBlobs(turn)) {
      turn = std::move(gist->turn);
      const absl::MutexLock lock(&mutex_);
      gists_[seq] = gist->elided_characters;
    }
    const uint64_t bytes = TurnBytes(turn) + kTurnOverheadBytes;
    auto shared = std::make_shared<const Turn>(std::move(turn));
    out[seq - base] = shared;
    cache_.Put({state_id_, seq}, std::move(shared), bytes);
  }
  return absl::OkStatus();
}

std::vector<std::pair<uint64_t, uint64_t>> SessionTurns::Gists(uint64_t last) const {
  const absl::MutexLock lock(&mutex_);
  return {gists_.begin(), gists_.upper_bound(last)};
}

void SessionTurns::NoteGists(const std::vector<std::pair<uint64_t, uint64_t>>& gists) const {
  const absl::MutexLock lock(&mutex_);
  gists_.insert(gists.begin(), gists.end());
}

SessionLease::SessionLease(StatePtr state) : state_(std::move(state)) {
  const absl::MutexLock lock(&state_->mutex_);
  const auto may_use = [this]() ABSL_SHARED_LOCKS_REQUIRED(state_->mutex_) {
    return !state_->removing_;
  };
  state_->mutex_.Await(absl::Condition(&may_use));
  valid_ = !state_->deleted_;
  ++state_->leases_;
}

SessionLease::~SessionLease() {
  if (state_ == nullptr) return;
  const absl::MutexLock lock(&state_->mutex_);
  --state_->leases_;
}

StatePtr SessionStates::Find(const SessionKey& key) {
  const absl::MutexLock lock(&mutex_);
  if (states_.size() >= sweep_at_) {
    for (auto entry = states_.begin(); entry != states_.end();) {
      entry = entry->second.expired() ? states_.erase(entry) : std::next(entry);
    }
    sweep_at_ = std::max<size_t>(64, 2 * states_.size());
  }
  std::weak_ptr<SessionState>& held = states_[key];
  StatePtr state = held.lock();
  if (state == nullptr) {
    state = std::make_shared<SessionState>(&log_, &turn_cache_, key, next_id_++);
    held = state;
  }
  return state;
}

SessionLease SessionStates::Lease(const SessionKey& key) {
  while (true) {
    SessionLease lease(Find(key));
    if (lease.valid()) return lease;
  }
}

absl::StatusOr<bool> SessionStates::BeginRemoving(
    SessionState& state, const std::function<absl::Status()>& still_wanted) {
  ++state.closers_;
  const absl::Cleanup not_closing = [&state] { --state.closers_; };
  const absl::MutexLock lock(&state.mutex_);
  const auto free = [&state]() ABSL_SHARED_LOCKS_REQUIRED(state.mutex_) {
    return state.deleted_ || (state.leases_ == 0 && !state.removing_);
  };
  while (!state.mutex_.AwaitWithTimeout(absl::Condition(&free), kAskAgain)) {
    FOVEA_RETURN_IF_ERROR(still_wanted());
  }
  if (state.deleted_) return false;
  state.removing_ = true;
  return true;
}

absl::Status SessionStates::Delete(const SessionKey& key,
                                   const std::function<absl::Status()>& still_wanted,
                                   const std::function<absl::Status(const SessionState&)>& remove) {
  while (true) {
    const StatePtr state = Find(key);
    FOVEA_ASSIGN_OR_RETURN(auto alone, BeginRemoving(*state, still_wanted));
    if (!alone) continue;
    absl::Status status = remove(*state);
    if (status.ok()) {
      turn_cache_.EraseIf([&](const auto& entry) { return entry.first == state->id; });
      const absl::MutexLock lock(&mutex_);
      states_.erase(key);
    }
    const absl::MutexLock lock(&state->mutex_);
    state->removing_ = false;
    state->deleted_ = status.ok();
    return status;
  }
}

}  // namespace fovea::service
