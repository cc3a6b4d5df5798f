#include "cli/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace fovea::cli {
namespace {

bool IsLoopbackV4(const std::string& host) {
  constexpr uint32_t kNetwork = 127;
  in_addr ip{};
  return inet_pton(AF_INET, host.c_str(), &ip) == 1 && ntohl(ip.s_addr) >> 24 == kNetwork;
}

bool IsLoopbackV6(const std::string& host) {
  in6_addr ip{};
  return inet_pton(AF_INET6, host.c_str(), &ip) == 1 && IN6_IS_ADDR_LOOPBACK(&ip);
}

// "" or ":50051": whatever else stands there could make it another address for gRPC.
bool IsPort(absl::string_view text) {
  return !absl::ConsumePrefix(&text, ":")
             ? text.empty()
             : !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool IsLoopback(const std::string& address) {
  if (IsLoopbackV6(address)) return true;  // without a port
  if (absl::StartsWith(address, "[")) {
    const size_t end = address.find(']');
    return end != std::string::npos && IsLoopbackV6(address.substr(1, end - 1)) &&
           IsPort(absl::string_view(address).substr(end + 1));
  }
  const std::string host = address.substr(0, address.find(':'));
  return (host == "localhost" || IsLoopbackV4(host)) &&
         IsPort(absl::string_view(address).substr(host.size()));
}

// gRPC reads a target as a URI, and fovead takes a path as it stands: with every special character
// escaped, the socket that is looked at is the one that is connected to.
std::string SocketTarget(absl::string_view path) {
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

absl::Status CheckOwner(const std::string& path, uid_t owner, uid_t user) {
  if (owner == user || owner == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      path, " belongs to user ", owner, ", and not to you (", user,
      "): nothing was sent; name your server with --server, or say --insecure to trust this one"));
}

absl::Status LookFailed(const std::string& path) {
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(path);
  return absl::ErrnoToStatus(error, absl::StrCat("cannot look at ", path));
}

}  // namespace

absl::StatusOr<ServerAddress> ParseAddress(const std::string& address) {
  if (address.empty()) return absl::InvalidArgumentError("the server's address is empty");
  if (absl::StartsWith(address, "unix-abstract:")) {
    return absl::InvalidArgumentError(
        absl::StrCat(address, ": must be unix:PATH or HOST:PORT; an abstract socket has no owner"));
  }
  absl::string_view path = address;
  if (!absl::ConsumePrefix(&path, "unix:")) {
    return ServerAddress{.loopback = IsLoopback(address), .target = address};
  }
  while (absl::StartsWith(path, "//")) path.remove_prefix(1);  // a URI would name a host there
  if (path.empty()) return absl::InvalidArgumentError("unix: needs a path behind the colon");
  return ServerAddress{.socket = std::string(path), .target = SocketTarget(path)};
}

absl::Status CheckSocketOwner(const std::string& path, uid_t user) {
  struct stat found {};
  // A link of somebody else's could lead elsewhere a moment later.
  if (lstat(path.c_str(), &found) != 0) return LookFailed(path);
  if (S_ISLNK(found.st_mode)) {
    FOVEA_RETURN_IF_ERROR(CheckOwner(path, found.st_uid, user));
    if (stat(path.c_str(), &found) != 0) return LookFailed(path);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is no socket; name your server with --server"));
  }
  return CheckOwner(path, found.st_uid, user);
}

}  // namespace fovea::cli
