// Whether a database that is in use was cut by somebody else.
#ifndef FOVEA_MEMORY_STORE_SQLITE_FILE_GUARD_H_
#define FOVEA_MEMORY_STORE_SQLITE_FILE_GUARD_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace fovea::sqlite {

// Knows how long the file and its write-ahead log were when they were last written, and says when
// they are shorter. SQLite does not notice: it appends behind what is gone, and the system fills
// the hole with zeros, so that the next length looks right again. Hence the look before each write.
class FileGuard {
 public:
  // The files are taken as they are now. `page_bytes` is the database's.
  FileGuard(const std::string& path, uint64_t page_bytes);

  // UNAVAILABLE, with the file and both lengths, if one is shorter than it was left; OK while they
  // are written. Thread-safe; a few microseconds.
  absl::Status Check() const;

  // Around all that writes, on one thread. Begin fails as Check does, and then nothing may be
  // written; else the files may change in any way until End. End fails if the write-ahead log
  // cannot hold `wal_pages` (Database::wal_pages), or the database became shorter, which only
  // what was announced makes it.
  absl::Status Begin();
  absl::Status End(int wal_pages);
  // A commit between Begin and End leaves that many bytes of the database, to which a checkpoint
  // will cut it, once.
  void WillShrinkTo(uint64_t database_bytes);

 private:
  struct File {
    std::string path;
    std::atomic<uint64_t> bytes;
  };

  absl::Status CheckLengths() const;
  uint64_t DatabaseNeeds() const;

  const uint64_t page_bytes_;
  File database_;
  File wal_;
  std::atomic<uint64_t> shrinks_to_ = UINT64_MAX;
  std::atomic<uint64_t> changes_ = 0;  // odd while they are written
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_FILE_GUARD_H_
