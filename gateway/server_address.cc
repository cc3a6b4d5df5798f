#include "gateway/server_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gateway/socket.h"

namespace fovea::gateway {
namespace {

absl::Status CheckOwner(const std::string& path, uid_t owner, uid_t user) {
  if (owner == user || owner == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat(path, " belongs to user ", owner, ", and not to you (", user,
                   "): nothing is sent there. Set XDG_RUNTIME_DIR to a folder of your own, or name "
                   "your server with --server"));
}

}  // namespace

std::string SocketPath(const std::string& address) {
  absl::string_view path = address;
  if (!absl::ConsumePrefix(&path, "unix:")) return "";
  while (absl::StartsWith(path, "//")) path.remove_prefix(1);  // a URI names a host there
  return std::string(path);
}

absl::Status CheckServerOwner(const std::string& address, uid_t user) {
  if (absl::StartsWith(address, "unix-abstract:")) {
    return absl::PermissionDeniedError(absl::StrCat(address, ": an abstract socket has no owner"));
  }
  const std::string path = SocketPath(address);
  if (path.empty()) return absl::OkStatus();
  struct stat found = {};
  if (lstat(path.c_str(), &found) != 0) return absl::OkStatus();
  if (S_ISLNK(found.st_mode)) {
    // A link of somebody else's could lead elsewhere a moment later.
    absl::Status status = CheckOwner(path, found.st_uid, user);
    if (!status.ok() || stat(path.c_str(), &found) != 0) return status;
  }
  return CheckOwner(path, found.st_uid, user);
}

std::string ServerTarget(const std::string& address) {
  const std::string path = SocketPath(address);
  if (path.empty()) return address;
  // gRPC reads a target as a URI: with every special character escaped it means this path.
  std::string target = "unix:";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("/-_.~", absl::string_view(&c, 1))) {
      target += c;
    } else {
      absl::StrAppendFormat(&target, "%%%02X", byte);
    }
  }
  return target;
}

bool Answers(const std::string& address) {
  const std::string path = SocketPath(address);
  if (!path.empty()) {
    sockaddr_un to = {};
    to.sun_family = AF_UNIX;
    if (path.size() >= sizeof to.sun_path) return false;
    memcpy(to.sun_path, path.data(), path.size());
    const FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  const auto place = SplitHostPort(address);
  if (!place.ok()) return false;
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(place->first.c_str(), absl::StrCat(place->second).c_str(), &hints, &found) != 0) {
    return false;
  }
  const FileDescriptor fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool answers = connect(fd.get(), found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  return answers;
}

}  // namespace fovea::gateway
