// What the relays of all wires share.
#ifndef FOVEA_GATEWAY_RELAY_JSON_H_
#define FOVEA_GATEWAY_RELAY_JSON_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/json_member.h"
#include "gateway/relay.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {

// As an event of a stream.
std::string Event(const transcripts::Json& json, const char* name = nullptr);
// Whether a stop reason (of Responses the status) is that of an answer that was cut off: by a
// limit, by a filter, by the provider's failure. "": it is not known.
bool IsCut(Wire wire, absl::string_view reason);
// What a provider said with an error, in words.
std::string FailureMessage(int status, absl::string_view body);
// Of Responses: whether the item is a call that the client answers, not one that the provider ran
// itself (its own search, MCP).
bool IsClientsCall(const transcripts::Json& item);
// Of Responses: the name of the function that the item calls; "" for one of a namespace, and for
// what is no call of a function.
std::string FunctionName(const transcripts::Json& item);
void Put(absl::string_view text, std::string* out);

std::unique_ptr<Relay> MakeAnthropicRelay();
std::unique_ptr<Relay> MakeChatRelay();
std::unique_ptr<Relay> MakeResponsesRelay();
std::unique_ptr<Relay> MakeGeminiRelay();
// For answers that are no streams.
std::unique_ptr<Relay> MakeWholeRelay(Wire wire);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_RELAY_JSON_H_
