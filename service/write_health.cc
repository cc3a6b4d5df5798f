#include "service/write_health.h"

#include "absl/time/time.h"
#include "service/status.h"

namespace fovea::service {
namespace {

constexpr absl::Duration kBetweenProbes = absl::Seconds(1);

}  // namespace

WriteHealth::WriteHealth(std::function<absl::Status()> probe,
                         std::function<void(const absl::Status&)> tell)
    : probe_(std::move(probe)), tell_(std::move(tell)), thread_([this] { Run(); }) {}

WriteHealth::~WriteHealth() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  rest_.End();
  thread_.join();
}

void WriteHealth::Note(const absl::Status& status) {
  if (status.ok() || !(absl::IsUnavailable(status) || absl::IsResourceExhausted(status))) return;
  if (IsUnfinished(status) || RetryAfterOf(status).has_value()) return;
  rest_.End();
}

void WriteHealth::Run() {
  while (true) {
    rest_.For(kBetweenProbes);
    {
      const absl::MutexLock lock(&mutex_);
      if (stopping_) return;
    }
    const absl::Status state = probe_();
    const absl::MutexLock lock(&mutex_);
    Set(state);
  }
}

void WriteHealth::Set(const absl::Status& state) {
  if (state.ok() == serving_) return;
  serving_ = state.ok();
  tell_(state);
}

}  // namespace fovea::service
