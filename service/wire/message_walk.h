// What all validators need: one walk over prefix and tail, and checks of single blocks.
#ifndef FOVEA_SERVICE_WIRE_MESSAGE_WALK_H_
#define FOVEA_SERVICE_WIRE_MESSAGE_WALK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/wire/message.h"

namespace fovea::wire {

// The messages of prefix and tail in order.
std::vector<const Message*> AllMessages(const std::vector<Message>& prefix,
                                        const std::vector<Message>& tail);

absl::Status Broken(size_t message, absl::string_view rule);

// Well-formed UTF-8 in every string of the block.
bool IsText(const Block& block);
// A page, or a picture in one of the formats that APIs take.
bool IsImage(const Block& block);
// Letters, digits, '_' and '-', 1 to max_bytes.
bool IsPlainName(const std::string& name, size_t max_bytes);
// Begins with '{' and ends with '}', but for white space.
bool IsBraced(const std::string& json);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_MESSAGE_WALK_H_
