#include "service/read_file.h"

#include <algorithm>
#include <fstream>
#include <ios>

#include "absl/strings/str_cat.h"

namespace fovea::service {

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, size_t max_bytes) {
  constexpr size_t kStep = size_t{1} << 20;
  std::ifstream input(path, std::ios::binary);
  std::string text;
  while (input && text.size() <= max_bytes) {
    const size_t before = text.size();
    text.resize(before + kStep);
    input.read(text.data() + before, kStep);
    text.resize(before + static_cast<size_t>(input.gcount()));
  }
  // A folder opens and cannot be read.
  if (!input.is_open() || input.bad()) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path.string()));
  }
  if (text.size() <= max_bytes) return text;
  return absl::InvalidArgumentError(
      absl::StrCat(path.string(), " is larger than ", max_bytes, " bytes"));
}

}  // namespace fovea::service
