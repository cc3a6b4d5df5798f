#include "gateway/agent_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/settings_file.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr time_t kHalfMadeSeconds = 60;
constexpr char kPrefix[] = "fovea-agent-";
// Beside the agent's files: the lock, a link to the agent's own folder, a link with the name of the
// file that was written for it, what was written, and which versions the own folder's files had.
constexpr char kLock[] = "lock";
constexpr char kOwn[] = "own";
constexpr char kWritten[] = "written";
constexpr char kText[] = "text";
constexpr char kMerged[] = "merged";
constexpr char kVersions[] = "versions";
constexpr char kFiles[] = "files";

std::string Place() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  return runtime == nullptr || *runtime == '\0' ? "/tmp" : runtime;
}

// Puts a file in the place of another, whole or not at all; through a link of the user's.
void Replace(const fs::path& from, const fs::path& to, std::error_code& error) {
  std::error_code ignored;
  const fs::path target = fs::is_symlink(to, ignored) ? fs::weakly_canonical(to, error) : to;
  if (error) return;
  const fs::path copy = absl::StrCat(target.string(), ".fovea-", getpid());
  fs::copy_file(from, copy, fs::copy_options::overwrite_existing, error);
  if (!error) fs::rename(copy, target, error);
  if (error) fs::remove(copy, ignored);
}

// Which version of a file it is; "" where there is none.
std::string VersionOf(const fs::path& path) {
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) return "";
  return absl::StrCat(found.st_dev, " ", found.st_ino, " ", found.st_size, " ",
                      found.st_mtim.tv_sec, " ", found.st_mtim.tv_nsec);
}

// By name: versions in the agent's own folder when this one was made.
using Versions = std::map<std::string, std::string>;

// A name may hold any character but NUL.
Versions ReadVersions(const fs::path& root) {
  Versions versions;
  std::ifstream file(root / kVersions);
  std::string name;
  std::string version;
  while (std::getline(file, name, '\0') && std::getline(file, version, '\0')) {
    versions[name] = version;
  }
  return versions;
}

std::string Content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// `now` without what wrap made of `before`, which is `wrote`; discarded where nothing is left. No
// deeper than ParseSettings takes it.
Json Undo(const Json& before, const Json& wrote, const Json& now) {
  if (now == wrote) return before;
  if (!now.is_object() || !wrote.is_object()) return now;
  const Json none(Json::value_t::discarded);
  const auto in = [&none](const Json& object, const std::string& key) -> const Json& {
    return object.is_object() && object.contains(key) ? object[key] : none;
  };
  Json merged = Json::object();
  for (const auto& [key, value] : now.items()) {
    Json left = Undo(in(before, key), in(wrote, key), value);
    if (!left.is_discarded()) merged[key] = std::move(left);
  }
  return merged;
}

// Whether `json` has a string that `wrote` has at a place where `before` has it not.
bool HasOurs(const Json& before, const Json& wrote, const std::string& json) {
  if (wrote.is_string()) return wrote != before && absl::StrContains(json, wrote.dump());
  if (!wrote.is_object()) return false;
  for (const auto& [key, value] : wrote.items()) {
    const bool had = before.is_object() && before.contains(key);
    if (HasOurs(had ? before[key] : Json(), value, json)) return true;
  }
  return false;
}

bool SameContent(const fs::path& one, const fs::path& other) {
  std::ifstream a(one, std::ios::binary);
  std::ifstream b(other, std::ios::binary);
  using Bytes = std::istreambuf_iterator<char>;
  return a && b && std::equal(Bytes(a), Bytes(), Bytes(b), Bytes());
}

// Carries what an agent has left in a folder to its own.
class Carrier {
 public:
  Carrier(const fs::path& root, fs::path own)
      : versions_(ReadVersions(root)), files_(root / kFiles), own_(std::move(own)) {
    // The folder's own end, so that no two wraps use one name.
    mark_ = absl::StrCat(".fovea-", root.string().substr(root.string().rfind('-') + 1));
  }

  // `name`: below the own folder.
  void Carry(const fs::directory_entry& from, const fs::path& name, std::error_code& error) {
    std::error_code ignored;
    const fs::path to = own_ / name;
    if (from.is_symlink(ignored)) {
      const fs::path target = fs::read_symlink(from.path(), ignored);
      if (target == to || CarryName(target, name, error)) return;
      if (!fs::exists(fs::symlink_status(to, ignored))) fs::copy_symlink(from.path(), to, error);
    } else if (from.is_regular_file(ignored)) {
      CarryFile(from.path(), name, error);
    } else if (from.is_directory(ignored)) {
      CarryFolder(from.path(), name, error);
    }
  }

  // The file that was written for the agent. `merged`: where a file may be made.
  void CarryWritten(const fs::path& from, const std::string& wrote, const fs::path& merged,
                    std::error_code& error) {
    const std::string text = Content(from);
    if (text == wrote) return;
    const std::string name = from.filename().string();
    const Json was = ParseSettings(wrote);
    const Json now = ParseSettings(text);
    Json before = ParseSettings(Content(own_ / name));
    if (before.is_null()) before = Json(Json::value_t::discarded);
    const Json left = now.is_object() ? Undo(before, was, now) : Json();
    const std::string json = left.dump(2, ' ', false, Json::error_handler_t::replace);
    if (!left.is_object() ||
        HasOurs(before, was, left.dump(-1, ' ', false, Json::error_handler_t::replace))) {
      return Beside(from, name,
                    "was changed by the agent to what cannot be told from Fovea's base URLs, and "
                    "stays as it is",
                    error);
    }
    std::ofstream file(merged);
    file << json << "\n";
    file.close();
    if (!file) error = std::make_error_code(std::errc::io_error);
    if (!error) fs::permissions(merged, fs::status(from).permissions(), error);
    if (!error) CarryFile(merged, name, error);
  }

  // What was there when the folder was made, and is no longer in `files`.
  void CarryRemovals(const fs::path& files, std::error_code& error) {
    std::error_code ignored;
    for (const auto& [name, version] : versions_) {
      const fs::path to = own_ / name;
      if (version.empty() || moved_.contains(name)) continue;
      if (fs::exists(fs::symlink_status(files / name, ignored))) continue;
      if (!fs::exists(fs::symlink_status(to, ignored))) continue;
      // Of a folder it is not known whether what is in it is as the agent knew it.
      if (fs::is_directory(to, ignored) || VersionOf(to) != version) {
        kept_.push_back(absl::StrCat(to.string(),
                                     " was removed by the agent, but may have been changed by "
                                     "somebody else meanwhile, and stays"));
        continue;
      }
      fs::remove(to, error);
      if (error) return;
    }
  }
  std::vector<std::string> kept() && { return std::move(kept_); }

 private:
  // A link to another entry of the own folder that is no longer there under its name: the agent
  // has renamed it. False if it is no such link.
  bool CarryName(const fs::path& target, const fs::path& name, std::error_code& error) {
    std::error_code ignored;
    const std::string old = target.filename().string();
    const auto before = versions_.find(old);
    if (target != own_ / old || before == versions_.end()) return false;
    if (fs::exists(fs::symlink_status(files_ / old, ignored))) return false;
    moved_.insert(old);
    const fs::path to = own_ / name;
    const auto replaced = versions_.find(name.string());
    if (fs::is_directory(to, ignored) ||
        VersionOf(to) != (replaced == versions_.end() ? "" : replaced->second)) {
      kept_.push_back(absl::StrCat(target.string(), " was renamed by the agent to ", to.string(),
                                   ", which somebody else has made meanwhile; both stay"));
      return true;
    }
    fs::rename(target, to, error);
    return true;
  }

  void Beside(const fs::path& from, const fs::path& name, absl::string_view what,
              std::error_code& error) {
    const fs::path to = own_ / name;
    const fs::path beside = absl::StrCat(to.string(), mark_);
    Replace(from, beside, error);
    if (error) return;
    kept_.push_back(
        absl::StrCat(to.string(), " ", what, "; what the agent wrote is in ", beside.string()));
  }

  void CarryFile(const fs::path& from, const fs::path& name, std::error_code& error) {
    const fs::path to = own_ / name;
    const auto before = versions_.find(name.string());
    if (VersionOf(to) == (before == versions_.end() ? "" : before->second)) {
      return Replace(from, to, error);
    }
    if (SameContent(from, to)) return;
    Beside(from, name, "was changed by somebody else while the agent ran, and stays as it is",
           error);
  }

  void CarryFolder(const fs::path& from, const fs::path& name, std::error_code& error) {
    fs::create_directories(own_ / name, error);
    // Through no links, so that it ends.
    for (fs::recursive_directory_iterator at(from, error), end; !error && at != end;
         at.increment(error)) {
      const fs::path below = name / at->path().lexically_relative(from);
      std::error_code ignored;
      if (at->is_directory(ignored) && !at->is_symlink(ignored)) {
        fs::create_directories(own_ / below, error);
      } else {
        Carry(*at, below, error);
      }
      if (error) return;
    }
  }

  const Versions versions_;
  const fs::path files_;
  const fs::path own_;
  std::set<std::string> moved_;  // old names
  std::string mark_;
  std::vector<std::string> kept_;
};

absl::StatusOr<std::vector<std::string>> CarryBack(const fs::path& root) {
  std::error_code error;
  const fs::path own = fs::read_symlink(root / kOwn, error);
  if (error) return std::vector<std::string>();  // there is none
  const fs::path written = fs::read_symlink(root / kWritten, error);
  const bool whole = !error && fs::is_directory(root / kFiles, error);
  Carrier carrier(root, own);
  absl::Status status;
  const auto check = [&](const fs::path& path, const std::error_code& failed) {
    if (!failed) return;
    status = absl::UnavailableError(absl::StrCat(path.string(), " could not be carried to ",
                                                 own.string(), ": ", failed.message()));
  };
  for (const auto& entry : fs::directory_iterator(root / kFiles, error)) {
    const fs::path name = entry.path().filename();
    std::error_code failed;
    if (name != written) {
      carrier.Carry(entry, name, failed);
    } else if (fs::exists(root / kText, failed)) {
      carrier.CarryWritten(entry.path(), Content(root / kText), root / kMerged, failed);
    }
    check(entry.path(), failed);
  }
  // A folder that something has begun to clear away says nothing of what the agent removed.
  if (status.ok() && whole && !error) {
    std::error_code failed;
    carrier.CarryRemovals(root / kFiles, failed);
    check(root / kFiles, failed);
  }
  if (!status.ok()) return status;
  return std::move(carrier).kept();
}

// The link to the own folder goes first: without it nothing is carried, and so no file that is gone
// here is taken for one that the agent removed. The lock goes last: what is left after a kill is
// still found.
absl::StatusOr<std::vector<std::string>> Remove(const std::string& root) {
  auto kept = CarryBack(root);
  if (!kept.ok()) return kept;
  std::error_code ignored;
  std::error_code error;
  fs::remove(fs::path(root) / kOwn, error);
  if (error) return absl::UnavailableError(absl::StrCat(root, ": cannot be removed"));
  for (const char* name : {kFiles, kWritten, kText, kMerged, kVersions, kLock}) {
    fs::remove_all(fs::path(root) / name, ignored);
  }
  fs::remove(root, ignored);
  return kept;
}

FileDescriptor Lock(const std::string& root, int flags) {
  FileDescriptor lock(
      open(absl::StrCat(root, "/", kLock).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (lock.valid() && flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return FileDescriptor();
  return lock;
}

}  // namespace

AgentFolder::AgentFolder(std::string root, FileDescriptor lock)
    : root_(std::move(root)), lock_(std::move(lock)) {}

absl::StatusOr<AgentFolder> AgentFolder::Make(const std::string& own, const std::string& written,
                                              const std::string& text) {
  std::string root = absl::StrCat(Place(), "/", kPrefix, "XXXXXX");
  if (mkdtemp(root.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat(root, ": cannot be made: ", strerror(errno)));
  }
  AgentFolder folder(root, Lock(root, O_CREAT));
  std::error_code error;
  fs::create_directory(fs::path(root) / kFiles, error);
  if (!error && !own.empty()) {
    fs::create_symlink(written, fs::path(root) / kWritten, error);
    for (const fs::path& path : {fs::path(root) / kText, fs::path(folder.path()) / written}) {
      std::ofstream file(path, std::ios::binary);
      file << text;
      file.close();
      if (!file) error = std::make_error_code(std::errc::io_error);
    }
    std::error_code none;
    std::ofstream versions(fs::path(root) / kVersions);
    for (const auto& entry : fs::directory_iterator(own, none)) {
      const fs::path name = entry.path().filename();
      versions << name.string() << '\0' << VersionOf(entry.path()) << '\0';
      // An entry without a link would look like one that the agent removed.
      if (error) break;
      if (name == written) continue;
      fs::create_symlink(fs::absolute(own) / name, fs::path(folder.path()) / name, error);
    }
    versions.close();
    if (!versions) error = std::make_error_code(std::errc::io_error);
    // Last: what is half made when this process is killed carries nothing.
    if (!error) fs::create_symlink(fs::absolute(own), fs::path(root) / kOwn, error);
  }
  if (error || !folder.lock_.valid()) {
    std::error_code ignored;
    fs::remove_all(root, ignored);
    return absl::UnavailableError(absl::StrCat(root, ": cannot be written to"));
  }
  return folder;
}

std::string AgentFolder::path() const { return absl::StrCat(root_, "/", kFiles); }

absl::StatusOr<std::vector<std::string>> AgentFolder::End() { return Remove(root_); }

std::vector<std::string> EndAgentFolder(const std::string& root) {
  const FileDescriptor lock = Lock(root, 0);
  if (!lock.valid()) return {};
  auto kept = Remove(root);
  return kept.ok() ? *std::move(kept) : std::vector<std::string>();
}

std::vector<std::string> EndStaleAgentFolders() {
  std::vector<std::string> all;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Place(), error)) {
    if (!absl::StartsWith(entry.path().filename().string(), kPrefix)) continue;
    struct stat found = {};
    if (lstat(entry.path().c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) continue;
    if (found.st_uid != geteuid()) continue;
    for (std::string& kept : EndAgentFolder(entry.path().string())) all.push_back(std::move(kept));
    // One without a lock is half made or half removed.
    std::error_code ignored;
    if (time(nullptr) - found.st_mtime > kHalfMadeSeconds) fs::remove(entry.path(), ignored);
  }
  return all;
}

}  // namespace fovea::gateway
