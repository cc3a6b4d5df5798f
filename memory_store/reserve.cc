#include "memory_store/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory_store/directory.h"

namespace fovea {

// Half a reserve is not begun: it would take the space from those who need it now.
void Reserve::Keep() {
  if (bytes_ > 0) Take(bytes_);
}

void Reserve::KeepWhatFits() {
  constexpr uint64_t kSteps = 32;
  for (uint64_t step = kSteps; step > 0; --step) {
    const uint64_t bytes = bytes_ / kSteps * step;
    if (bytes > 0 && Take(bytes)) return;
  }
}

bool Reserve::Take(uint64_t bytes) const {
  const absl::StatusOr<int> opened = OpenRegularFile(path_, O_WRONLY | O_CREAT);
  if (!opened.ok()) return false;
  const int file = *opened;
  struct stat found = {};
  const auto size = static_cast<off_t>(bytes);
  const off_t held = fstat(file, &found) == 0 ? found.st_size : 0;
  const bool taken = held >= size || posix_fallocate(file, 0, size) == 0;
  // What did not fit may have been taken in part.
  if (!taken && (held == 0 || ftruncate(file, held) != 0)) unlink(path_.c_str());
  close(file);
  return taken;
}

void Reserve::Release() { unlink(path_.c_str()); }

}  // namespace fovea
