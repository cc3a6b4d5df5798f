// Threads for calls, lane by lane, and fair queues before them.
#ifndef FOVEA_SERVICE_LANES_H_
#define FOVEA_SERVICE_LANES_H_

#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "service/method.h"

namespace fovea::service {

// Threads that take tenants in turn, and each tenant's sessions in turn. Thread-safe. The
// destructor runs what is queued and joins the threads.
class FairPool {
 public:
  struct Options {
    size_t threads = 1;
    size_t max_queued = 1'000;            // tasks that wait
    size_t max_queued_of_tenant = 1'000;  // of them, one tenant's
    size_t max_running_of_tenant = 1;     // tasks of one tenant that run at a time
    size_t max_entered = 1;               // tasks that their callers' own threads began
    int nice = 0;                         // added to the threads' priority number
  };

  explicit FairPool(Options options);
  ~FairPool();
  FairPool(const FairPool&) = delete;
  FairPool& operator=(const FairPool&) = delete;

  // RESOURCE_EXHAUSTED (Overloaded), without running the task, if too many wait.
  absl::Status Post(const std::string& tenant, const std::string& session,
                    absl::AnyInvocable<void()> task) ABSL_LOCKS_EXCLUDED(mutex_);

  // For a task that the caller's own thread begins: true if nothing is queued, the tenant may run
  // one more, and fewer than max_entered of this kind run. Then Leave is called once, when the task
  // has ended.
  bool Enter(const std::string& tenant) ABSL_LOCKS_EXCLUDED(mutex_);
  void Leave(const std::string& tenant) ABSL_LOCKS_EXCLUDED(mutex_);

  size_t queued() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Task = absl::AnyInvocable<void()>;
  struct Tenant {
    std::map<std::string, std::deque<Task>> sessions;  // none empty
    std::string last_session;                          // whose turn it was
    size_t queued = 0;
    size_t running = 0;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // A task of the tenant's has ended.
  void Ended(std::map<std::string, Tenant>::iterator of) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whose turn it is: a tenant with tasks that may run one more; the end if there is none.
  std::map<std::string, Tenant>::iterator Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayRunMore(const Tenant& tenant) const;
  bool MayServe(const Tenant& tenant) const;

  const Options options_;
  mutable absl::Mutex mutex_;
  absl::CondVar work_came_;
  std::map<std::string, Tenant> tenants_ ABSL_GUARDED_BY(mutex_);  // that have or run tasks
  std::string last_tenant_ ABSL_GUARDED_BY(mutex_);
  size_t queued_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t entered_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

// Thread-safe.
class Lanes {
 public:
  // processors: that the machine has. many_tenants: no tenant may take all threads of a lane.
  Lanes(size_t processors, bool many_tenants);

  FairPool& Of(Lane lane) { return *pools_[static_cast<size_t>(lane)]; }

 private:
  std::array<std::unique_ptr<FairPool>, kLanes> pools_;
};

const char* LaneName(Lane lane);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_LANES_H_
