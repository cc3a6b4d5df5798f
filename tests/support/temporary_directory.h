#ifndef FOVEA_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
#define FOVEA_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace fovea {

// A new directory, removed with all in it at the end.
class TemporaryDirectory {
 public:
  enum class In {
    kTemp,    // the system's directory for temporary files
    kMemory,  // a file system in memory where there is one: a test then waits for no disk
  };

  explicit TemporaryDirectory(In in = In::kTemp)
      : path_((Root(in) / "fovea-test-XXXXXX").string()) {
    if (mkdtemp(path_.data()) != nullptr) return;
    std::perror(path_.c_str());
    std::abort();
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  // Of a file in it.
  std::string Path(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  static std::filesystem::path Root(In in) {
    const std::filesystem::path memory = "/dev/shm";
    return in == In::kMemory && std::filesystem::exists(memory)
               ? memory
               : std::filesystem::temp_directory_path();
  }

  std::string path_;
};

}  // namespace fovea

#endif  // FOVEA_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
