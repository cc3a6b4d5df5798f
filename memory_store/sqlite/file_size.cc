#include "memory_store/sqlite/file_size.h"

#include <filesystem>
#include <system_error>

namespace fovea::sqlite {

uint64_t FileBytes(const std::string& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

uint64_t DatabaseBytes(const std::string& path) {
  return FileBytes(path) + FileBytes(path + "-wal");
}

}  // namespace fovea::sqlite
