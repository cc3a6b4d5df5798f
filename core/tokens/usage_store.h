// Port: keeps corrections over restarts. Implemented by memory_store.
#ifndef FOVEA_CORE_TOKENS_USAGE_STORE_H_
#define FOVEA_CORE_TOKENS_USAGE_STORE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/tokens/usage_correction.h"

namespace fovea {

struct StoredCorrection {
  std::string tenant;
  std::string reader;
  UsageCorrection correction;
};

// Thread-safe. Calls may fail with UNAVAILABLE (the disk refused).
class UsageStore {
 public:
  virtual ~UsageStore() = default;
  virtual absl::StatusOr<std::vector<StoredCorrection>> ReadAll() = 0;
  // Takes the place of the one that there is for this tenant and reader.
  virtual absl::Status Put(const StoredCorrection& correction) = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_USAGE_STORE_H_
