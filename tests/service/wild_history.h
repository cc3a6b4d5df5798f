// Random histories with everything that an agent should not do, served as groups.
#ifndef FOVEA_TESTS_SERVICE_WILD_HISTORY_H_
#define FOVEA_TESTS_SERVICE_WILD_HISTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/context/context.h"
#include "core/log/turn.h"

namespace fovea::testing {

// A word that stands once, in a text, a call's arguments or a result of turn `seq`.
struct Marker {
  std::string text;
  uint64_t seq = 0;
};

struct WildHistory {
  std::vector<Turn> turns;
  std::vector<Marker> markers;
  // Words of blocks of Anthropic's own, which only it gets; once each, too.
  std::vector<Marker> own_markers;
  // Of each assistant turn, all of its words in order.
  std::vector<std::vector<std::string>> spoken;
};

// 1 to 400 turns, most histories short. Parallel calls, agents within agents (a call whose result
// comes after inner turns with calls of their own), ids that are missing, repeated or not allowed,
// results twice, late, for nobody and in user turns, pictures everywhere, empty turns, arguments
// that are no JSON, bytes that are no UTF-8, blocks of every API between texts and calls and in
// places where they do not belong, pairs of them over two turns and halves without the other, a
// step in several turns, documents, search results, sounds, refusals and freeform calls. The same
// seed gives the same history.
WildHistory MakeWildHistory(uint64_t seed);

// `turns` as a context would serve them after its prefix: in groups, some results drawn.
std::vector<ServedGroup> ServeAll(const std::vector<Turn>& turns, bool draw_some);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_WILD_HISTORY_H_
