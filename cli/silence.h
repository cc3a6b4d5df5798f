// A limit on how long one waits for the next part of a stream.
#ifndef FOVEA_CLI_SILENCE_H_
#define FOVEA_CLI_SILENCE_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace grpc {
class ClientContext;
}  // namespace grpc

namespace fovea::cli {

// Cancels `context`'s call once a step took longer than `limit`. Time between steps does not count:
// whoever reads what is printed may take a pause. One thread uses it; `context` outlives it.
class SilenceLimit {
 public:
  SilenceLimit(grpc::ClientContext& context, absl::Duration limit);
  ~SilenceLimit();
  SilenceLimit(const SilenceLimit&) = delete;
  SilenceLimit& operator=(const SilenceLimit&) = delete;

  // One read, write or finish of the stream.
  template <typename Step>
  auto Wait(Step step) {
    if (!watcher_.joinable()) return step();
    SetEnd(Clock::now() + limit_);
    auto result = step();
    SetEnd(kNever);
    return result;
  }

  bool Passed();

 private:
  using Clock = std::chrono::steady_clock;  // a machine that slept has heard no silence
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  void SetEnd(Clock::time_point end);
  void Watch();

  grpc::ClientContext& context_;
  const Clock::duration limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point end_ = kNever;    // of the step's time
  Clock::time_point wakes_ = kNever;  // when the watcher looks again by itself
  bool passed_ = false;
  bool over_ = false;
  std::thread watcher_;  // none where there is no limit
};

}  // namespace fovea::cli

#endif  // FOVEA_CLI_SILENCE_H_
