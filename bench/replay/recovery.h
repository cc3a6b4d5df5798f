// What an agent gets back that asks for a string which its context does not show.
#ifndef FOVEA_BENCH_REPLAY_RECOVERY_H_
#define FOVEA_BENCH_REPLAY_RECOVERY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "memory_store/memory_store.h"
#include "replay/experiment.h"
#include "replay/recovered.h"
#include "replay/session.h"

namespace fovea::replay {

// Words by which an agent could search for the string, at most three searches: the last part of a
// path or URL; the label that it stood behind; the two plain words before it where it first stood.
// None of them is the string itself, of which the agent is not sure.
std::vector<std::string> SearchesFor(const Session& session, uint32_t string);

// Lives through the session with a store: at each moment it holds the turns before, and is asked as
// the tools `recall` and `search` ask it. Makes a session of the Session's name, which must be new.
absl::StatusOr<Recoveries> RecoverAll(const Session& session, const std::vector<Moment>& moments,
                                      MemoryStore& store);

// Fills the experiment's recoveries, by stores in `directory`, which must be new and is removed.
absl::Status Recover(const std::vector<std::unique_ptr<Session>>& sessions,
                     const std::string& directory, const ExperimentOptions& options,
                     Experiment& experiment);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_RECOVERY_H_
