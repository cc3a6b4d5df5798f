#include "cli/verbs/import_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cli/formats/line_file.h"
#include "core/base/status_macros.h"
#include "transcripts/files/file_name.h"

namespace fovea::cli {
namespace {

absl::StatusOr<ImportFile> About(const std::string& path, bool in_folder) {
  ImportFile file{.path = path, .in_folder = in_folder};
  if (path == "-") return file;
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) return ErrnoStatus(path);
  constexpr int64_t kSecond = 1'000'000'000;
  file.bytes = static_cast<uint64_t>(about.st_size);
  file.changed_ns = about.st_mtim.tv_sec * kSecond + about.st_mtim.tv_nsec;
  return file;
}

absl::Status AddFolder(const std::string& folder, std::vector<ImportFile>& files) {
  std::error_code error;
  std::vector<std::string> paths;
  const auto skip = std::filesystem::directory_options::skip_permission_denied;
  std::filesystem::recursive_directory_iterator entry(folder, skip, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    std::error_code gone;
    if (entry->is_regular_file(gone) && transcripts::CouldHoldASession(entry->path().string())) {
      paths.push_back(entry->path().string());
    }
  }
  if (error) return absl::UnavailableError(absl::StrCat(folder, ": ", error.message()));
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    const absl::StatusOr<ImportFile> file = About(path, /*in_folder=*/true);
    if (file.ok()) files.push_back(*file);  // one that went away meanwhile is no error
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ImportFile>> FindImportFiles(const std::vector<std::string>& names) {
  std::vector<ImportFile> files;
  for (const std::string& name : names) {
    std::error_code error;
    if (name != "-" && std::filesystem::is_directory(name, error)) {
      FOVEA_RETURN_IF_ERROR(AddFolder(name, files));
      continue;
    }
    FOVEA_ASSIGN_OR_RETURN(ImportFile file, About(name, /*in_folder=*/false));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace fovea::cli
