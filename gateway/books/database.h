// The gateway's own small database: which hashes of a conversation are which turns, and the books.
#ifndef FOVEA_GATEWAY_BOOKS_DATABASE_H_
#define FOVEA_GATEWAY_BOOKS_DATABASE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "gateway/books/chain_cache.h"

struct sqlite3;
struct sqlite3_stmt;

namespace fovea::gateway {

// One request as it was billed. Tokens are the provider's own count unless said otherwise.
struct BookEntry {
  int64_t time_us = 0;
  std::string session;
  std::string project;
  std::string model;
  std::string wire;
  std::string agent;
  std::string action;
  std::string reason;
  int status = 0;
  int64_t predicted_tokens = 0;  // by fovead, of the served history and the rest; 0: not predicted
  int64_t input_tokens = 0;      // all of the input: cached, written and new
  int64_t cached_tokens = 0;
  int64_t written_tokens = 0;
  int64_t output_tokens = 0;
  int64_t history_tokens =
      0;              // estimate: what the request would have had with its whole history as text
  double billed = 0;  // in input tokens that are not cached, by the reader's prices
  double full_billed = 0;  // estimate: the same with the whole history, perfectly cached
};

// What one group of the books adds up to.
struct BookSum {
  std::string key;
  int64_t requests = 0;
  int64_t compressed = 0;
  int64_t fallbacks = 0;
  int64_t errors = 0;
  int64_t predicted_tokens = 0;
  int64_t input_tokens = 0;
  int64_t cached_tokens = 0;
  int64_t written_tokens = 0;
  int64_t output_tokens = 0;
  int64_t history_tokens = 0;
  double billed = 0;
  double full_billed = 0;
  int64_t first_us = 0;
  int64_t last_us = 0;
};

// Thread-safe; other processes may use the same file. Errors are UNAVAILABLE; of a file that is
// damaged, DATA_LOSS.
class Database {
 public:
  // Makes the file (mode 0600) and its folders if there are none. ":memory:" is kept nowhere.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);
  // As Open, and never without a database that works: a damaged file is set aside under a name of
  // SetAside, and where none can be had on disk it is kept in memory. `warn` gets what happened.
  static absl::StatusOr<std::unique_ptr<Database>> OpenOrDoWithout(
      const std::string& path, const std::function<void(const std::string&)>& warn);
  ~Database();

  // One entry a chain, empty where it is not known.
  absl::StatusOr<std::vector<std::optional<Node>>> FindNodes(
      const std::vector<std::string>& chains);
  // A chain that is known keeps its node.
  absl::Status AddNodes(const std::vector<std::pair<std::string, Node>>& nodes);
  // After fovead has lost a session.
  absl::Status ForgetSession(const std::string& session);
  // What is known of nodes without asking the file is asked for again: another process may have
  // forgotten a session that fovead lost.
  void ForgetCachedNodes();

  // The session that a scope used last.
  absl::StatusOr<std::optional<std::string>> LatestSession(const std::string& scope);
  absl::Status SetLatestSession(const std::string& scope, const std::string& session);

  // What stands in the model's conversation in the place of an agent's item (recall inside): JSON,
  // by the items' chains; one entry a chain.
  absl::StatusOr<std::vector<std::optional<std::string>>> FindInserts(
      const std::vector<std::string>& chains);
  absl::Status AddInsert(const std::string& chain, const std::string& json);

  absl::Status Record(const BookEntry& entry);
  // Sums since `since_us`, by "session", "project", "model", "day", "action", "reason", "request"
  // or "" (one sum). Where `session` or `project` is not empty, of that one only. Newest first.
  absl::StatusOr<std::vector<BookSum>> Sums(absl::string_view by, int64_t since_us,
                                            const std::string& session, const std::string& project);

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  class Statement;
  absl::Status Execute(const char* sql) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Error() const;
  // Changes when another process has written to the file.
  int64_t DataVersion() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  sqlite3* const handle_;
  ChainCache cache_ ABSL_GUARDED_BY(mutex_);
};

// The damaged files that were set aside for `path`: "PATH.damaged-N", N in seconds since 1970.
std::vector<std::string> SetAside(const std::string& path);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_BOOKS_DATABASE_H_
