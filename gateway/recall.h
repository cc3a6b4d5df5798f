// Answers to the tools recall and search.
#ifndef FOVEA_GATEWAY_RECALL_H_
#define FOVEA_GATEWAY_RECALL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/fovea_client.h"
#include "gateway/relay.h"

namespace fovea::gateway {

// Turns that may be read: those of a request's own history. The log may hold later ones, of the
// conversation's other ends: a rewind leaves them there, and whoever sends the same beginning gets
// the same session.
struct RecallScope {
  std::string session;
  uint64_t last_seq = 0;  // later turns are not there for who asks
};

// In the numbers of turns of the sessions that this one continues: turn 57 of the nearest is
// #1000057, of the one before that #2000057.
constexpr uint64_t kLinkedSessionStride = 1'000'000;

// The scope's session, then those that it continues by its metadata, nearest first: five at most.
// Where fovead does not answer, those that are known by then.
std::vector<RecallScope> WithLinkedSessions(FoveaClient& fovea, const RecallScope& scope);

// What the model gets, in `max_bytes` and some words: the exact text of a turn, or what was found.
// `scopes`: as WithLinkedSessions gives them; not empty. Where that fails, words that say why, so
// that the model can go on.
std::string AnswerCall(FoveaClient& fovea, const std::vector<RecallScope>& scopes,
                       const HiddenCall& call, size_t max_bytes);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_RECALL_H_
