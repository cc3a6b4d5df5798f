// A TCP connection whose every wait has a bound.
#ifndef FOVEA_GATEWAY_SOCKET_H_
#define FOVEA_GATEWAY_SOCKET_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace fovea::gateway {

// Owns a file descriptor. Thread-compatible.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~FileDescriptor() { Reset(-1); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  void Reset(int fd);
  int fd_ = -1;
};

// Reads what there is, at most `size` bytes; 0 at the end. DEADLINE_EXCEEDED if nothing came in
// time, CANCELLED if `stop_fd` (none if negative) became readable first, UNAVAILABLE if the
// connection broke.
absl::StatusOr<size_t> ReadSome(int fd, char* to, size_t size, absl::Duration timeout, int stop_fd);

// Writes all. DEADLINE_EXCEEDED if the other side took nothing for `timeout`, UNAVAILABLE if the
// connection broke.
absl::Status WriteAll(int fd, absl::string_view bytes, absl::Duration timeout);

// Whether the other side has closed or broken the connection, or sends nothing more. Does not wait,
// and takes nothing off the wire.
bool PeerHasClosed(int fd);
// Whether it is broken: once something was written to who has closed it.
bool IsBroken(int fd);

// A listening socket on "HOST:PORT" (HOST may be in brackets; port 0: any that is free).
// INVALID_ARGUMENT for another form, UNAVAILABLE if the address is taken.
absl::StatusOr<FileDescriptor> Listen(absl::string_view address);

// The port that a socket is bound to; 0 if none.
int LocalPort(int fd);

// Whether it is bound to an address that other machines do not reach.
bool IsLoopback(int fd);

// Splits "HOST:PORT". INVALID_ARGUMENT names `address` if it is of another form.
absl::StatusOr<std::pair<std::string, int>> SplitHostPort(absl::string_view address);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_SOCKET_H_
