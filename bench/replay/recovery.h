// What an agent gets back that asks for a string which its context does not show.
#ifndef FOVEA_BENCH_REPLAY_RECOVERY_H_
#define FOVEA_BENCH_REPLAY_RECOVERY_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/replay/session.h"
#include "memory_store/memory_store.h"

namespace fovea::replay {

struct Recovered {
  // Recalling the first turn that holds it gives the log's bytes, and the string is in them.
  bool by_recall = false;
  // One of the searches finds an earlier turn that holds it.
  bool by_search = false;
};
// By the moment's turn and string.
using Recoveries = std::map<std::pair<uint64_t, uint32_t>, Recovered>;

// Words by which an agent could search for the string, at most three searches: the last part of a
// path or URL; the label that it stood behind; the two plain words before it where it first stood.
// None of them is the string itself, of which the agent is not sure.
std::vector<std::string> SearchesFor(const Session& session, uint32_t string);

// Lives through the session with a store: at each moment it holds the turns before, and is asked as
// the tools `recall` and `search` ask it. Makes a session of the Session's name, which must be new.
absl::StatusOr<Recoveries> RecoverAll(const Session& session, const std::vector<Moment>& moments,
                                      MemoryStore& store);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_RECOVERY_H_
