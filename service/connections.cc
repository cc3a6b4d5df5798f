#include "service/connections.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "service/listen.h"
#include "service/read_filter.h"

namespace fovea::service {
namespace {

constexpr int kBacklog = 512;
constexpr int kRestMs = 100;
// At most one line a minute about connections that were turned away.
constexpr absl::Duration kComplaints = absl::Minutes(1);
constexpr int kAcceptsInARow = 64;
// Between looks at what connections have sent: with unknown ones among them, and while those send.
constexpr int kLookMs = 100;
constexpr int kUnknownLookMs = 25;
constexpr int kCloseLookMs = 3;

absl::Status Refused(const std::string& address, int error) {
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", address, ": ", std::strerror(error)));
}

void SetOption(int socket, int level, int option) {
  const int on = 1;
  setsockopt(socket, level, option, &on, sizeof(on));
}

// The numeric host of a TCP peer; "" for this machine and for Unix sockets.
std::string HostOf(const sockaddr_storage& peer) {
  char text[INET6_ADDRSTRLEN] = {};
  if (peer.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(peer).sin_addr;
    if ((ntohl(address.s_addr) >> 24) == 127) return "";
    inet_ntop(AF_INET, &address, text, sizeof(text));
  } else if (peer.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    if (IN6_IS_ADDR_LOOPBACK(&address)) return "";
    inet_ntop(AF_INET6, &address, text, sizeof(text));
  }
  return text;
}

// As gRPC names it to a call, without the scope of a link-local address; "" for Unix sockets.
std::string PeerOf(const sockaddr_storage& peer) {
  char text[INET6_ADDRSTRLEN] = {};
  if (peer.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(peer);
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
    return absl::StrCat("ipv4:", text, ":", ntohs(address.sin_port));
  }
  if (peer.ss_family != AF_INET6) return "";
  const auto& address = reinterpret_cast<const sockaddr_in6&>(peer);
  inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text));
  return absl::StrCat("ipv6:%5B", text, "%5D:", ntohs(address.sin6_port));
}

// gRPC names an address as fe80::1%2, and writes the percent sign as %25.
std::string WithoutScope(const std::string& peer) {
  const size_t scope = peer.find("%25");
  const size_t end = peer.find("%5D", scope == std::string::npos ? 0 : scope + 3);
  if (scope == std::string::npos || end == std::string::npos) return peer;
  return peer.substr(0, scope) + peer.substr(end);
}

// Since it was made; 0 for what is no TCP connection.
uint64_t ReceivedBytes(int socket) {
  tcp_info info = {};
  socklen_t length = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 0;
  return info.tcpi_bytes_received;
}

std::string BoundAddress(const std::string& host, int socket) {
  sockaddr_storage bound = {};
  socklen_t length = sizeof(bound);
  getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &length);
  const uint16_t port = bound.ss_family == AF_INET6
                            ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                            : reinterpret_cast<const sockaddr_in&>(bound).sin_port;
  return absl::StrCat(host, ":", ntohs(port));
}

ino_t InodeOf(int socket) {
  struct stat info = {};
  return fstat(socket, &info) == 0 ? info.st_ino : 0;
}

}  // namespace

size_t RaiseFileLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

Connections::Connections(ConnectionLimits limits, std::shared_ptr<spdlog::logger> log)
    : limits_(limits), log_(std::move(log)) {}

absl::StatusOr<std::unique_ptr<Connections>> Connections::Listen(
    const std::vector<std::string>& addresses, ConnectionLimits limits,
    std::shared_ptr<spdlog::logger> log) {
  std::unique_ptr<Connections> made(new Connections(limits, std::move(log)));
  made->wake_ = eventfd(0, EFD_CLOEXEC);
  made->spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (made->wake_ < 0 || made->spare_ < 0) return Refused("anything", errno);
  for (const std::string& address : addresses) FOVEA_RETURN_IF_ERROR(made->Bind(address));
  return made;
}

Connections::~Connections() {
  Stop();
  for (const int descriptor : {wake_, spare_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

absl::Status Connections::Bind(const std::string& address) {
  absl::string_view path = address;
  if (!absl::ConsumePrefix(&path, "unix:")) return BindTcp(address);
  addresses_.push_back(address);
  return BindUnix(std::string(path));
}

absl::Status Connections::BindUnix(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return Refused(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) return Refused(path, errno);
  listeners_.push_back({.socket = made});
  // The process's umask makes the file its owner's alone from the start; the mode says so again.
  if (bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Refused(path, errno);
  }
  listeners_.back().path = path;
  if (chmod(path.c_str(), 0600) != 0 || listen(made, kBacklog) != 0) return Refused(path, errno);
  return absl::OkStatus();
}

absl::Status Connections::BindTcp(const std::string& address) {
  const std::string written = address.substr(0, address.rfind(':'));
  FOVEA_ASSIGN_OR_RETURN(const HostAndPort at, ParseHostAndPort(address));
  const addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  const int error = getaddrinfo(at.host.c_str(), absl::StrCat(at.port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on ", address, ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  int last_error = 0;
  bool bound = false;
  std::string bound_address = address;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int made = socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) {
      last_error = errno;
      continue;
    }
    SetOption(made, SOL_SOCKET, SO_REUSEADDR);
    if (one->ai_family == AF_INET6) SetOption(made, IPPROTO_IPV6, IPV6_V6ONLY);
    if (bind(made, one->ai_addr, one->ai_addrlen) != 0 || listen(made, kBacklog) != 0) {
      last_error = errno;
      close(made);
      continue;
    }
    // The system chose a port of the first: a second one would have another.
    const bool chosen = absl::EndsWith(address, ":0");
    if (!bound) bound_address = BoundAddress(written, made);
    bound = true;
    listeners_.push_back({.socket = made});
    if (chosen) break;
  }
  if (!bound) return Refused(address, last_error);
  addresses_.push_back(bound_address);
  return absl::OkStatus();
}

void Connections::Start(Take take) {
  take_ = std::move(take);
  thread_ = std::thread([this] { Run(); });
}

void Connections::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    if (write(wake_, &one, sizeof(one)) == sizeof(one)) thread_.join();
  }
  for (const Listener& listener : listeners_) {
    if (!listener.path.empty()) unlink(listener.path.c_str());
    close(listener.socket);
  }
  listeners_.clear();
}

void Connections::Run() {
  std::vector<pollfd> waits = {{.fd = wake_, .events = POLLIN, .revents = 0}};
  for (const Listener& listener : listeners_) {
    waits.push_back({.fd = listener.socket, .events = POLLIN, .revents = 0});
  }
  SteadyTime looked = SteadyNow();
  while (true) {
    if (poll(waits.data(), waits.size(), open_.empty() ? -1 : look_ms_) < 0 && errno != EINTR) {
      return;
    }
    if ((waits[0].revents & POLLIN) != 0) return;
    if (Since(looked) >= absl::Milliseconds(look_ms_)) {
      Watch();
      looked = SteadyNow();
    }
    bool rest = false;
    for (size_t i = 1; i < waits.size(); ++i) {
      if (waits[i].revents != 0 && !AcceptFrom(listeners_[i - 1])) rest = true;
    }
    // Only Stop ends a rest early.
    if (rest) poll(waits.data(), 1, kRestMs);
  }
}

bool Connections::AcceptFrom(const Listener& listener) {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    sockaddr_storage peer = {};
    socklen_t length = sizeof(peer);
    const int socket = accept4(listener.socket, reinterpret_cast<sockaddr*>(&peer), &length,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
      if (errno == EINTR || errno == ECONNABORTED) continue;
      ++refused_;
      Complain(std::strerror(errno));
      TurnAway(listener);
      return false;
    }
    const std::string host = HostOf(peer);
    if (!HasRoomFor(host) && !MakeRoomFor(host)) {
      ++refused_;
      Complain("too many connections are open");
      close(socket);
      continue;
    }
    if (peer.ss_family != AF_UNIX) SetOption(socket, IPPROTO_TCP, TCP_NODELAY);
    open_.push_back(
        {.socket = socket, .inode = InodeOf(socket), .host = host, .peer = PeerOf(peer)});
    if (!open_.back().peer.empty()) {
      open_.back().caller = std::make_shared<Caller>();
      look_ms_ = std::min(look_ms_, kUnknownLookMs);
      const absl::MutexLock lock(&mutex_);
      callers_[open_.back().peer] = open_.back().caller;
    }
    if (!host.empty()) ++by_host_[host];
    open_count_ = open_.size();
    ++accepted_;
    FilterReads(socket, open_.back().inode);
    take_(listener.socket, socket);
  }
  return true;
}

void Connections::TurnAway(const Listener& listener) {
  if (spare_ >= 0) close(spare_);
  const int socket = accept4(listener.socket, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket >= 0) close(socket);
  spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool Connections::HasRoomFor(const std::string& host) {
  const auto has_room = [&] {
    if (open_.size() >= limits_.all) return false;
    const auto from_host = by_host_.find(host);
    return from_host == by_host_.end() || from_host->second < limits_.from_one_host;
  };
  if (has_room()) return true;
  Sweep();
  return has_room();
}

bool Connections::MakeRoomFor(const std::string& host) {
  const bool host_is_full = !host.empty() && by_host_[host] >= limits_.from_one_host;
  const auto oldest = std::ranges::find_if(open_, [&](const Connection& connection) {
    return connection.caller != nullptr && connection.caller->heard() == 0 &&
           (!host_is_full || connection.host == host);
  });
  if (oldest == open_.end()) return false;
  CutOff(oldest, "nobody known had called by it, and others want to");
  return true;
}

std::shared_ptr<Caller> Connections::CallerAt(const std::string& peer) {
  const absl::MutexLock lock(&mutex_);
  const auto found = callers_.find(WithoutScope(peer));
  return found == callers_.end() ? nullptr : found->second;
}

// A port may have come again: then its name is the newer connection's.
void Connections::Forget(const Connection& connection) {
  const absl::MutexLock lock(&mutex_);
  const auto found = callers_.find(connection.peer);
  if (found != callers_.end() && found->second == connection.caller) callers_.erase(found);
}

void Connections::Watch() {
  if (const uint64_t filtered = FilteredConnections(); filtered > filtered_) {
    cut_off_ += filtered - std::exchange(filtered_, filtered);
    Complain("one was cut off: headers without an end, or more frames than a client has use for");
  }
  // What a flood has left is given back, or the next one adds to it.
  if (std::exchange(flooded_, false)) malloc_trim(0);
  Sweep();
  bool any_unknown = false;
  auto endless = open_.end();
  auto refused = open_.end();
  auto worst = open_.end();
  uint64_t worst_bytes = 0;
  uint64_t unknown_bytes = 0;
  for (auto connection = open_.begin(); connection != open_.end(); ++connection) {
    if (connection->caller == nullptr) continue;
    const uint64_t bytes = ReceivedBytes(connection->socket);
    const uint64_t heard = connection->caller->heard();
    if (heard != connection->heard) {
      connection->heard = heard;
      connection->before = bytes;
    }
    if (bytes - std::min(bytes, connection->before) > limits_.unread_bytes) endless = connection;
    if (heard > 0) continue;
    any_unknown = true;
    unknown_bytes += bytes;
    // Who has sent nothing since has not called.
    if (std::exchange(connection->sent, bytes) != bytes &&
        ended_calls_.Of(connection->peer) > limits_.unknown_calls) {
      refused = connection;
    }
    if (bytes > worst_bytes) {
      worst = connection;
      worst_bytes = bytes;
    }
  }
  // One at a look, and the next look is soon.
  if (endless != open_.end()) {
    CutOff(endless, "it sent too much that is no message");
    flooded_ = true;
  } else if (worst_bytes > limits_.unknown_bytes || unknown_bytes > limits_.all_unknown_bytes) {
    CutOff(worst, "nobody known had called by it, and it sent too much");
    flooded_ = true;
  } else if (refused != open_.end()) {
    CutOff(refused, "nobody known had called by it, and too many calls were refused");
  }
  const bool sending = std::exchange(unknown_bytes_, unknown_bytes) != unknown_bytes;
  look_ms_ = sending || flooded_ ? kCloseLookMs : any_unknown ? kUnknownLookMs : kLookMs;
}

// gRPC, which has it, finds it ended.
void Connections::CutOff(std::vector<Connection>::iterator connection, const char* why) {
  ++cut_off_;
  shutdown(connection->socket, SHUT_RDWR);
  Complain(absl::StrCat("one was cut off: ", why).c_str());
  if (!connection->host.empty()) --by_host_[connection->host];
  Forget(*connection);
  open_.erase(connection);
  open_count_ = open_.size();
}

// gRPC does not say when it closes a connection.
void Connections::Sweep() {
  std::erase_if(open_, [this](const Connection& connection) {
    if (InodeOf(connection.socket) == connection.inode) return false;
    if (connection.caller != nullptr) Forget(connection);
    return true;
  });
  by_host_.clear();
  for (const Connection& connection : open_) {
    if (!connection.host.empty()) ++by_host_[connection.host];
  }
  open_count_ = open_.size();
}

void Connections::Complain(const char* what) {
  if (complained_ && Since(*complained_) < kComplaints) return;
  complained_ = SteadyNow();
  log_->warn("connections: {} ({} open, {} turned away and {} cut off so far)", what, open_.size(),
             refused_.load(), cut_off_.load());
}

}  // namespace fovea::service
