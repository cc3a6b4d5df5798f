#include "tests/support/gzip_file.h"

#include <zlib.h>

namespace fovea::testing {

std::string ReadGzipFile(const std::string& path) {
  std::string content;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return content;
  std::string buffer(1 << 20, '\0');
  for (int bytes = 0; (bytes = gzread(file, buffer.data(), buffer.size())) > 0;) {
    content.append(buffer, 0, bytes);
  }
  gzclose(file);
  return content;
}

}  // namespace fovea::testing
