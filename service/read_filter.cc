#include "service/read_filter.h"

#include <dlfcn.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <span>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "service/http2_frames.h"

namespace fovea::service {
namespace {

// More than the connections and files that a server has; sockets with higher numbers are not looked
// at.
constexpr size_t kSockets = 65'536;

struct Plain {
  std::atomic<bool> server_sent = false;
  absl::Mutex mutex;
  ino_t inode ABSL_GUARDED_BY(mutex) = 0;
  Http2Frames frames ABSL_GUARDED_BY(mutex);
};

// One for each number that a socket had; never freed, as the next of that number takes it.
std::array<std::atomic<Plain*>, kSockets> plain = {};
std::atomic<uint64_t> filtered = 0;

template <class Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool TakePlain(int socket, const msghdr& message, size_t bytes) {
  if (socket < 0 || static_cast<size_t>(socket) >= kSockets) return true;
  Plain* const found = plain[static_cast<size_t>(socket)].load(std::memory_order_acquire);
  struct stat info = {};
  if (found == nullptr || fstat(socket, &info) != 0) return true;
  const auto now = std::chrono::steady_clock::now();
  const absl::MutexLock lock(&found->mutex);
  if (found->inode != info.st_ino) return true;
  if (found->server_sent) found->frames.ServerSent();
  for (size_t i = 0; i < message.msg_iovlen && bytes > 0; ++i) {
    const iovec& piece = message.msg_iov[i];
    const size_t taken = std::min(piece.iov_len, bytes);
    if (!found->frames.Take({static_cast<const uint8_t*>(piece.iov_base), taken}, now))
      return false;
    bytes -= taken;
  }
  return true;
}

void FreeFrames(void* /*ssl*/, void* frames, CRYPTO_EX_DATA* /*all*/, int /*index*/, long /*argl*/,
                void* /*argp*/) {
  delete static_cast<Http2Frames*>(frames);
}

// A socket of that number that is another by now loses nothing by it: FilterReads forgets it.
void NotePlainSent(int socket) {
  if (socket < 0 || static_cast<size_t>(socket) >= kSockets) return;
  Plain* const found = plain[static_cast<size_t>(socket)].load(std::memory_order_acquire);
  if (found != nullptr && !found->server_sent) found->server_sent = true;
}

// Null where there are none. gRPC reads and writes a connection's TLS under one lock.
Http2Frames* FramesOf(SSL* ssl) {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeFrames);
  if (index < 0 || SSL_is_server(ssl) == 0) return nullptr;
  if (void* const frames = SSL_get_ex_data(ssl, index)) return static_cast<Http2Frames*>(frames);
  auto made = std::make_unique<Http2Frames>();
  return SSL_set_ex_data(ssl, index, made.get()) == 1 ? made.release() : nullptr;
}

}  // namespace

void FilterReads(int socket, ino_t inode) {
  if (socket < 0 || static_cast<size_t>(socket) >= kSockets) return;
  std::atomic<Plain*>& slot = plain[static_cast<size_t>(socket)];
  Plain* of = slot.load(std::memory_order_acquire);
  if (of == nullptr) of = new Plain();
  {
    const absl::MutexLock lock(&of->mutex);
    of->inode = inode;
    of->frames = Http2Frames();
    of->server_sent = false;
  }
  slot.store(of, std::memory_order_release);
}

uint64_t FilteredConnections() { return filtered; }

}  // namespace fovea::service

extern "C" {

ssize_t recvmsg(int socket, msghdr* message, int flags) {
  static auto* const next = fovea::service::Next<decltype(recvmsg)>("recvmsg");
  const ssize_t bytes = next(socket, message, flags);
  if (bytes <= 0 || (flags & (MSG_PEEK | MSG_ERRQUEUE)) != 0) return bytes;
  if (fovea::service::TakePlain(socket, *message, static_cast<size_t>(bytes))) return bytes;
  ++fovea::service::filtered;
  shutdown(socket, SHUT_RDWR);
  errno = ECONNRESET;
  return -1;
}

int SSL_read(SSL* ssl, void* buffer, int size) {
  static auto* const next = fovea::service::Next<decltype(SSL_read)>("SSL_read");
  const int bytes = next(ssl, buffer, size);
  if (bytes <= 0) return bytes;
  const std::span<const uint8_t> read(static_cast<const uint8_t*>(buffer),
                                      static_cast<size_t>(bytes));
  fovea::service::Http2Frames* const frames = fovea::service::FramesOf(ssl);
  if (frames == nullptr || frames->Take(read, std::chrono::steady_clock::now())) return bytes;
  ++fovea::service::filtered;
  return -1;
}

ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  static auto* const next = fovea::service::Next<decltype(sendmsg)>("sendmsg");
  fovea::service::NotePlainSent(socket);
  return next(socket, message, flags);
}

int SSL_write(SSL* ssl, const void* buffer, int size) {
  static auto* const next = fovea::service::Next<decltype(SSL_write)>("SSL_write");
  if (fovea::service::Http2Frames* const frames = fovea::service::FramesOf(ssl)) {
    frames->ServerSent();
  }
  return next(ssl, buffer, size);
}
}
