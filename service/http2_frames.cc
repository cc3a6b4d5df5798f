#include "service/http2_frames.h"

#include <algorithm>
#include <string_view>

namespace fovea::service {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9113, section 6.
enum Type : uint8_t {
  kData = 0x0,
  kHeaders = 0x1,
  kRstStream = 0x3,
  kSettingsFrame = 0x4,
  kPing = 0x6,
  kGoAway = 0x7,
  kContinuation = 0x9
};
constexpr uint8_t kEndStream = 0x1;
constexpr uint8_t kEndHeaders = 0x4;
constexpr uint8_t kAck = 0x1;

}  // namespace

bool Http2Frames::Take(std::span<const uint8_t> bytes, Time now) {
  while (!bytes.empty() && !other_ && !over_) {
    size_t taken = 1;
    if (preface_ < kPreface.size()) {
      other_ = bytes[0] != static_cast<uint8_t>(kPreface[preface_]);
      ++preface_;
    } else if (payload_left_ > 0) {
      taken = std::min(payload_left_, bytes.size());
      payload_left_ -= taken;
    } else {
      header_[header_bytes_] = bytes[0];
      if (++header_bytes_ == kFrameHeader) over_ = !TakeFrame(now);
    }
    bytes = bytes.subspan(taken);
  }
  return !over_;
}

bool Http2Frames::Bucket::Take(const Rate& rate, Time now) {
  const std::chrono::duration<double> passed = now - last_;
  taken_ = std::max(0.0, taken_ - passed.count() * rate.per_second) + 1;
  last_ = now;
  return taken_ <= rate.at_once;
}

bool Http2Frames::TakeFrame(Time now) {
  header_bytes_ = 0;
  payload_left_ = size_t{header_[0]} << 16 | size_t{header_[1]} << 8 | header_[2];
  const uint8_t flags = header_[4];
  switch (header_[3]) {
    case kData:
      return TakeData(flags, now);
    case kHeaders:
    case kContinuation:
      return TakeHeaders(header_[3], flags);
    case kRstStream:
      return resets_.Take(kResets, now);
    case kSettingsFrame:
      return TakeSettings(flags, now);
    case kPing:
      return pings_.Take(kPings, now);
    case kGoAway:
      return go_aways_.Take(kGoAways, now);
    default:
      return true;
  }
}

bool Http2Frames::TakeHeaders(uint8_t type, uint8_t flags) {
  if (type == kHeaders) {
    block_bytes_ = block_frames_ = 0;
    if (!took_settings_ && ++calls_before_settings_ > kMaxCallsBeforeSettings) return false;
  }
  block_bytes_ += payload_left_;
  ++block_frames_;
  const bool within = block_bytes_ <= kMaxBlockBytes && block_frames_ <= kMaxBlockFrames;
  if ((flags & kEndHeaders) != 0) block_bytes_ = block_frames_ = 0;
  return within;
}

bool Http2Frames::TakeSettings(uint8_t flags, Time now) {
  if (server_sent_ && (flags & kAck) != 0) took_settings_ = true;
  return settings_.Take(kSettings, now);
}

bool Http2Frames::TakeData(uint8_t flags, Time now) {
  // gRPC gives up a call by itself where it does not know a flag, which costs what a reset does. It
  // does not know padding, either, and no client of gRPC's sends it.
  if ((flags & ~kEndStream) != 0) return false;
  const bool empty = payload_left_ == 0 && (flags & kEndStream) == 0;
  return !empty || empty_data_.Take(kEmptyData, now);
}

}  // namespace fovea::service
