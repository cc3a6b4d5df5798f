#include "service/call_registry.h"

#include <algorithm>

namespace fovea::service {

CallRegistry::CallRegistry(absl::Duration patience)
    : patience_(patience), thread_([this] { Run(); }) {}

CallRegistry::~CallRegistry() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  rest_.End();
  thread_.join();
}

CallRegistry::Place CallRegistry::Add(grpc::CallbackServerContext* context) {
  const absl::MutexLock lock(&mutex_);
  return calls_.insert(calls_.end(), Entry{.context = context});
}

void CallRegistry::Sending(Place place) {
  const absl::MutexLock lock(&mutex_);
  place->sending_since = SteadyNow();
}

void CallRegistry::Sent(Place place) {
  const absl::MutexLock lock(&mutex_);
  place->sending_since.reset();
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
  while (true) {
    rest_.For(between);
    const absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    const SteadyTime now = SteadyNow();
    for (const Entry& call : calls_) {
      if (call.sending_since && Since(*call.sending_since, now) > patience_) {
        call.context->TryCancel();
      }
    }
  }
}

}  // namespace fovea::service
