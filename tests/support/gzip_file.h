// Histories as they are kept: packed.
#ifndef FOVEA_TESTS_SUPPORT_GZIP_FILE_H_
#define FOVEA_TESTS_SUPPORT_GZIP_FILE_H_

#include <string>

namespace fovea::testing {

// What a file holds, unpacked if it is packed; empty if it cannot be read.
std::string ReadGzipFile(const std::string& path);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SUPPORT_GZIP_FILE_H_
