// Space on the disk that is kept for when there is no other.
#ifndef FOVEA_MEMORY_STORE_RESERVE_H_
#define FOVEA_MEMORY_STORE_RESERVE_H_

#include <cstdint>
#include <string>
#include <utility>

namespace fovea {

// A file that holds nothing. Thread-compatible.
class Reserve {
 public:
  // 0 bytes: no reserve.
  Reserve(std::string path, uint64_t bytes) : path_(std::move(path)), bytes_(bytes) {}

  // Takes the space, if the disk has it and it is not held.
  void Keep();
  // Gives it back.
  void Release();

 private:
  const std::string path_;
  const uint64_t bytes_;
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_RESERVE_H_
