// Conversations that were read lately: agents send them again, and longer.
#ifndef FOVEA_GATEWAY_RECENT_CONVERSATIONS_H_
#define FOVEA_GATEWAY_RECENT_CONVERSATIONS_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "gateway/conversation.h"

namespace fovea::gateway {

// Keeps the newest bodies with what was read of them. Thread-safe.
class RecentConversations {
 public:
  // At most `max_bytes` of bodies, and sixteen of them.
  explicit RecentConversations(size_t max_bytes) : max_bytes_(max_bytes) {}

  struct Beginning {
    std::shared_ptr<const std::string> body;
    std::shared_ptr<const Conversation> conversation;  // null: none is alike
    size_t same_bytes = 0;
  };
  // The one that begins with the most bytes of `body`.
  Beginning Closest(Wire wire, absl::string_view body);
  // Takes the place of the one that it goes on from.
  void Add(const Beginning& before, std::shared_ptr<const std::string> body,
           std::shared_ptr<const Conversation> conversation);

 private:
  struct Entry {
    std::shared_ptr<const std::string> body;
    std::shared_ptr<const Conversation> conversation;
  };
  const size_t max_bytes_;
  absl::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // the newest first
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_RECENT_CONVERSATIONS_H_
