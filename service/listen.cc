#include "service/listen.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool IsLoopback(absl::string_view address) {
  const absl::string_view host = address.substr(0, address.rfind(':'));
  return host == "localhost" || host == "::1" || host == "[::1]" ||
         (absl::StartsWith(host, "127.") && host.find_first_not_of("0123456789.") == host.npos);
}

namespace {

absl::Status Refused(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", path, ": ", why));
}

// True if a server accepts connections on the socket.
absl::StatusOr<bool> Answers(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return Refused(path, "the path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return Refused(path, std::strerror(errno));
  const bool connected =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(probe);
  return connected;
}

}  // namespace

std::string DefaultListenAddress() {
  const std::string runtime = Variable("XDG_RUNTIME_DIR");
  return absl::StrCat("unix:", runtime.empty() ? "/tmp" : runtime, "/fovea-", getuid(), ".sock");
}

std::string DefaultDataDirectory() {
  const std::string data = Variable("XDG_DATA_HOME");
  return data.empty() ? absl::StrCat(Variable("HOME"), "/.local/share/fovea")
                      : absl::StrCat(data, "/fovea");
}

absl::StatusOr<HostAndPort> ParseHostAndPort(absl::string_view address) {
  HostAndPort parsed;
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &parsed.port) || parsed.port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(address, ": is not HOST:PORT"));
  }
  absl::string_view host = address.substr(0, colon);
  if (host.size() > 2 && absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
    host = host.substr(1, host.size() - 2);
  }
  parsed.host = std::string(host);
  return parsed;
}

absl::Status CheckAddress(absl::string_view address, bool open_to_all) {
  absl::string_view path = address;
  if (absl::ConsumePrefix(&path, "unix:")) {
    if (!path.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("--listen unix: needs a path behind the colon");
  }
  if (!ParseHostAndPort(address).ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--listen ", address, ": must be unix:PATH or HOST:PORT"));
  }
  if (open_to_all || IsLoopback(address)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("--listen ", address,
                   ": other machines could reach it; give TLS (tls_certificate, tls_key) and "
                   "tokens, listen on a "
                   "Unix socket or a loopback address, or say --insecure"));
}

absl::Status ClearStaleSocket(const std::string& address) {
  absl::string_view rest = address;
  if (!absl::ConsumePrefix(&rest, "unix:")) return absl::OkStatus();
  const std::string path(rest);
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Refused(path, std::strerror(errno));
  }
  if (!S_ISSOCK(info.st_mode)) return Refused(path, "there is a file that is not a socket");
  FOVEA_ASSIGN_OR_RETURN(auto answers, Answers(path));
  if (answers) return Refused(path, "another server answers there");
  if (unlink(path.c_str()) != 0) return Refused(path, std::strerror(errno));
  return absl::OkStatus();
}

}  // namespace fovea::service
