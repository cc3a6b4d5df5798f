// A request's conversation with its older part in pages.
#ifndef FOVEA_GATEWAY_COMPOSE_H_
#define FOVEA_GATEWAY_COMPOSE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fovea/v1/context.pb.h"
#include "gateway/conversation.h"
#include "gateway/page_cache.h"
#include "gateway/sessions.h"

namespace fovea::gateway {

struct Composed {
  std::string array;        // the value of `messages`, `input` or `contents`
  size_t prefix_bytes = 0;  // of it, up to the first of the agent's newer items
  size_t first_item = 0;    // of the conversation, that stands behind the prefix
  bool changed = false;     // false: it says what the request said
  // JSON texts in it that fovead did not count: recalls, and items that are of no turn. System
  // items are not among them.
  std::string uncounted;
};

// What stands in an item's place, and in that of the items without turns before it: JSON texts with
// commas between them, by the item's index.
using Replacements = absl::flat_hash_map<size_t, std::string>;

// What a context began with when it was composed, up to the first of the agent's newer items.
struct ServedPrefix {
  std::string bytes;        // of the array, with its bracket and the commas
  std::string first_chain;  // of the item that stood behind it
  // Items that say nothing (reasoning) have the chain of the item before them: how many items of
  // that chain stand before it.
  size_t first_offset = 0;
  std::string system_text;  // SystemTextOf the items before it
};

// `composed` must have a prefix.
ServedPrefix PrefixOf(const Conversation& conversation, const Composed& composed);

// The index of the item that stands behind the prefix; none if the conversation does not have it.
std::optional<size_t> FirstBehind(const Conversation& conversation, const ServedPrefix& prefix);

// What Compose makes of a context with the same prefix whose other turns are all text: the prefix,
// and the agent's items from `first` on. None where that cannot be told, or would have more cache
// marks than the wire allows, or such that live for different times.
struct Continued {
  std::string array;
  std::string uncounted;  // as in Composed
};
std::optional<Continued> Continue(const Conversation& conversation, absl::string_view body,
                                  const ServedPrefix& prefix, size_t first,
                                  const Replacements& replacements);

// The served context in the wire's form: pages and notes as one message of the user's, every turn
// that is text as the agent's own item, byte for byte. NOT_FOUND names a page that `pages` has
// lost; FAILED_PRECONDITION if the newest item would not be there as it came. `note`, unless it is
// empty, stands before the pages.
absl::StatusOr<Composed> Compose(const Conversation& conversation, absl::string_view body,
                                 const Mapping& mapping, const v1::BuildContextResponse& context,
                                 const Replacements& replacements, absl::string_view note,
                                 PageCache& pages);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_COMPOSE_H_
