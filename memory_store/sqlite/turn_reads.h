// Reads turns for everybody: what one caller reads takes few connections and little memory.
#ifndef FOVEA_MEMORY_STORE_SQLITE_TURN_READS_H_
#define FOVEA_MEMORY_STORE_SQLITE_TURN_READS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <semaphore>
#include <vector>

#include "absl/status/statusor.h"
#include "core/log/log_store.h"
#include "memory_store/sqlite/read_pool.h"

namespace fovea::sqlite {

// Thread-safe.
class TurnReads {
 public:
  // `readers` outlives it.
  explicit TurnReads(ReadPool* readers) : readers_(readers) {}

  // As LogStore::ReadTurns.
  absl::StatusOr<std::vector<Turn>> Read(const SessionRef& session, SeqRange range,
                                         uint64_t max_bytes);
  // As LogStore::ReadSmallTurns.
  absl::StatusOr<std::optional<std::vector<Turn>>> ReadSmall(const SessionRef& session,
                                                             SeqRange range, uint64_t max_bytes);
  // As LogStore::TryReadTurns.
  absl::StatusOr<std::optional<std::vector<Turn>>> TryRead(const SessionRef& session,
                                                           SeqRange range, uint64_t max_bytes);

 private:
  absl::StatusOr<std::vector<Turn>> ReadLarge(const SessionRef& session, SeqRange range,
                                              uint64_t max_bytes);

  static constexpr ptrdiff_t kLargeReads = 2;  // at a time

  ReadPool* const readers_;
  std::counting_semaphore<kLargeReads> large_{kLargeReads};
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_TURN_READS_H_
