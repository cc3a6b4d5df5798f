// What the calls on a whole store say.
#ifndef FOVEA_MEMORY_STORE_STORE_REPORTS_H_
#define FOVEA_MEMORY_STORE_STORE_REPORTS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/log/turn.h"

namespace fovea {

// Asked now and then during a long call; an error ends the call with that error. Empty: the call
// goes on to its end. Thread-safe.
using StillWanted = std::function<absl::Status()>;

struct RepairReport {
  std::vector<std::string> mended;   // what was wrong, and what was done
  std::vector<std::string> left;     // what is still wrong: restore a backup
  std::vector<SessionKey> sessions;  // whose turns changed: what is held of them is out of date
};

struct RestoreReport {
  uint64_t sessions = 0;
  uint64_t turns = 0;
  std::vector<SessionKey> skipped;  // whose names are taken
};

// What an event takes, about.
constexpr uint64_t kStoredEventBytes = 64;

struct TenantHoldings {
  uint64_t sessions = 0;
  uint64_t stored_bytes = 0;  // of turns, titles, metadata and events
};

struct OldSession {
  SessionKey key;
  uint64_t identity = 0;
  int64_t updated_us = 0;  // of the last append, microseconds since the Unix epoch
  uint64_t stored_bytes = 0;
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_STORE_REPORTS_H_
