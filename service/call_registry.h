// The calls that are in progress, and an end to those whose clients do not take their answers.
#ifndef FOVEA_SERVICE_CALL_REGISTRY_H_
#define FOVEA_SERVICE_CALL_REGISTRY_H_

#include <cstddef>
#include <list>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "service/steady_clock.h"

namespace fovea::service {

// Thread-safe.
class CallRegistry {
 public:
  struct Entry {
    grpc::CallbackServerContext* context = nullptr;
    std::optional<SteadyTime> sending_since;
  };
  using Place = std::list<Entry>::iterator;

  // patience: for a client to take an answer.
  explicit CallRegistry(absl::Duration patience);
  ~CallRegistry();

  Place Add(grpc::CallbackServerContext* context) ABSL_LOCKS_EXCLUDED(mutex_);
  // An answer, or a part of one, is given to gRPC; or it was taken, and the call goes on.
  void Sending(Place place) ABSL_LOCKS_EXCLUDED(mutex_);
  void Sent(Place place) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(Place place) ABSL_LOCKS_EXCLUDED(mutex_);
  size_t size() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const absl::Duration patience_;
  Rest rest_;
  mutable absl::Mutex mutex_;
  std::list<Entry> calls_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CALL_REGISTRY_H_
