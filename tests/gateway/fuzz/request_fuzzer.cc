// Bytes of a client, as HTTP requests.
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "gateway/http_connection.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::gateway;  // NOLINT(google-build-using-namespace)
  if (size > 60'000) return 0;     // it has to fit into the socket
  static const int stop = eventfd(0, EFD_CLOEXEC);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) return 0;
  if (write(ends[0], data, size) < 0) size = 0;
  shutdown(ends[0], SHUT_WR);
  {
    const HttpServerOptions options{.max_body_bytes = 1 << 16};
    const auto all = std::make_shared<MemoryBudget>(1 << 20);
    RequestReader reader(ends[1], stop, options);
    for (int i = 0; i < 100; ++i) {
      const auto next = reader.Next(std::make_unique<HeldBytes>(all), [] {});
      if (!next.request.has_value()) break;
      if (next.request->body->size() > options.max_body_bytes) __builtin_trap();
    }
    if (all->held() != 0) __builtin_trap();
  }
  close(ends[0]);
  close(ends[1]);
  return 0;
}
