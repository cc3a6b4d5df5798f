// What the bodies of requests take in memory, over all requests.
#ifndef FOVEA_GATEWAY_MEMORY_BUDGET_H_
#define FOVEA_GATEWAY_MEMORY_BUDGET_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace fovea::gateway {

// Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(size_t limit) : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  size_t limit() const { return limit_; }
  size_t held() const;

 private:
  friend class HeldBytes;
  // Waits for room until `patience` is over; false, and nothing is taken, if there is none then.
  bool Take(size_t bytes, absl::Duration patience);
  void TakeAnyway(size_t bytes);
  void Give(size_t bytes);

  const size_t limit_;
  mutable absl::Mutex mutex_;
  size_t held_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One's part of a budget; given back with this object. What a large part was held for goes back to
// the system, too, if it is gone by then: the allocator would keep it. Thread-compatible.
class HeldBytes {
 public:
  explicit HeldBytes(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
  ~HeldBytes();
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;

  // False, and nothing is taken, if that is over the limit and stays so for `patience`.
  bool Grow(size_t bytes, absl::Duration patience = absl::ZeroDuration());
  // What is there in any case counts, even over the limit.
  void Add(size_t bytes);

 private:
  const std::shared_ptr<MemoryBudget> budget_;
  size_t mine_ = 0;
};

// A text that counts for as long as somebody has it.
std::shared_ptr<const std::string> Counted(std::string text, std::unique_ptr<HeldBytes> held);

// Bytes that it may take, at the most, to read a request's JSON: what its texts are copied into,
// and the tree of the largest message.
size_t CostOfReading(absl::string_view json);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_MEMORY_BUDGET_H_
