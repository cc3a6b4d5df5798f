// An HTTP/1.1 server: one thread a connection, so that a slow client holds up nobody else.
#ifndef FOVEA_GATEWAY_HTTP_SERVER_H_
#define FOVEA_GATEWAY_HTTP_SERVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/http_message.h"
#include "gateway/memory_budget.h"
#include "gateway/socket.h"

namespace fovea::gateway {

// The answer to one request. Every byte leaves when it is written: nothing is held back.
// Thread-compatible.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  // Once. `length`: of the body, where it is known; else the body is sent in chunks, or until the
  // connection closes for a client of HTTP/1.0. UNAVAILABLE or DEADLINE_EXCEEDED once the client is
  // gone or too slow.
  virtual absl::Status Start(const ResponseHead& head, std::optional<uint64_t> length) = 0;
  virtual absl::Status Write(absl::string_view bytes) = 0;
  virtual absl::Status Finish() = 0;
  // Breaks the connection off, so that the client sees that the answer is not whole.
  virtual void Abort() = 0;

  virtual bool started() const = 0;
  // The client's socket, to be watched for its end.
  virtual int client_fd() const = 0;

  // Start, Write and Finish in one.
  absl::Status Send(ResponseHead head, absl::string_view body);
};

struct HttpServerOptions {
  // Looks at a request before its body is read or counted; NOT_FOUND is 404, other errors 403.
  // Null: all come in. Called from many threads at once.
  std::function<absl::Status(const Request& head)> admit;
  // Answers a request that never comes to the handler. Null: with plain text.
  std::function<void(const Request& head, int status, absl::string_view message,
                     ResponseWriter& response)>
      refuse;
  size_t max_header_bytes = 256 << 10;
  size_t max_body_bytes = 64 << 20;
  // Of all bodies that are held at a time, as far as they have come; beyond it requests get 503.
  size_t max_held_bytes = size_t{1} << 30;
  // Instead of a budget of its own with that limit.
  std::shared_ptr<MemoryBudget> memory;
  // Beyond it, who has sent no request that is let in makes room, oldest first, then who is between
  // two, then who is in a body and has sent nothing of it for longest; else new connections get
  // 503.
  int max_connections = 1024;
  absl::Duration header_timeout = absl::Seconds(30);  // from the first byte of a request
  absl::Duration first_timeout = absl::Seconds(30);   // until the first byte of a connection
  absl::Duration idle_timeout = absl::Minutes(10);    // between two requests
  absl::Duration io_timeout = absl::Seconds(60);      // without a byte read or written
  // Bytes a second: a body may take io_timeout, and what it takes at this rate. Else it gets 408.
  double least_body_rate = 8192;
};

// Thread-safe.
class HttpServer {
 public:
  // Must answer. Called from many threads at once.
  using Handler = std::function<void(Request& request, ResponseWriter& response)>;

  // Serves on `listener` until it is destroyed.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(FileDescriptor listener, Handler handler,
                                                           HttpServerOptions options);
  ~HttpServer();

  int port() const { return port_; }
  int connections() const { return connections_.load(); }

  // Takes no more connections and requests, gives those in work `drain` to end, and breaks off the
  // rest.
  void Stop(absl::Duration drain);

 private:
  friend class Connection;
  HttpServer(FileDescriptor listener, FileDescriptor stop, Handler handler,
             HttpServerOptions options);
  void Accept();
  void Serve(FileDescriptor client);
  void Waits(int fd);  // for another request
  // Its request is let in, and a piece of it has come.
  void Progresses(int fd);
  void WaitsNoLonger(int fd);
  // Breaks off a connection that waits, if there is one, and waits for its end.
  void MakeRoom();
  bool StartThread(FileDescriptor client);

  const FileDescriptor listener_;
  const FileDescriptor stop_;  // an eventfd: readable once the server stops
  const Handler handler_;
  const HttpServerOptions options_;
  const int port_;
  std::atomic<int> connections_{0};
  const std::shared_ptr<MemoryBudget> memory_;
  absl::Mutex mutex_;
  std::set<int> open_ ABSL_GUARDED_BY(mutex_);
  // Connections that wait for a request, longest first: for their first, and for another.
  std::list<int> new_ ABSL_GUARDED_BY(mutex_);
  std::list<int> idle_ ABSL_GUARDED_BY(mutex_);
  // Those whose body has begun, by when its last piece came.
  absl::flat_hash_map<int, absl::Time> bodies_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread acceptor_;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_HTTP_SERVER_H_
