// The files of readers/, as they were when the program was built. Their definition is generated.
#ifndef FOVEA_CORE_READER_READER_FILES_H_
#define FOVEA_CORE_READER_READER_FILES_H_

#include <span>
#include <string_view>

namespace fovea {

struct ReaderFile {
  std::string_view name;  // "readers/claude.json"
  std::string_view json;
};

// Sorted by name. Thread-safe.
std::span<const ReaderFile> BuiltInReaderFiles();

}  // namespace fovea

#endif  // FOVEA_CORE_READER_READER_FILES_H_
