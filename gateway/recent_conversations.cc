#include "gateway/recent_conversations.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace fovea::gateway {
namespace {

constexpr size_t kMaxEntries = 16;

// How many bytes both begin with.
size_t SameBytes(absl::string_view a, absl::string_view b) {
  constexpr size_t kStride = 4096;
  const size_t most = std::min(a.size(), b.size());
  size_t same = 0;
  while (same + kStride <= most && std::memcmp(a.data() + same, b.data() + same, kStride) == 0) {
    same += kStride;
  }
  while (same < most && a[same] == b[same]) ++same;
  return same;
}

}  // namespace

RecentConversations::Beginning RecentConversations::Closest(Wire wire, absl::string_view body) {
  std::vector<Entry> entries;
  {
    absl::MutexLock lock(&mutex_);
    entries.assign(entries_.begin(), entries_.end());
  }
  Beginning closest;
  for (Entry& entry : entries) {
    if (entry.conversation->wire != wire) continue;
    const size_t same = SameBytes(*entry.body, body);
    if (same <= closest.same_bytes) continue;
    closest = {std::move(entry.body), std::move(entry.conversation), same};
  }
  return closest;
}

void RecentConversations::Add(const Beginning& before, std::shared_ptr<const std::string> body,
                              std::shared_ptr<const Conversation> conversation) {
  if (body->size() > max_bytes_) return;
  absl::MutexLock lock(&mutex_);
  // One that merely begins alike (other sessions of the same agent do) stays.
  const auto replaced = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return before.body == entry.body && entry.conversation->root == conversation->root &&
           before.same_bytes > entry.body->size() / 2;
  });
  if (replaced != entries_.end()) {
    bytes_ -= replaced->body->size();
    entries_.erase(replaced);
  }
  bytes_ += body->size();
  entries_.push_front({std::move(body), std::move(conversation)});
  while (bytes_ > max_bytes_ || entries_.size() > kMaxEntries) {
    bytes_ -= entries_.back().body->size();
    entries_.pop_back();
  }
}

}  // namespace fovea::gateway
