// The log in one SQLite file.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SQLITE_LOG_STORE_H_
#define FOVEA_MEMORY_STORE_SQLITE_SQLITE_LOG_STORE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/log/log_store.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/log_rows.h"
#include "memory_store/sqlite/log_tail.h"
#include "memory_store/sqlite/read_pool.h"
#include "memory_store/sqlite/writer.h"

namespace fovea::sqlite {

struct LogStoreOptions {
  std::string path;
  std::string vfs;  // "" for the default
  // kNormal breaks the promise that an acknowledged turn survives a power loss; for measurements.
  DatabaseOptions::Synchronous synchronous = DatabaseOptions::Synchronous::kFull;
  int readers = 4;  // read connections, at least 1
  WriterOptions writer;
  std::function<int64_t()> now_us;  // required; microseconds since the Unix epoch
  std::function<void(int64_t session_row)> on_change;  // after each append, fork and deletion
};

// Turns are encoded and compressed in the caller's thread, and written by one Writer. Thread-safe.
class SqliteLogStore final : public LogStore, public LogTail {
 public:
  // UNAVAILABLE if the file cannot be opened; FAILED_PRECONDITION if it is not a log or from a
  // newer version that this one cannot read; DATA_LOSS if it is damaged.
  static absl::StatusOr<std::unique_ptr<SqliteLogStore>> Open(LogStoreOptions options);

  // Random, drawn when the log was made.
  const std::string& store_id() const { return store_id_; }

  absl::StatusOr<SessionInfo> CreateSession(const SessionKey& key,
                                            const NewSession& session) override;
  absl::StatusOr<SessionInfo> GetSession(const SessionKey& key) override;
  absl::StatusOr<SessionListing> ListSessions(std::string_view tenant, int page_size,
                                              std::string_view page_token) override;
  absl::StatusOr<DeletionReceipt> DeleteSession(const SessionKey& key, int64_t now_us) override;
  absl::StatusOr<SessionInfo> ForkSession(const SessionKey& origin, uint64_t at_seq,
                                          const NewSession& fork) override;
  absl::StatusOr<AppendReceipt> Append(const SessionKey& key, AppendBatch batch) override;
  absl::StatusOr<LogEvent> AppendEvent(const SessionKey& key, LogEvent event) override;
  absl::StatusOr<std::vector<Turn>> ReadTurns(const SessionKey& key, SeqRange range,
                                              uint64_t max_bytes) override;
  absl::StatusOr<std::vector<LogEvent>> ReadEvents(const SessionKey& key,
                                                   uint64_t first_index) override;
  absl::StatusOr<LogStats> Stats() override;
  absl::StatusOr<VerifyReport> Verify() override;

  absl::StatusOr<SessionHead> Head(const SessionKey& key) override;
  absl::StatusOr<std::vector<SessionHead>> Heads() override;
  absl::StatusOr<std::vector<StoredTurn>> ReadStored(int64_t row, uint64_t first_seq,
                                                     size_t max_bytes) override;

 private:
  SqliteLogStore(LogStoreOptions options, std::string store_id, std::unique_ptr<Writer> writer,
                 std::unique_ptr<ReadPool> readers)
      : options_(std::move(options)),
        store_id_(std::move(store_id)),
        writer_(std::move(writer)),
        readers_(std::move(readers)) {}
  void Changed(int64_t session_row) const;

  const LogStoreOptions options_;
  const std::string store_id_;
  std::atomic<uint64_t> appended_turns_ = 0;
  const std::unique_ptr<Writer> writer_;
  const std::unique_ptr<ReadPool>
      readers_;  // closed before the writer, which checkpoints on closing
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SQLITE_LOG_STORE_H_
