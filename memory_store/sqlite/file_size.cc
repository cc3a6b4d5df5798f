#include "memory_store/sqlite/file_size.h"

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace fovea::sqlite {

uint64_t FileBytes(const std::string& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

// https://www.sqlite.org/fileformat.html, section 1.3.
uint64_t NotedBytes(const std::string& path) {
  std::array<char, 100> header = {};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(header.data(), header.size())) return 0;
  if (std::string_view(header.data(), 15) != "SQLite format 3") return 0;
  const auto number = [&](size_t at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = at; i < at + bytes; ++i) value = value << 8 | static_cast<uint8_t>(header[i]);
    return value;
  };
  const uint64_t page_bytes = number(16, 2) == 1 ? 65536 : number(16, 2);
  // The number of pages holds only for the version that wrote it.
  return number(24, 4) == number(92, 4) ? page_bytes * number(28, 4) : 0;
}

uint64_t DatabaseBytes(const std::string& path) {
  return FileBytes(path) + FileBytes(path + "-wal");
}

}  // namespace fovea::sqlite
