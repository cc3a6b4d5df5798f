// Who calls: bearer tokens and the tenants that they stand for.
#ifndef FOVEA_SERVICE_AUTH_H_
#define FOVEA_SERVICE_AUTH_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/method.h"

namespace fovea::service {

struct Identity {
  std::string tenant;
  Access access = Access::kWrite;
  absl::Time expires = absl::InfiniteFuture();
  std::string token_id;  // the first digits of the token's digest, for logs; "" without tokens
};

// Thread-safe.
class Authenticator {
 public:
  // tokens_file: JSON Lines of {"token_sha256": 64 hex digits, "tenant": name} and, optionally,
  // "role": "reader", "writer" (if it is missing) or "admin", and "expires": a time by RFC 3339.
  // "" for none: then every caller is the tenant "default" and an administrator.
  // INVALID_ARGUMENT has a line for each line that is wrong, up to 50; NOT_FOUND if it cannot be
  // read.
  static absl::StatusOr<std::unique_ptr<Authenticator>> Create(std::string tokens_file);

  // Reads the file again. On an error the tokens stay as they were; a file without any, as a full
  // disk may leave one, is an error.
  absl::Status Reload() ABSL_LOCKS_EXCLUDED(mutex_);

  // `authorization` is the value of that header, "" if there is none. UNAUTHENTICATED if it is not
  // "Bearer " and a known token that has not expired.
  absl::StatusOr<Identity> Identify(std::string_view authorization,
                                    absl::Time now = absl::Now()) const ABSL_LOCKS_EXCLUDED(mutex_);

  bool wants_tokens() const { return !tokens_file_.empty(); }

 private:
  explicit Authenticator(std::string tokens_file) : tokens_file_(std::move(tokens_file)) {}

  const std::string tokens_file_;
  mutable absl::Mutex mutex_;
  // By the token's SHA-256 in hex: a lookup by digest tells nothing about a token by its timing.
  absl::flat_hash_map<std::string, Identity> by_digest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_AUTH_H_
