// Where system text stands whose neighbours are not sent as text.
#ifndef FOVEA_GATEWAY_SYSTEM_ITEMS_H_
#define FOVEA_GATEWAY_SYSTEM_ITEMS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/config.h"
#include "gateway/conversation.h"

namespace fovea::gateway {

// Puts system items, in their order, into `messages`, the JSON texts of what is sent: before the
// one at `at`, each as it came. Anthropic takes them only behind what a user said and before the
// model's answer or the end, and never two in a row: there they stand before the first of the
// model's messages from `at` on, as one, together with one that stands there already. Gives the
// index behind them; `at` if there are none.
size_t InsertSystemItems(Wire wire, const std::vector<absl::string_view>& items, size_t at,
                         std::vector<std::string>& messages);

// What the system items from `begin` to `end` say: equal if nothing of it changed.
std::string SystemTextOf(const Conversation& conversation, size_t begin, size_t end);

// An estimate, of the system items behind the head.
int64_t LaterSystemTokens(const Conversation& conversation, absl::string_view body);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_SYSTEM_ITEMS_H_
