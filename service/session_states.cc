#include "service/session_states.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "service/convert_turn.h"

namespace fovea::service {
namespace {

// What a cached turn takes beside its bytes.
constexpr uint64_t kTurnOverheadBytes = 256;

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
    absl::Status status = Read(missing, range.first, turns);
    if (!status.ok()) return status;
    seq = missing.last + 1;
  }
  return turns;
}

absl::Status SessionTurns::Read(SeqRange missing, uint64_t base, std::vector<TurnPtr>& out) const {
  auto read = log_.ReadTurns(key_, missing, 0);
  if (!read.ok()) return read.status();
  const uint64_t next = missing.first + read->size();
  if (next <= missing.last) {
    // A read ends before a damaged turn; one that begins with it says so.
    auto rest = log_.ReadTurns(key_, {.first = next, .last = next}, 0);
    if (!rest.ok()) return rest.status();
    return absl::OutOfRangeError(absl::StrCat("the log holds ", read->size(), " of the turns ",
                                              missing.first, " to ", missing.last));
  }
  for (Turn& turn : *read) {
    const uint64_t seq = turn.seq;
    const uint64_t bytes = TurnBytes(turn) + kTurnOverheadBytes;
    auto shared = std::make_shared<const Turn>(std::move(turn));
    out[seq - base] = shared;
    cache_.Put({state_id_, seq}, std::move(shared), bytes);
  }
  return absl::OkStatus();
}

// The lease is a lock that is handed from function to function, which the analysis cannot follow.
SessionLease::SessionLease(StatePtr state) ABSL_NO_THREAD_SAFETY_ANALYSIS
    : state_(std::move(state)) {
  state_->gate.ReaderLock();
}

SessionLease::~SessionLease() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (state_ != nullptr) state_->gate.ReaderUnlock();
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

absl::Status SessionStates::Delete(const SessionKey& key,
                                   const std::function<absl::Status(const SessionState&)>& remove) {
  while (true) {
    const StatePtr state = Find(key);
    const absl::WriterMutexLock gate(&state->gate);
    if (state->deleted) continue;
    absl::Status status = remove(*state);
    if (!status.ok()) return status;
    state->deleted = true;
    turn_cache_.EraseIf([&](const auto& entry) { return entry.first == state->id; });
    const absl::MutexLock lock(&mutex_);
    states_.erase(key);
    return status;
  }
}

}  // namespace fovea::service
