// Server-sent events, as they come in pieces.
#ifndef FOVEA_GATEWAY_SSE_H_
#define FOVEA_GATEWAY_SSE_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace fovea::gateway {

// Splits a stream into events. Lines end with LF, CRLF or CR. Thread-compatible.
class SseSplitter {
 public:
  // `raw`: the event as it came, with the empty line behind it. `data`: its data lines joined, ""
  // if it has none.
  using OnEvent = std::function<void(absl::string_view raw, absl::string_view data)>;

  // False from the byte on at which an event is longer than kMaxEventBytes.
  bool Feed(absl::string_view bytes, const OnEvent& on_event);
  // At the end of the stream: what came behind the last whole event, as one, if there is anything.
  void End(const OnEvent& on_event);
  // What came behind the last whole event.
  const std::string& rest() const { return buffer_; }

  static constexpr size_t kMaxEventBytes = 32 << 20;

 private:
  std::string buffer_;
  size_t scanned_ = 0;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_SSE_H_
