// Space on the disk that is kept for when there is no other.
#ifndef FOVEA_MEMORY_STORE_RESERVE_H_
#define FOVEA_MEMORY_STORE_RESERVE_H_

#include <cstdint>
#include <string>
#include <utility>

namespace fovea {

// A file that holds nothing. Thread-safe: each call is a call or two of the system's.
class Reserve {
 public:
  // 0 bytes: no reserve.
  Reserve(std::string path, uint64_t bytes) : path_(std::move(path)), bytes_(bytes) {}

  // Takes the space, if the disk has it and it is not held. Less that is held stays.
  void Keep();
  // Takes as much of it as the disk has, to within a thirty-second.
  void KeepWhatFits();
  // Gives it back.
  void Release();

 private:
  bool Take(uint64_t bytes) const;

  const std::string path_;
  const uint64_t bytes_;
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_RESERVE_H_
