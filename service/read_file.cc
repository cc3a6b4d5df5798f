#include "service/read_file.h"

#include <fstream>
#include <ios>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fovea::service {

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path) {
  std::ifstream input(path, std::ios::binary);
  std::ostringstream text;
  text << input.rdbuf();
  if (!input) return absl::NotFoundError(absl::StrCat("cannot read ", path.string()));
  return std::move(text).str();
}

}  // namespace fovea::service
