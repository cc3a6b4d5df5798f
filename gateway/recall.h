// Answers to the tools recall and search.
#ifndef FOVEA_GATEWAY_RECALL_H_
#define FOVEA_GATEWAY_RECALL_H_

#include <string>

#include "gateway/fovea_client.h"
#include "gateway/relay.h"

namespace fovea::gateway {

// What the model gets: the exact text of a turn of `session`, or what was found in it. Where that
// fails, words that say why, so that the model can go on.
std::string AnswerCall(FoveaClient& fovea, const std::string& session, const HiddenCall& call);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_RECALL_H_
