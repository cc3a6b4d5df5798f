// What a message says, as one text for all the ways in which it may be written.
#ifndef FOVEA_GATEWAY_CANONICAL_H_
#define FOVEA_GATEWAY_CANONICAL_H_

#include <string>

#include "gateway/config.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {

// Keys sorted, cache_control and nulls dropped, a `content` that is a string made a list of one
// text.
std::string CanonicalText(const transcripts::Json& json);

// The same for an item; of a model's own item its texts and calls alone, "" if it has none.
std::string CanonicalItem(Wire wire, const transcripts::Json& item);

// Whether an item is the model's own.
bool IsModelItem(Wire wire, const transcripts::Json& item);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_CANONICAL_H_
