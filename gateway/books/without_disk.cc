// A gateway without its books on disk is better than none.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gateway/books/database.h"
#include "gateway/socket.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;

constexpr char kInfix[] = ".damaged-";

// Gives a damaged file another name. Of several gateways that find it, one does, and none takes
// away the new file that another has made meanwhile. The name; "" if it was not to be done.
std::string SetAsideNow(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() || flock(file.get(), LOCK_EX) != 0) return "";
  struct stat held = {};
  struct stat named = {};
  if (fstat(file.get(), &held) != 0 || stat(path.c_str(), &named) != 0) return "";
  if (held.st_ino != named.st_ino || held.st_dev != named.st_dev) return "";
  std::string aside = absl::StrCat(path, kInfix, absl::ToUnixSeconds(absl::Now()));
  std::error_code error;
  // These first: what they hold must not be read into a new file.
  for (const char* suffix : {"-wal", "-shm"}) {
    fs::rename(absl::StrCat(path, suffix), absl::StrCat(aside, suffix), error);
  }
  fs::rename(path, aside, error);
  return error ? "" : aside;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::OpenOrDoWithout(
    const std::string& path, const std::function<void(const std::string&)>& warn) {
  auto database = Open(path);
  if (absl::IsDataLoss(database.status())) {
    const std::string why(database.status().message());
    const std::string aside = SetAsideNow(path);
    if (!aside.empty())
      warn(absl::StrCat(path, " is damaged and was set aside as ", aside, ": ", why));
    database = Open(path);
  }
  if (database.ok()) return database;
  warn(absl::StrCat(path,
                    " cannot be used, so the books and the sessions' chains are kept in memory: ",
                    database.status().message()));
  return Open(":memory:");
}

std::vector<std::string> SetAside(const std::string& path) {
  std::vector<std::string> found;
  std::error_code error;
  const std::string name = absl::StrCat(fs::path(path).filename().string(), kInfix);
  for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path(), error)) {
    const std::string other = entry.path().filename().string();
    if (absl::StartsWith(other, name) && !absl::StrContains(other.substr(name.size()), '-')) {
      found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace fovea::gateway
