#include "tests/memory_store/sqlite/power_loss_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "memory_store/sqlite/forwarding_file.h"

namespace fovea::testing {
namespace {

constexpr size_t kSector = 512;

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

struct PowerLossVfs::State {
  struct Unsynced {
    std::string synced;              // the whole file as it was last synced
    std::map<size_t, bool> sectors;  // those written since
    bool any = false;
  };

  mutable Mutex mutex;
  std::map<std::string, Unsynced> files ABSL_GUARDED_BY(mutex);
  int64_t operations_left ABSL_GUARDED_BY(mutex) = -1;
  std::mt19937_64 random ABSL_GUARDED_BY(mutex);
  std::function<void()> on_failure ABSL_GUARDED_BY(mutex);
  bool failed ABSL_GUARDED_BY(mutex) = false;
  bool disk_full ABSL_GUARDED_BY(mutex) = false;
  bool sync_fails ABSL_GUARDED_BY(mutex) = false;
  DiskImage image ABSL_GUARDED_BY(mutex);

  sqlite3_vfs vfs = {};
  sqlite3_vfs* system = nullptr;

  // One operation passes; false if the power is off.
  bool Pass() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (!failed && operations_left > 0 && --operations_left == 0) Fail();
    return !failed;
  }

  void Fail() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (failed) return;
    failed = true;
    if (on_failure) on_failure();
    for (const auto& [path, unsynced] : files) image[path] = Survivor(path, unsynced);
  }

  std::string Survivor(const std::string& path, const Unsynced& unsynced)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const std::string written = Slurp(path);
    if (!unsynced.any) return written;
    std::string survivor = unsynced.synced;
    if (random() % 2 == 0) survivor.resize(written.size());
    for (const auto& [sector, _] : unsynced.sectors) {
      const size_t begin = sector * kSector;
      if (begin >= written.size() || random() % 2 == 0) continue;
      const size_t size = std::min(kSector, written.size() - begin);
      if (survivor.size() < begin + size) survivor.resize(begin + size);
      survivor.replace(begin, size, written, begin, size);
    }
    return survivor;
  }

  Unsynced& Touch(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Unsynced& unsynced = files[path];
    if (!unsynced.any) {
      unsynced.synced = Slurp(path);
      unsynced.any = true;
    }
    return unsynced;
  }
};

namespace {

using State = PowerLossVfs::State;

// What SQLite holds of an open file; the system's own file follows it in memory.
struct File {
  sqlite::ForwardingFile file;
  State* state;
  std::string* path;  // null for a temporary file, which no power loss brings back
};

File* Cast(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
using sqlite::BaseOf;

int Close(sqlite3_file* file) {
  const int code = BaseOf(file)->pMethods->xClose(BaseOf(file));
  delete Cast(file)->path;
  return code;
}

int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  File* const self = Cast(file);
  if (self->path != nullptr) {
    const MutexLock lock(&self->state->mutex);
    if (!self->state->Pass()) return SQLITE_IOERR_WRITE;
    if (self->state->disk_full) return SQLITE_FULL;
    State::Unsynced& unsynced = self->state->Touch(*self->path);
    const auto begin = static_cast<size_t>(at);
    for (size_t s = begin / kSector; s <= (begin + size - 1) / kSector; ++s) {
      unsynced.sectors[s] = true;
    }
    return BaseOf(file)->pMethods->xWrite(BaseOf(file), bytes, size, at);
  }
  return BaseOf(file)->pMethods->xWrite(BaseOf(file), bytes, size, at);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  File* const self = Cast(file);
  if (self->path == nullptr) return BaseOf(file)->pMethods->xTruncate(BaseOf(file), size);
  const MutexLock lock(&self->state->mutex);
  if (!self->state->Pass()) return SQLITE_IOERR_TRUNCATE;
  self->state->Touch(*self->path);
  return BaseOf(file)->pMethods->xTruncate(BaseOf(file), size);
}

int Sync(sqlite3_file* file, int /*flags*/) {
  File* const self = Cast(file);
  if (self->path == nullptr) return SQLITE_OK;
  const MutexLock lock(&self->state->mutex);
  if (!self->state->Pass() || self->state->sync_fails) return SQLITE_IOERR_FSYNC;
  self->state->files[*self->path] = {};
  return SQLITE_OK;
}

int FileControl(sqlite3_file* file, int operation, void* argument) {
  // A size hint would lengthen the file behind our back.
  if (operation == SQLITE_FCNTL_SIZE_HINT) return SQLITE_OK;
  return BaseOf(file)->pMethods->xFileControl(BaseOf(file), operation, argument);
}
constexpr sqlite3_io_methods kMethods = [] {
  sqlite3_io_methods methods = sqlite::ForwardingMethods();
  methods.xClose = Close;
  methods.xWrite = Write;
  methods.xTruncate = Truncate;
  methods.xSync = Sync;
  methods.xFileControl = FileControl;
  return methods;
}();

State* StateOf(sqlite3_vfs* vfs) { return static_cast<State*>(vfs->pAppData); }

int Open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  State* const state = StateOf(vfs);
  File* const self = Cast(file);
  self->file.head.pMethods = nullptr;
  self->state = state;
  self->path = nullptr;
  self->file.base = reinterpret_cast<sqlite3_file*>(self + 1);
  const int code = state->system->xOpen(state->system, name, self->file.base, flags, out_flags);
  if (code != SQLITE_OK) return code;
  if (name != nullptr) {
    self->path = new std::string(name);
    const MutexLock lock(&state->mutex);
    state->files[*self->path];
  }
  self->file.head.pMethods = &kMethods;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* name, int sync) {
  State* const state = StateOf(vfs);
  const MutexLock lock(&state->mutex);
  if (!state->Pass()) return SQLITE_IOERR_DELETE;
  state->files.erase(name);
  return state->system->xDelete(state->system, name, sync);
}

}  // namespace

PowerLossVfs::PowerLossVfs() : state_(std::make_unique<State>()) {
  state_->system = sqlite3_vfs_find(nullptr);
  state_->vfs = *state_->system;
  state_->vfs.zName = name();
  state_->vfs.pAppData = state_.get();
  state_->vfs.szOsFile = static_cast<int>(sizeof(File)) + state_->system->szOsFile;
  state_->vfs.xOpen = Open;
  state_->vfs.xDelete = Delete;
  sqlite3_vfs_register(&state_->vfs, 0);
}

PowerLossVfs::~PowerLossVfs() { sqlite3_vfs_unregister(&state_->vfs); }

void PowerLossVfs::Arm(int64_t operation, uint64_t seed, std::function<void()> on_failure) {
  const MutexLock lock(&state_->mutex);
  state_->operations_left = operation;
  state_->random.seed(seed);
  state_->on_failure = std::move(on_failure);
  state_->failed = false;
  state_->image.clear();
  for (auto& [path, unsynced] : state_->files) unsynced = {};
}

void PowerLossVfs::FailNow() {
  const MutexLock lock(&state_->mutex);
  state_->Fail();
}

bool PowerLossVfs::failed() const {
  const MutexLock lock(&state_->mutex);
  return state_->failed;
}

DiskImage PowerLossVfs::image() const {
  const MutexLock lock(&state_->mutex);
  return state_->image;
}

void PowerLossVfs::set_disk_full(bool full) {
  const MutexLock lock(&state_->mutex);
  state_->disk_full = full;
}

void PowerLossVfs::set_sync_fails(bool fails) {
  const MutexLock lock(&state_->mutex);
  state_->sync_fails = fails;
}

}  // namespace fovea::testing
