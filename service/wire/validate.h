// Checks of finished message lists, written from the APIs' documents and sharing nothing with the
// code that makes the lists.
#ifndef FOVEA_SERVICE_WIRE_VALIDATE_H_
#define FOVEA_SERVICE_WIRE_VALIDATE_H_

#include <vector>

#include "absl/status/status.h"
#include "service/wire/message.h"

namespace fovea::wire {

// All walk `prefix` and then `tail` as one list. INTERNAL names the first message that the API
// would refuse. A list that ends with an assistant's calls is allowed: the client adds the results.
absl::Status ValidateOpenAiChat(const std::vector<Message>& prefix,
                                const std::vector<Message>& tail);
absl::Status ValidateAnthropicMessages(const std::vector<Message>& prefix,
                                       const std::vector<Message>& tail);
absl::Status ValidateOpenAiResponses(const std::vector<Message>& prefix,
                                     const std::vector<Message>& tail);
absl::Status ValidateGemini(const std::vector<Message>& prefix, const std::vector<Message>& tail);
absl::Status ValidateVllmChat(const std::vector<Message>& prefix, const std::vector<Message>& tail);
absl::Status ValidateDeepSeekChat(const std::vector<Message>& prefix,
                                  const std::vector<Message>& tail);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_VALIDATE_H_
