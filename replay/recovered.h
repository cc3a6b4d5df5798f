// What an agent gets back that asks for a string which its context does not show.
#ifndef FOVEA_REPLAY_RECOVERED_H_
#define FOVEA_REPLAY_RECOVERED_H_

#include <cstdint>
#include <map>
#include <utility>

namespace fovea::replay {

struct Recovered {
  // Recalling the first turn that holds it gives the log's bytes, and the string is in them.
  bool by_recall = false;
  // One of the searches finds an earlier turn that holds it.
  bool by_search = false;
};
// By the moment's turn and string.
using Recoveries = std::map<std::pair<uint64_t, uint32_t>, Recovered>;

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_RECOVERED_H_
