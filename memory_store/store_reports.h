// What the calls on a whole store say.
#ifndef FOVEA_MEMORY_STORE_STORE_REPORTS_H_
#define FOVEA_MEMORY_STORE_STORE_REPORTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/still_wanted.h"
#include "core/log/turn.h"

namespace fovea {

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
  int64_t updated_us = 0;  // as SessionInfo's, but at most now
  uint64_t stored_bytes = 0;
  uint64_t last_seq = 0;
  bool stays = false;  // a retention could not delete it, and chooses others
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_STORE_REPORTS_H_
