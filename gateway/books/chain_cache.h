// What the database is known to say of chains, so that a long conversation is not looked up item by
// item at each request.
#ifndef FOVEA_GATEWAY_BOOKS_CHAIN_CACHE_H_
#define FOVEA_GATEWAY_BOOKS_CHAIN_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace fovea::gateway {

// The turn that an item of a conversation ends with.
struct Node {
  std::string session;
  uint64_t seq = 0;
};

// Bounded: when it is full, all is forgotten. Not thread-safe.
class ChainCache {
 public:
  // Null if it is not known; valid until the next call that is not const.
  const Node* FindNode(const std::string& chain) const {
    const auto found = nodes_.find(chain);
    return found == nodes_.end() ? nullptr : &found->second;
  }
  void AddNode(const std::string& chain, const Node& node) {
    if (nodes_.size() >= kMaxChains) nodes_.clear();
    nodes_.emplace(chain, node);
  }
  void ForgetNodes() { nodes_.clear(); }

  // Whether nothing is inserted at a chain.
  bool HasNoInsert(const std::string& chain) const { return without_.contains(chain); }
  void AddWithoutInsert(const std::string& chain) {
    if (without_.size() >= kMaxChains) without_.clear();
    without_.insert(chain);
  }
  void Inserted(const std::string& chain) { without_.erase(chain); }
  // SQLite's data_version: with another one, other processes have written, perhaps inserts.
  void SetVersion(int64_t version) {
    if (version != version_) without_.clear();
    version_ = version;
  }

 private:
  static constexpr size_t kMaxChains = 100'000;

  absl::flat_hash_map<std::string, Node> nodes_;
  absl::flat_hash_set<std::string> without_;
  int64_t version_ = 0;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_BOOKS_CHAIN_CACHE_H_
