// Anthropic's messages written as JSON.
#ifndef FOVEA_SERVICE_WIRE_ANTHROPIC_JSON_H_
#define FOVEA_SERVICE_WIRE_ANTHROPIC_JSON_H_

#include <string>
#include <vector>

#include "service/wire/json_text.h"
#include "service/wire/message.h"

namespace fovea::wire {

// The payload's opening and the prefix's messages. Leading system messages become the system field,
// which is left out if there is none.
void WriteAnthropicPrefix(const std::vector<Message>& prefix, const PageBytes& pages,
                          std::string& out);
// The rest of the payload.
void WriteAnthropicTail(const std::vector<Message>& prefix, const std::vector<Message>& tail,
                        const PageBytes& pages, std::string& out);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_ANTHROPIC_JSON_H_
