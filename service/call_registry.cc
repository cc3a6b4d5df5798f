#include "service/call_registry.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace fovea::service {

CallRegistry::CallRegistry(absl::Duration patience)
    : patience_(patience), thread_([this] { Run(); }) {}

CallRegistry::~CallRegistry() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

CallRegistry::Place CallRegistry::Add(grpc::CallbackServerContext* context) {
  const absl::MutexLock lock(&mutex_);
  return calls_.insert(calls_.end(), Entry{.context = context});
}

void CallRegistry::Sending(Place place) {
  const absl::MutexLock lock(&mutex_);
  place->sending_since = absl::Now();
}

void CallRegistry::Sent(Place place) {
  const absl::MutexLock lock(&mutex_);
  place->sending_since = absl::InfiniteFuture();
}

void CallRegistry::Remove(Place place) {
  const absl::MutexLock lock(&mutex_);
  calls_.erase(place);
}

size_t CallRegistry::size() const {
  const absl::MutexLock lock(&mutex_);
  return calls_.size();
}

void CallRegistry::Run() {
  const absl::Duration between = std::max(patience_ / 4, absl::Milliseconds(10));
  const absl::MutexLock lock(&mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(&stopping_), between)) {
    const absl::Time late = absl::Now() - patience_;
    for (const Entry& call : calls_) {
      if (call.sending_since < late) call.context->TryCancel();
    }
  }
}

}  // namespace fovea::service
