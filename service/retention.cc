#include "service/retention.h"

#include <deque>
#include <queue>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace fovea::service {
namespace {

constexpr absl::Duration kInterval = absl::Hours(1);

// A tenant's sessions that may go, as indexes into those of all, longest idle first.
struct Holder {
  uint64_t bytes = 0;
  std::deque<size_t> sessions;
};

// Of two that hold as much, the one whose session was idle for less.
struct HoldsLess {
  bool operator()(const Holder* a, const Holder* b) const {
    if (a->bytes != b->bytes) return a->bytes < b->bytes;
    return a->sessions.front() > b->sessions.front();
  }
};

}  // namespace

RetentionChoice ChooseByRetention(const std::vector<OldSession>& by_age, const RetentionRule& rule,
                                  int64_t now_us) {
  RetentionChoice choice;
  for (const OldSession& session : by_age) choice.left_bytes += session.stored_bytes;
  choice.left_sessions = by_age.size();
  const auto choose = [&choice](const OldSession& session) {
    choice.to_delete.push_back(session);
    choice.deleted_bytes += session.stored_bytes;
    choice.left_bytes -= session.stored_bytes;
    --choice.left_sessions;
  };
  const absl::Time now = absl::FromUnixMicros(now_us);
  absl::flat_hash_map<std::string_view, Holder> holders;
  for (size_t i = 0; i < by_age.size(); ++i) {
    const OldSession& session = by_age[i];
    if (session.stays) continue;
    if (now - absl::FromUnixMicros(session.updated_us) > rule.max_idle) {
      choose(session);
    } else if (session.stored_bytes > 0) {
      Holder& holder = holders[session.key.tenant];
      holder.bytes += session.stored_bytes;
      holder.sessions.push_back(i);
    }
  }
  if (rule.max_stored_bytes == 0) return choice;
  std::priority_queue<Holder*, std::vector<Holder*>, HoldsLess> most;
  for (auto& [tenant, holder] : holders) most.push(&holder);
  while (choice.left_bytes > rule.max_stored_bytes && !most.empty()) {
    Holder* const holder = most.top();
    most.pop();
    const OldSession& session = by_age[holder->sessions.front()];
    choose(session);
    holder->bytes -= session.stored_bytes;
    holder->sessions.pop_front();
    if (!holder->sessions.empty()) most.push(holder);
  }
  return choice;
}

RetentionKeeper::RetentionKeeper(std::function<void(const RetentionRule&)> apply)
    : apply_(std::move(apply)), thread_([this] { Run(); }) {}

RetentionKeeper::~RetentionKeeper() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  rest_.End();
  thread_.join();
}

void RetentionKeeper::SetRule(const RetentionRule& rule) {
  const absl::MutexLock lock(&mutex_);
  rule_ = rule;
  rest_.End();
}

bool RetentionKeeper::stopping() const {
  const absl::MutexLock lock(&mutex_);
  return stopping_;
}

void RetentionKeeper::Run() {
  while (true) {
    rest_.For(kInterval);
    RetentionRule rule;
    {
      const absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      rule = rule_;
    }
    if (rule.limits_anything()) apply_(rule);
  }
}

}  // namespace fovea::service
