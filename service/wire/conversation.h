// A conversation on its way to an API: its messages, and what later ones depend on.
#ifndef FOVEA_SERVICE_WIRE_CONVERSATION_H_
#define FOVEA_SERVICE_WIRE_CONVERSATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "service/wire/call_names.h"
#include "service/wire/message.h"

namespace fovea::wire {

// What a format needs to know of the reader.
struct ReaderTraits {
  bool takes_images = true;
  uint64_t max_image_bytes = 0;  // of one image in base64; 0: none stated
  int max_breakpoints = 0;       // 0: the provider finds prefixes on its own
};

// Copyable.
struct Conversation {
  explicit Conversation(CallIds used) : ids(std::move(used)) {}

  // What this conversation's messages leave behind for the next ones, without the messages.
  Conversation Continuation() const {
    Conversation next(ids);
    next.reader = reader;
    next.item_ids = item_ids;
    next.last_role = last_role;
    return next;
  }

  ReaderTraits reader;
  CallIds ids;
  absl::flat_hash_set<std::string> item_ids;  // of the API's own items, which it takes once
  // Of the newest message that is not a leading system message; none before the first.
  std::optional<Role> last_role;
  std::vector<Message> messages;
};

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_CONVERSATION_H_
