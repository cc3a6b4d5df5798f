// The frames of an HTTP/2 connection, as far as they say what a peer costs.
#ifndef FOVEA_SERVICE_HTTP2_FRAMES_H_
#define FOVEA_SERVICE_HTTP2_FRAMES_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fovea::service {

// Reads what a client sends, from its connection preface on, in pieces of any size (RFC 9113,
// sections 3.4 and 4.1). Keeps a few numbers of it and no bytes. Thread-compatible.
class Http2Frames {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A header block, which is a HEADERS frame and those that continue it: gRPC takes 16 KiB of
  // metadata, and the rest is room for what its own error is for.
  static constexpr size_t kMaxBlockBytes = size_t{64} << 10;
  static constexpr size_t kMaxBlockFrames = 32;
  // Calls that are begun before the client has said that it took the server's settings (section
  // 6.5.3): until then gRPC 1.51 does not hold it to how many it may have at a time. Nor does it
  // ever, if that was said before the settings were sent.
  static constexpr size_t kMaxCallsBeforeSettings = 256;
  // Frames that cost the server something and say little: so many at once, and so many a second.
  struct Rate {
    double at_once = 0;
    double per_second = 0;
  };
  // Of calls that are given up. Some clients also end calls so that were answered.
  static constexpr Rate kResets = {.at_once = 10'000, .per_second = 2'000};
  static constexpr Rate kSettings = {.at_once = 500, .per_second = 50};
  // Clients measure by them how much is on its way, one for each answer that is large.
  static constexpr Rate kPings = {.at_once = 3'000, .per_second = 1'000};
  static constexpr Rate kEmptyData = {.at_once = 2'000, .per_second = 500};
  static constexpr Rate kGoAways = {.at_once = 8, .per_second = 0.1};

  // False from when the peer went over a limit. A peer that does not begin as HTTP/2 does is not
  // looked at: gRPC refuses it.
  bool Take(std::span<const uint8_t> bytes, Time now);
  // The server, whose settings are the first thing that it sends, has sent something.
  void ServerSent() { server_sent_ = true; }

 private:
  static constexpr size_t kFrameHeader = 9;  // bytes

  // What is left of a rate.
  class Bucket {
   public:
    bool Take(const Rate& rate, Time now);

   private:
    double taken_ = 0;
    Time last_ = {};
  };

  bool TakeFrame(Time now);
  bool TakeHeaders(uint8_t type, uint8_t flags);
  bool TakeSettings(uint8_t flags, Time now);
  bool TakeData(uint8_t flags, Time now);

  bool other_ = false;  // no HTTP/2
  bool over_ = false;
  size_t preface_ = 0;  // bytes of it that came
  std::array<uint8_t, kFrameHeader> header_ = {};
  size_t header_bytes_ = 0;
  size_t payload_left_ = 0;
  size_t block_bytes_ = 0;
  size_t block_frames_ = 0;
  bool server_sent_ = false;
  bool took_settings_ = false;
  size_t calls_before_settings_ = 0;
  Bucket resets_;
  Bucket settings_;
  Bucket pings_;
  Bucket empty_data_;
  Bucket go_aways_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_HTTP2_FRAMES_H_
