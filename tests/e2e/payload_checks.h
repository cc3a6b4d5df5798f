// What the providers' API documents ask of a request, checked on the JSON alone.
#ifndef FOVEA_TESTS_E2E_PAYLOAD_CHECKS_H_
#define FOVEA_TESTS_E2E_PAYLOAD_CHECKS_H_

#include <string>

#include "fovea/v1/context.pb.h"

namespace fovea::testing {

// "" if the payload is a valid conversation for OpenAI Chat: every assistant message with
// tool_calls is followed by exactly one tool message for each call, before anything else; no other
// tool messages; images only in user messages; no message without content or calls. A final
// assistant message may have open calls.
std::string CheckOpenAiChat(const std::string& payload);

// "" if the payload is valid for Anthropic Messages: the first message is a user's; tool_use ids
// are unique and each is answered by exactly one tool_result in the next message, results first;
// images only in user messages; no empty text; at most four cache_control marks.
std::string CheckAnthropic(const std::string& payload);

// "" if the payload is valid for its format: by the checks above where there is one, and by those
// of tests/service/payload_check.h for every format.
std::string CheckPayload(v1::WireFormat format, const std::string& payload);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_E2E_PAYLOAD_CHECKS_H_
