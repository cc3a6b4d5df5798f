// A bounded cache that forgets what was used longest ago.
#ifndef FOVEA_SERVICE_LRU_CACHE_H_
#define FOVEA_SERVICE_LRU_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace fovea::service {

// Thread-safe. Values should be cheap to copy: shared pointers. What falls out is destroyed outside
// the cache's lock.
template <class Key, class Value>
class LruCache {
 public:
  // Costs are in a unit of the caller's, bytes say. An entry dearer than all of max_cost is not
  // kept.
  LruCache(size_t max_entries, uint64_t max_cost)
      : max_entries_(max_entries), max_cost_(max_cost) {}

  std::optional<Value> Get(const Key& key) {
    const absl::MutexLock lock(&mutex_);
    auto found = index_.find(key);
    if (found == index_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  // Takes an earlier entry's place. Also the way to tell that an entry's cost has changed.
  void Put(const Key& key, Value value, uint64_t cost) {
    std::list<Entry> dropped;
    const absl::MutexLock lock(&mutex_);
    auto found = index_.find(key);
    if (found != index_.end()) Drop(found->second, dropped);
    if (cost > max_cost_) return;
    entries_.push_front({key, std::move(value), cost});
    index_[key] = entries_.begin();
    cost_ += cost;
    while (entries_.size() > max_entries_ || cost_ > max_cost_) {
      Drop(std::prev(entries_.end()), dropped);
    }
  }

  // The entry of `key`, or else `make()`, kept at the given cost.
  template <class Make>
  Value GetOrMake(const Key& key, uint64_t cost, Make make) {
    std::list<Entry> dropped;
    const absl::MutexLock lock(&mutex_);
    auto found = index_.find(key);
    if (found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->value;
    }
    Value value = make();
    entries_.push_front({key, value, cost});
    index_[key] = entries_.begin();
    cost_ += cost;
    while (entries_.size() > 1 && (entries_.size() > max_entries_ || cost_ > max_cost_)) {
      Drop(std::prev(entries_.end()), dropped);
    }
    return value;
  }

  // Sets the cost of an entry if it is still there.
  void SetCost(const Key& key, uint64_t cost) {
    std::list<Entry> dropped;
    const absl::MutexLock lock(&mutex_);
    auto found = index_.find(key);
    if (found == index_.end()) return;
    cost_ = cost_ - found->second->cost + cost;
    found->second->cost = cost;
    while (!entries_.empty() && cost_ > max_cost_) Drop(std::prev(entries_.end()), dropped);
  }

  template <class Predicate>
  void EraseIf(Predicate predicate) {
    std::list<Entry> dropped;
    const absl::MutexLock lock(&mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      auto next = std::next(entry);
      if (predicate(entry->key)) Drop(entry, dropped);
      entry = next;
    }
  }

  // The entries as they are now. Nothing becomes a latest use.
  std::vector<std::pair<Key, Value>> All() const {
    std::vector<std::pair<Key, Value>> all;
    const absl::MutexLock lock(&mutex_);
    for (const Entry& entry : entries_) all.emplace_back(entry.key, entry.value);
    return all;
  }

  size_t size() const {
    const absl::MutexLock lock(&mutex_);
    return entries_.size();
  }

  uint64_t cost() const {
    const absl::MutexLock lock(&mutex_);
    return cost_;
  }

 private:
  struct Entry {
    Key key;
    Value value;
    uint64_t cost = 0;
  };
  using Place = typename std::list<Entry>::iterator;

  // `dropped` is declared before the caller's lock, so that it dies after the unlock.
  void Drop(Place entry, std::list<Entry>& dropped) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    cost_ -= entry->cost;
    index_.erase(entry->key);
    dropped.splice(dropped.end(), entries_, entry);
  }

  const size_t max_entries_;
  const uint64_t max_cost_;
  mutable absl::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // latest use first
  absl::flat_hash_map<Key, Place> index_ ABSL_GUARDED_BY(mutex_);
  uint64_t cost_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_LRU_CACHE_H_
