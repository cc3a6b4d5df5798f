#include "memory_store/sqlite/clearing_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "memory_store/mutex.h"
#include "memory_store/sqlite/forwarding_file.h"

namespace fovea::sqlite {
namespace {

constexpr size_t kDatabaseHeaderBytes = 100;
constexpr size_t kMaxPageBytes = 65536;
// Other pages than those of b-trees begin with the number of the page that follows them. From this
// number on, its first byte could be taken for the kind of a b-tree page.
constexpr int64_t kFirstUnclearPage = 0x02000000;

size_t Number16(std::span<const unsigned char> page, size_t at) {
  return static_cast<size_t>(page[at]) << 8 | page[at + 1];
}

// What SQLite holds of an open file; the file of the base follows it in memory.
struct File {
  ForwardingFile file;
  std::vector<unsigned char>* page;  // null for other files than databases
  sqlite3_int64 bytes;               // how long the file is, or will be soon
};

File* Cast(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

int Close(sqlite3_file* file) {
  delete std::exchange(Cast(file)->page, nullptr);
  return BaseOf(file)->pMethods->xClose(BaseOf(file));
}

bool HoldsPage(const File& file, int size, int64_t at) {
  const auto bytes = static_cast<size_t>(size);
  return file.page != nullptr && bytes >= 512 && bytes <= kMaxPageBytes &&
         (bytes & (bytes - 1)) == 0 && at % size == 0 && file.bytes / size < kFirstUnclearPage;
}

int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  File& self = *Cast(file);
  self.bytes = std::max(self.bytes, at + size);
  if (!HoldsPage(self, size, at)) {
    return BaseOf(file)->pMethods->xWrite(BaseOf(file), bytes, size, at);
  }
  const auto* const begin = static_cast<const unsigned char*>(bytes);
  self.page->assign(begin, begin + size);
  ClearUnusedMiddle(*self.page, at == 0);
  return BaseOf(file)->pMethods->xWrite(BaseOf(file), self.page->data(), size, at);
}

int FileControl(sqlite3_file* file, int operation, void* argument) {
  if (operation == SQLITE_FCNTL_SIZE_HINT) {
    sqlite3_int64& bytes = Cast(file)->bytes;
    bytes = std::max(bytes, *static_cast<sqlite3_int64*>(argument));
  }
  return BaseOf(file)->pMethods->xFileControl(BaseOf(file), operation, argument);
}
constexpr sqlite3_io_methods kMethods = [] {
  sqlite3_io_methods methods = ForwardingMethods();
  methods.xClose = Close;
  methods.xWrite = Write;
  methods.xFileControl = FileControl;
  return methods;
}();

struct Registered {
  std::string name;
  std::string base;
  sqlite3_vfs vfs;
};

sqlite3_vfs* Find(const std::string& base) {
  return sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
}

int Open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  File* const self = Cast(file);
  *self = {};
  self->file.base = reinterpret_cast<sqlite3_file*>(self + 1);
  sqlite3_vfs* const base = Find(static_cast<Registered*>(vfs->pAppData)->base);
  if (base == nullptr) return SQLITE_CANTOPEN;
  int code = base->xOpen(base, name, self->file.base, flags, out_flags);
  if (code != SQLITE_OK) return code;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    code = self->file.base->pMethods->xFileSize(self->file.base, &self->bytes);
    if (code != SQLITE_OK) {
      self->file.base->pMethods->xClose(self->file.base);
      return code;
    }
    self->page = new std::vector<unsigned char>();
  }
  self->file.head.pMethods = &kMethods;
  return SQLITE_OK;
}

// The methods of a VFS get that VFS and find what is theirs in it, so the base must get its own.
int Delete(sqlite3_vfs* vfs, const char* name, int sync) {
  sqlite3_vfs* const base = Find(static_cast<Registered*>(vfs->pAppData)->base);
  return base == nullptr ? SQLITE_IOERR_DELETE : base->xDelete(base, name, sync);
}
int Access(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  sqlite3_vfs* const base = Find(static_cast<Registered*>(vfs->pAppData)->base);
  return base == nullptr ? SQLITE_IOERR_ACCESS : base->xAccess(base, name, flags, result);
}
int FullPathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  sqlite3_vfs* const base = Find(static_cast<Registered*>(vfs->pAppData)->base);
  return base == nullptr ? SQLITE_CANTOPEN : base->xFullPathname(base, name, size, out);
}

}  // namespace

void ClearUnusedMiddle(std::span<unsigned char> page, bool first) {
  const size_t header = first ? kDatabaseHeaderBytes : 0;
  if (page.size() < header + 12) return;
  const unsigned char kind = page[header];
  const bool interior = kind == 2 || kind == 5;
  if (!interior && kind != 10 && kind != 13) return;
  const size_t pointers_end = header + (interior ? 12 : 8) + 2 * Number16(page, header + 3);
  size_t cells_begin = Number16(page, header + 5);
  if (cells_begin == 0) cells_begin = kMaxPageBytes;
  if (pointers_end > cells_begin || cells_begin > page.size()) return;
  std::fill(page.begin() + static_cast<ptrdiff_t>(pointers_end),
            page.begin() + static_cast<ptrdiff_t>(cells_begin), 0);
}

absl::StatusOr<std::string> ClearingVfs(const std::string& base) {
  static Mutex* const mutex = new Mutex();
  static auto* const registered = new std::map<std::string, std::unique_ptr<Registered>>();
  const MutexLock lock(mutex);
  std::unique_ptr<Registered>& entry = (*registered)[base];
  if (entry != nullptr) return entry->name;
  const sqlite3_vfs* const found = Find(base);
  if (found == nullptr) {
    registered->erase(base);
    return absl::NotFoundError(absl::StrCat("SQLite has no file system \"", base, "\""));
  }
  entry = std::make_unique<Registered>();
  entry->name = absl::StrCat("fovea-clearing-", found->zName);
  entry->base = base;
  entry->vfs = *found;
  entry->vfs.pNext = nullptr;
  entry->vfs.zName = entry->name.c_str();
  entry->vfs.pAppData = entry.get();
  entry->vfs.szOsFile = static_cast<int>(sizeof(File)) + found->szOsFile;
  entry->vfs.xOpen = Open;
  entry->vfs.xDelete = Delete;
  entry->vfs.xAccess = Access;
  entry->vfs.xFullPathname = FullPathname;
  if (sqlite3_vfs_register(&entry->vfs, 0) != SQLITE_OK) {
    registered->erase(base);
    return absl::ResourceExhaustedError("SQLite took no file system");
  }
  return entry->name;
}

}  // namespace fovea::sqlite
