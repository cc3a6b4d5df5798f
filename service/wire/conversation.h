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
#include "service/wire/reader_dialect.h"

namespace fovea::wire {

// What a format needs to know of the reader.
struct ReaderTraits {
  bool takes_images = true;
  PictureLimits picture;        // of each of the agent's own
  size_t many_images = 0;       // with more than these in a request, ...
  int many_images_side_px = 0;  // ... this is the longest side; both 0: no such limit
  int max_breakpoints = 0;      // 0: the provider finds prefixes on its own
  size_t max_images = 0;        // in a request, pages included; 0: no limit is stated
  ReaderDialect dialect;
};

// `reader` outlives the traits.
ReaderTraits TraitsOf(const ReaderProfile& reader);

// What of a turn did not go out as it is.
struct WireLoss {
  uint64_t seq = 0;
  uint32_t opaque_omitted = 0;  // blocks of other APIs, and halves of pairs
  uint32_t images_omitted = 0;
  uint32_t parts_as_notes = 0;  // documents, sounds and others: served as a note of what they were
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
    next.counted_role = CountedRole();
    next.breakpoints = breakpoints;
    return next;
  }

  // The role of the newest message that templates count: the user's, or the assistant's without
  // calls.
  std::optional<Role> CountedRole() const;
  WireLoss& LossOf(uint64_t seq);

  ReaderTraits reader;
  CallIds ids;
  absl::flat_hash_set<std::string> item_ids;  // of the API's own items, which it takes once
  // Of the newest message that is not a leading system message; none before the first.
  std::optional<Role> last_role;
  std::optional<Role> counted_role;  // of the messages before these
  size_t breakpoints = 0;            // of the messages before these, and of these
  // The agent's own pictures and documents: the first so many become notes, and all behind so many.
  size_t media_to_skip = 0;
  size_t media_left = SIZE_MAX;
  std::vector<WireLoss> losses;  // by seq
  std::vector<Message> messages;
};

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_CONVERSATION_H_
