#ifndef FOVEA_MEMORY_STORE_SQLITE_FILE_SIZE_H_
#define FOVEA_MEMORY_STORE_SQLITE_FILE_SIZE_H_

#include <cstdint>
#include <string>

namespace fovea::sqlite {

// 0 if there is no such file.
uint64_t FileBytes(const std::string& path);

// How long the database says that it is, without its write-ahead log; 0 if it does not say that.
uint64_t NotedBytes(const std::string& path);

// Bytes of the database file and its write-ahead log; 0 for what is not there.
uint64_t DatabaseBytes(const std::string& path);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_FILE_SIZE_H_
