// A file system for SQLite that forgets at a power loss what was not synced.
#ifndef FOVEA_TESTS_MEMORY_STORE_SQLITE_POWER_LOSS_VFS_H_
#define FOVEA_TESTS_MEMORY_STORE_SQLITE_POWER_LOSS_VFS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "absl/base/thread_annotations.h"
#include "memory_store/mutex.h"

namespace fovea::testing {

// What a disk would hold: for each file, its bytes.
using DiskImage = std::map<std::string, std::string>;

// Passes everything on to the system's files, and notes what each 512-byte sector held when it was
// last synced. At a chosen operation the power fails: an image of the disk is taken in which each
// unsynced sector is, at random, as it was or as written, and so is each unsynced length; every
// operation from then on fails. Can also pretend that the disk is full or that it cannot sync.
// Thread-safe.
class PowerLossVfs {
 public:
  // Registers it with SQLite under name(). One at a time in a process.
  PowerLossVfs();
  PowerLossVfs(const PowerLossVfs&) = delete;
  PowerLossVfs& operator=(const PowerLossVfs&) = delete;
  ~PowerLossVfs();

  static const char* name() { return "power-loss"; }

  // The power fails at the operation-th write, sync or truncation from now (1: the next one), or at
  // once with FailNow. `on_failure` is called just before the image is taken. Files are synced as
  // they are now.
  void Arm(int64_t operation, uint64_t seed, std::function<void()> on_failure);
  void FailNow();
  bool failed() const;
  // After the failure. By path.
  DiskImage image() const;

  void set_disk_full(bool full);
  void set_sync_fails(bool fails);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_MEMORY_STORE_SQLITE_POWER_LOSS_VFS_H_
