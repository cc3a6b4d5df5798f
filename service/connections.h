// The sockets that callers reach: accepted here, and handed to gRPC one by one.
//
// gRPC 1.51 gives a listening socket up for good after one failed accept, which lack of descriptors
// is enough for; and it neither counts connections nor refuses any.
#ifndef FOVEA_SERVICE_CONNECTIONS_H_
#define FOVEA_SERVICE_CONNECTIONS_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "service/ended_calls.h"
#include "service/steady_clock.h"
#include "spdlog/logger.h"

namespace fovea::service {

// Raises this process's limit on open files to the most that it may have. Returns the limit.
size_t RaiseFileLimit();

struct ConnectionLimits {
  size_t all = 1'000;
  size_t from_one_host = 250;  // by TCP, except from this machine itself
  // What a TCP connection may have sent before a call of its was let in, and all such together:
  // gRPC 1.51 keeps headers that do not end without a limit. The largest request fits.
  uint64_t unknown_bytes = uint64_t{72} << 20;
  uint64_t all_unknown_bytes = uint64_t{96} << 20;
  // What one may send between two calls or messages.
  uint64_t unread_bytes = uint64_t{512} << 20;
  // Calls of a TCP connection that may end before one was let in: each is refused, and a caller
  // without a token could have a processor at work with nothing else.
  uint64_t unknown_calls = 100;
};

// A peer's connection, for the calls that come by it. Thread-safe.
class Caller {
 public:
  // A call of it was let in, or a message of one was read.
  void Heard() { heard_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t heard() const { return heard_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> heard_ = 0;
};

// Thread-safe.
class Connections {
 public:
  // Takes a connected, non-blocking socket, which is then its own. `listener` is whose it was.
  using Take = std::function<void(int listener, int socket)>;

  // Binds the addresses (unix:PATH, for its owner alone, or HOST:PORT) and listens; nothing is
  // accepted yet. UNAVAILABLE if one cannot be bound; INVALID_ARGUMENT if a host is not known.
  static absl::StatusOr<std::unique_ptr<Connections>> Listen(
      const std::vector<std::string>& addresses, ConnectionLimits limits,
      std::shared_ptr<spdlog::logger> log);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Accepts on a thread of its own until Stop.
  void Start(Take take);
  // Closes the sockets that listen and removes their files; connections live on.
  void Stop();

  // Of a peer as gRPC names it; null for Unix sockets, which are their owner's.
  std::shared_ptr<Caller> CallerAt(const std::string& peer) ABSL_LOCKS_EXCLUDED(mutex_);

  // As bound: with the port that the system chose where 0 was asked for.
  const std::vector<std::string>& addresses() const { return addresses_; }
  uint64_t accepted() const { return accepted_; }
  uint64_t refused() const { return refused_; }  // over a limit, or for want of descriptors
  // Closed for what they sent, or, of those that no call was let in from, to make room.
  uint64_t cut_off() const { return cut_off_; }
  size_t open() const { return open_count_; }  // as of the last look

 private:
  struct Listener {
    int socket = -1;
    std::string path;  // of a Unix socket
  };
  // One that was handed over, told from a later one with the same number by its inode.
  struct Connection {
    int socket = -1;
    ino_t inode = 0;
    std::string host;  // "" if it does not count
    std::string peer;  // "" of a Unix socket
    std::shared_ptr<Caller> caller;
    uint64_t heard = 0;   // Caller::heard at the last look, ...
    uint64_t before = 0;  // ... and what it had sent when that last changed
    uint64_t sent = 0;    // at the last look
  };

  Connections(ConnectionLimits limits, std::shared_ptr<spdlog::logger> log);
  absl::Status Bind(const std::string& address);
  absl::Status BindUnix(const std::string& path);
  absl::Status BindTcp(const std::string& address);
  void Run();
  // False if accepting must rest for a while.
  bool AcceptFrom(const Listener& listener);
  // Without descriptors: takes one connection off the queue and closes it.
  void TurnAway(const Listener& listener);
  bool HasRoomFor(const std::string& host);
  // The oldest that no call was let in from, of one host if there are too many of it.
  bool MakeRoomFor(const std::string& host);
  void Sweep();
  // Cuts off who sends without end.
  void Watch();
  void CutOff(std::vector<Connection>::iterator connection, const char* why);
  void Forget(const Connection& connection) ABSL_LOCKS_EXCLUDED(mutex_);
  void Complain(const char* what);

  const ConnectionLimits limits_;
  const std::shared_ptr<spdlog::logger> log_;
  std::vector<std::string> addresses_;
  std::vector<Listener> listeners_;
  Take take_;
  int wake_ = -1;   // an eventfd
  int spare_ = -1;  // given up for a moment when there is no other descriptor
  std::vector<Connection> open_;
  absl::flat_hash_map<std::string, size_t> by_host_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<Caller>> callers_ ABSL_GUARDED_BY(mutex_);
  std::optional<SteadyTime> complained_;
  uint64_t unknown_bytes_ = 0;  // at the last look
  int look_ms_ = 0;             // until the next one
  EndedCalls ended_calls_;
  bool flooded_ = false;   // somebody was cut off for what it sent
  uint64_t filtered_ = 0;  // FilteredConnections at the last look
  std::atomic<uint64_t> accepted_ = 0;
  std::atomic<uint64_t> refused_ = 0;
  std::atomic<uint64_t> cut_off_ = 0;
  std::atomic<size_t> open_count_ = 0;
  std::thread thread_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONNECTIONS_H_
