#include "memory_store/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fovea {

void Reserve::Keep() {
  if (bytes_ == 0) return;
  const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  struct stat found = {};
  const auto size = static_cast<off_t>(bytes_);
  const bool kept = fstat(file, &found) == 0 && found.st_size >= size;
  // Half a reserve would take the space from those who need it now.
  if (!kept && posix_fallocate(file, 0, size) != 0) unlink(path_.c_str());
  close(file);
}

void Reserve::Release() { unlink(path_.c_str()); }

}  // namespace fovea
