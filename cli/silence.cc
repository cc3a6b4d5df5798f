#include "cli/silence.h"

#include <grpcpp/grpcpp.h>

#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace fovea::cli {

SilenceLimit::SilenceLimit(grpc::ClientContext& context, absl::Duration limit)
    : context_(context), limit_(absl::ToChronoNanoseconds(limit)) {
  if (limit != absl::InfiniteDuration()) watcher_ = std::thread([this] { Watch(); });
}

SilenceLimit::~SilenceLimit() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  if (watcher_.joinable()) watcher_.join();
}

bool SilenceLimit::Passed() {
  const std::lock_guard lock(mutex_);
  return passed_;
}

// Most steps are short: the watcher sleeps through all that end before it looks again.
void SilenceLimit::SetEnd(Clock::time_point end) {
  const std::lock_guard lock(mutex_);
  end_ = end;
  if (end_ < wakes_) changed_.notify_one();
}

void SilenceLimit::Watch() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    if (Clock::now() >= end_) {
      passed_ = true;
      context_.TryCancel();
      return;
    }
    wakes_ = end_;
    if (wakes_ == kNever) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, wakes_);
    }
  }
}

}  // namespace fovea::cli
