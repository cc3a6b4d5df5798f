#include "gateway/jobs.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace fovea::gateway {
namespace {

constexpr int kNice = 5;

}  // namespace

Jobs::~Jobs() {
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

void Jobs::Run(const std::string& key, size_t bytes, std::function<void()> job) {
  absl::MutexLock lock(&mutex_);
  const auto room = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return Fits(bytes); };
  mutex_.Await(absl::Condition(&room));
  bytes_ += bytes;
  Lane& lane = lanes_[key];
  ++lane.given;
  lane.jobs.push_back({bytes, std::move(job)});
  if (!lane.running && lane.jobs.size() == 1) ready_.push_back(key);
  if (idle_ < ready_.size() && threads_.size() < max_threads_) {
    threads_.emplace_back([this] { Work(); });
  }
}

bool Jobs::HasRoom(size_t bytes) {
  absl::MutexLock lock(&mutex_);
  return Fits(bytes);
}

bool Jobs::Wait(const std::string& key, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto found = lanes_.find(key);
  if (found == lanes_.end()) return true;
  const uint64_t given = found->second.given;
  ++found->second.waiting;
  const auto done = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return lanes_.find(key)->second.done >= given;
  };
  const bool in_time = mutex_.AwaitWithDeadline(absl::Condition(&done), deadline);
  --lanes_.find(key)->second.waiting;
  DropIfIdle(key);
  return in_time;
}

void Jobs::Work() {
  // Of this thread alone: requests come first. Where it is not allowed, nothing is lost.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  absl::MutexLock lock(&mutex_);
  while (true) {
    ++idle_;
    const auto woken = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !ready_.empty() || (stopping_ && lanes_.empty());
    };
    mutex_.Await(absl::Condition(&woken));
    --idle_;
    if (ready_.empty()) return;
    const std::string key = std::move(ready_.front());
    ready_.pop_front();
    Lane& lane = lanes_.find(key)->second;
    Job job = std::move(lane.jobs.front());
    lane.jobs.pop_front();
    lane.running = true;
    mutex_.Unlock();
    job.run();
    job.run = nullptr;  // what it holds goes before others may begin
    mutex_.Lock();
    bytes_ -= job.bytes;
    End(key);
  }
}

void Jobs::End(const std::string& key) {
  Lane& lane = lanes_.find(key)->second;
  lane.running = false;
  ++lane.done;
  if (!lane.jobs.empty()) ready_.push_back(key);
  DropIfIdle(key);
}

void Jobs::DropIfIdle(const std::string& key) {
  const auto found = lanes_.find(key);
  const Lane& lane = found->second;
  if (lane.jobs.empty() && !lane.running && lane.waiting == 0) lanes_.erase(found);
}

}  // namespace fovea::gateway
