// What was promised of the contexts that went out, and what their providers counted.
#ifndef FOVEA_SERVICE_USAGE_LEDGER_H_
#define FOVEA_SERVICE_USAGE_LEDGER_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/tokens/usage_store.h"
#include "service/lru_cache.h"

namespace fovea::service {

struct ServedContext {
  std::string reader;
  int64_t tokens = 0;       // promised
  int64_t page_tokens = 0;  // of them, for pages
  double text_factor = 1;   // that the text among them was counted with
};

// Thread-safe.
class UsageLedger {
 public:
  // `store` outlives the ledger.
  explicit UsageLedger(UsageStore* store) : store_(store), served_(kServed, SIZE_MAX) {}
  // Reads what earlier runs learnt. Fails as the store does.
  absl::Status Load();

  int FactorUnits(const std::string& tenant, const std::string& reader) const;

  void Served(const std::string& tenant, const std::string& payload_sha256, ServedContext context);
  struct Outcome {
    std::string reader;
    int64_t promised_tokens = 0;
    UsageCorrection correction;
  };
  // `input_tokens` is the provider's count of a whole request, `other_tokens` of what in it is not
  // the context. NOT_FOUND if no such context is remembered; INVALID_ARGUMENT if the figures cannot
  // be of it; UNAVAILABLE if the store refuses.
  absl::StatusOr<Outcome> Report(const std::string& tenant, const std::string& payload_sha256,
                                 int64_t input_tokens, int64_t other_tokens);

 private:
  static constexpr size_t kServed = 4096;
  using Key = std::pair<std::string, std::string>;  // tenant and reader, or tenant and payload

  UsageCorrection CorrectionOf(const Key& key) const ABSL_LOCKS_EXCLUDED(mutex_);

  UsageStore* const store_;
  LruCache<Key, ServedContext> served_;
  absl::Mutex reporting_ ABSL_ACQUIRED_BEFORE(mutex_);
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<Key, UsageCorrection> corrections_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_USAGE_LEDGER_H_
