#include "service/http2_frames.h"

#include <algorithm>
#include <string_view>

namespace fovea::service {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9113, section 6.
constexpr uint8_t kHeaders = 0x1;
constexpr uint8_t kRstStream = 0x3;
constexpr uint8_t kContinuation = 0x9;
constexpr uint8_t kEndHeaders = 0x4;

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

bool Http2Frames::TakeFrame(Time now) {
  header_bytes_ = 0;
  payload_left_ = size_t{header_[0]} << 16 | size_t{header_[1]} << 8 | header_[2];
  const uint8_t type = header_[3];
  if (type == kRstStream) return TakeReset(now);
  if (type != kHeaders && type != kContinuation) return true;
  if (type == kHeaders) block_bytes_ = block_frames_ = 0;
  block_bytes_ += payload_left_;
  ++block_frames_;
  const bool within = block_bytes_ <= kMaxBlockBytes && block_frames_ <= kMaxBlockFrames;
  if ((header_[4] & kEndHeaders) != 0) block_bytes_ = block_frames_ = 0;
  return within;
}

bool Http2Frames::TakeReset(Time now) {
  const std::chrono::duration<double> passed = now - last_reset_;
  resets_left_ = std::min(kMaxResets, resets_left_ + passed.count() * kResetsPerSecond) - 1;
  last_reset_ = now;
  return resets_left_ >= 0;
}

}  // namespace fovea::service
