// A conversation on its way to an API: its messages, and what later ones depend on.
#ifndef FOVEA_SERVICE_WIRE_CONVERSATION_H_
#define FOVEA_SERVICE_WIRE_CONVERSATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "core/reader/picture_limits.h"
#include "service/wire/call_names.h"
#include "service/wire/message.h"

namespace fovea::wire {

// What a format needs to know of the reader.
struct ReaderTraits {
  bool takes_images = true;
  PictureLimits picture;        // of each of the agent's own
  size_t many_images = 0;       // with more than these in a request, ...
  int many_images_side_px = 0;  // ... this is the longest side; both 0: no such limit
  int max_breakpoints = 0;      // 0: the provider finds prefixes on its own
};

// `reader` outlives the traits.
ReaderTraits TraitsOf(const ReaderProfile& reader);

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
