#include "gateway/page_cache.h"

#include "absl/strings/escaping.h"

namespace fovea::gateway {

void PageCache::Add(const std::string& page_id, absl::string_view png) {
  auto text = std::make_shared<const std::string>(absl::Base64Escape(png));
  absl::MutexLock lock(&mutex_);
  if (places_.contains(page_id)) return;
  bytes_ += text->size();
  entries_.emplace_front(page_id, std::move(text));
  places_[page_id] = entries_.begin();
  while (bytes_ > max_bytes_ && entries_.size() > 1) {
    bytes_ -= entries_.back().second->size();
    places_.erase(entries_.back().first);
    entries_.pop_back();
  }
}

std::shared_ptr<const std::string> PageCache::Find(const std::string& page_id) {
  absl::MutexLock lock(&mutex_);
  const auto found = places_.find(page_id);
  if (found == places_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->second;
}

std::vector<std::string> PageCache::Held(const std::vector<std::string>& page_ids) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> ids;
  for (const std::string& id : page_ids) {
    if (places_.contains(id)) ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> PageCache::Newest(size_t limit) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> ids;
  for (const Entry& entry : entries_) {
    if (ids.size() == limit) break;
    ids.push_back(entry.first);
  }
  return ids;
}

}  // namespace fovea::gateway
