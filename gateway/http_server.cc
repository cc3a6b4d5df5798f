#include "gateway/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/http_connection.h"

namespace fovea::gateway {
namespace {

constexpr size_t kStackBytes = 512 << 10;
constexpr absl::Duration kRoomPatience = absl::Milliseconds(200);

struct ThreadStart {
  std::function<void()> run;
};

void* RunThread(void* argument) {
  const std::unique_ptr<ThreadStart> start(static_cast<ThreadStart*>(argument));
  start->run();
  return nullptr;
}

// False if the system gives no thread.
bool StartDetached(std::function<void()> run) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  auto start = std::make_unique<ThreadStart>(ThreadStart{std::move(run)});
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, RunThread, start.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) return false;
  start.release();  // NOLINT(bugprone-unused-return-value): the thread owns it
  return true;
}

constexpr absl::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
    "Connection: close\r\n\r\n";

}  // namespace

absl::Status ResponseWriter::Send(ResponseHead head, absl::string_view body) {
  absl::Status status = Start(head, body.size());
  if (status.ok()) status = Write(body);
  if (status.ok()) status = Finish();
  return status;
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(FileDescriptor listener,
                                                              Handler handler,
                                                              HttpServerOptions options) {
  FileDescriptor stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop.valid()) return absl::UnavailableError(absl::StrCat("eventfd: ", strerror(errno)));
  auto server = std::unique_ptr<HttpServer>(
      new HttpServer(std::move(listener), std::move(stop), std::move(handler), std::move(options)));
  server->acceptor_ = std::thread([raw = server.get()] { raw->Accept(); });
  return server;
}

HttpServer::HttpServer(FileDescriptor listener, FileDescriptor stop, Handler handler,
                       HttpServerOptions options)
    : listener_(std::move(listener)),
      stop_(std::move(stop)),
      handler_(std::move(handler)),
      options_(std::move(options)),
      port_(LocalPort(listener_.get())),
      memory_(options_.memory != nullptr
                  ? options_.memory
                  : std::make_shared<MemoryBudget>(options_.max_held_bytes)) {}

HttpServer::~HttpServer() { Stop(absl::ZeroDuration()); }

void HttpServer::Stop(absl::Duration drain) {
  {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  const uint64_t one = 1;
  if (write(stop_.get(), &one, sizeof one) != sizeof one) return;  // an eventfd takes it
  if (acceptor_.joinable()) acceptor_.join();
  absl::MutexLock lock(&mutex_);
  const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_.empty(); };
  if (drain > absl::ZeroDuration()) mutex_.AwaitWithTimeout(absl::Condition(&idle), drain);
  for (int fd : open_) shutdown(fd, SHUT_RDWR);
  mutex_.Await(absl::Condition(&idle));
}

void HttpServer::Accept() {
  while (true) {
    pollfd waits[2] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) return;
    if (waits[1].revents != 0) return;
    if (waits[0].revents == 0) continue;
    FileDescriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client.valid()) {
      if (errno == EMFILE || errno == ENFILE) absl::SleepFor(absl::Milliseconds(50));
      continue;
    }
    const int on = 1;
    setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connections_.load() >= options_.max_connections) MakeRoom();
    if (connections_.load() >= options_.max_connections) {
      WriteAll(client.get(), kTooMany, absl::ZeroDuration()).IgnoreError();
      continue;
    }
    StartThread(std::move(client));
  }
}

bool HttpServer::StartThread(FileDescriptor client) {
  const int fd = client.Release();
  {
    absl::MutexLock lock(&mutex_);
    open_.insert(fd);
    // Here, since its thread may begin late: who comes next must find whom to close.
    new_.push_back(fd);
  }
  ++connections_;
  if (StartDetached([this, fd] { Serve(FileDescriptor(fd)); })) return true;
  --connections_;
  absl::MutexLock lock(&mutex_);
  open_.erase(fd);
  new_.remove(fd);
  close(fd);
  return false;
}

void HttpServer::Waits(int fd) {
  absl::MutexLock lock(&mutex_);
  idle_.push_back(fd);
}

void HttpServer::Progresses(int fd) {
  absl::MutexLock lock(&mutex_);
  const auto [body, begun] = bodies_.insert_or_assign(fd, absl::Now());
  if (!begun) return;
  new_.remove(fd);
  idle_.remove(fd);
}

void HttpServer::WaitsNoLonger(int fd) {
  absl::MutexLock lock(&mutex_);
  new_.remove(fd);
  idle_.remove(fd);
  bodies_.erase(fd);
}

void HttpServer::MakeRoom() {
  absl::MutexLock lock(&mutex_);
  if (std::list<int>& waiting = new_.empty() ? idle_ : new_; !waiting.empty()) {
    shutdown(waiting.front(), SHUT_RDWR);
    waiting.pop_front();
  } else {
    const auto slowest = std::min_element(
        bodies_.begin(), bodies_.end(),
        [](const auto& left, const auto& right) { return left.second < right.second; });
    if (slowest == bodies_.end()) return;
    shutdown(slowest->first, SHUT_RDWR);
    bodies_.erase(slowest);
  }
  const auto room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return connections_.load() < options_.max_connections;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&room), kRoomPatience);
}

void HttpServer::Serve(FileDescriptor client) {
  RequestReader reader(client.get(), stop_.get(), options_);
  bool open = true;
  bool first = true;
  while (open) {
    if (!first) Waits(client.get());
    first = false;
    RequestReader::Result next =
        reader.Next(std::make_unique<HeldBytes>(memory_), [&] { Progresses(client.get()); });
    WaitsNoLonger(client.get());
    if (next.error.has_value()) {
      const RequestError& error = *next.error;
      SocketResponse refusal(client.get(), false, error.head.method == "HEAD", false,
                             options_.io_timeout);
      if (options_.refuse != nullptr) {
        options_.refuse(error.head, error.status, error.message, refusal);
      } else {
        ResponseHead head{.status = error.status};
        head.headers.Add("Content-Type", "text/plain; charset=utf-8");
        if (error.status == 503) head.headers.Add("Retry-After", "1");
        refusal.Send(head, absl::StrCat("fovea gateway: ", error.message, "\n")).IgnoreError();
      }
      reader.Drain();
      break;
    }
    if (!next.request.has_value()) break;
    SocketResponse response(client.get(), next.request->http_1_0, next.request->method == "HEAD",
                            next.keep_alive, options_.io_timeout);
    handler_(*next.request, response);
    open = response.reusable();
  }
  // Under the lock, so that Stop never shuts down a descriptor that is somebody else's by now.
  absl::MutexLock lock(&mutex_);
  open_.erase(client.get());
  client = FileDescriptor();
  --connections_;
}

}  // namespace fovea::gateway
