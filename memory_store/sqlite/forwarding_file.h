// A file of SQLite's that is another one but for what its owner does otherwise.
#ifndef FOVEA_MEMORY_STORE_SQLITE_FORWARDING_FILE_H_
#define FOVEA_MEMORY_STORE_SQLITE_FORWARDING_FILE_H_

#include <sqlite3.h>

namespace fovea::sqlite {

// What a file of a VFS begins with.
struct ForwardingFile {
  sqlite3_file head;
  sqlite3_file* base;  // follows the file in memory
};

inline sqlite3_file* BaseOf(sqlite3_file* file) {
  return reinterpret_cast<ForwardingFile*>(file)->base;
}

// Everything goes to the base; a VFS puts its own functions in the place of some. Version 2: no
// memory mapping, which would write past it.
constexpr sqlite3_io_methods ForwardingMethods() {
  sqlite3_io_methods methods = {};
  methods.iVersion = 2;
  methods.xClose = [](sqlite3_file* file) { return BaseOf(file)->pMethods->xClose(BaseOf(file)); };
  methods.xRead = [](sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
    return BaseOf(file)->pMethods->xRead(BaseOf(file), bytes, size, at);
  };
  methods.xWrite = [](sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    return BaseOf(file)->pMethods->xWrite(BaseOf(file), bytes, size, at);
  };
  methods.xTruncate = [](sqlite3_file* file, sqlite3_int64 size) {
    return BaseOf(file)->pMethods->xTruncate(BaseOf(file), size);
  };
  methods.xSync = [](sqlite3_file* file, int flags) {
    return BaseOf(file)->pMethods->xSync(BaseOf(file), flags);
  };
  methods.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
    return BaseOf(file)->pMethods->xFileSize(BaseOf(file), size);
  };
  methods.xLock = [](sqlite3_file* file, int level) {
    return BaseOf(file)->pMethods->xLock(BaseOf(file), level);
  };
  methods.xUnlock = [](sqlite3_file* file, int level) {
    return BaseOf(file)->pMethods->xUnlock(BaseOf(file), level);
  };
  methods.xCheckReservedLock = [](sqlite3_file* file, int* result) {
    return BaseOf(file)->pMethods->xCheckReservedLock(BaseOf(file), result);
  };
  methods.xFileControl = [](sqlite3_file* file, int operation, void* argument) {
    return BaseOf(file)->pMethods->xFileControl(BaseOf(file), operation, argument);
  };
  methods.xSectorSize = [](sqlite3_file* file) {
    return BaseOf(file)->pMethods->xSectorSize(BaseOf(file));
  };
  methods.xDeviceCharacteristics = [](sqlite3_file* file) {
    return BaseOf(file)->pMethods->xDeviceCharacteristics(BaseOf(file));
  };
  methods.xShmMap = [](sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
    return BaseOf(file)->pMethods->xShmMap(BaseOf(file), page, size, extend, memory);
  };
  methods.xShmLock = [](sqlite3_file* file, int offset, int count, int flags) {
    return BaseOf(file)->pMethods->xShmLock(BaseOf(file), offset, count, flags);
  };
  methods.xShmBarrier = [](sqlite3_file* file) {
    BaseOf(file)->pMethods->xShmBarrier(BaseOf(file));
  };
  methods.xShmUnmap = [](sqlite3_file* file, int remove) {
    return BaseOf(file)->pMethods->xShmUnmap(BaseOf(file), remove);
  };
  return methods;
}

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_FORWARDING_FILE_H_
