#include "service/retention.h"

#include <utility>

namespace fovea::service {
namespace {

constexpr absl::Duration kInterval = absl::Hours(1);

}  // namespace

RetentionChoice ChooseByRetention(const std::vector<OldSession>& by_age, const RetentionRule& rule,
                                  int64_t now_us) {
  RetentionChoice choice;
  for (const OldSession& session : by_age) choice.left_bytes += session.stored_bytes;
  choice.left_sessions = by_age.size();
  for (const OldSession& session : by_age) {
    const bool old = absl::Microseconds(now_us - session.updated_us) > rule.max_idle;
    const bool large = rule.max_stored_bytes > 0 && choice.left_bytes > rule.max_stored_bytes;
    if (!old && !large) break;
    choice.to_delete.push_back(session);
    choice.deleted_bytes += session.stored_bytes;
    choice.left_bytes -= session.stored_bytes;
    --choice.left_sessions;
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
