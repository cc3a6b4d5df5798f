#include "core/base/image_size.h"

#include <cstddef>
#include <cstdint>

namespace fovea {
namespace {

constexpr uint32_t kMaxSidePx = 1U << 20;

uint32_t Byte(std::string_view data, size_t at) { return static_cast<unsigned char>(data[at]); }

uint32_t BigEndian16(std::string_view data, size_t at) {
  return Byte(data, at) << 8 | Byte(data, at + 1);
}

uint32_t BigEndian32(std::string_view data, size_t at) {
  return BigEndian16(data, at) << 16 | BigEndian16(data, at + 2);
}

uint32_t LittleEndian16(std::string_view data, size_t at) {
  return Byte(data, at) | Byte(data, at + 1) << 8;
}

uint32_t LittleEndian24(std::string_view data, size_t at) {
  return LittleEndian16(data, at) | Byte(data, at + 2) << 16;
}

std::optional<ImageSize> Checked(uint32_t width, uint32_t height) {
  if (width == 0 || height == 0 || width > kMaxSidePx || height > kMaxSidePx) return std::nullopt;
  return ImageSize{.width = static_cast<int>(width), .height = static_cast<int>(height)};
}

std::optional<ImageSize> PngSize(std::string_view data) {
  if (data.size() < 24 || data.substr(12, 4) != "IHDR") return std::nullopt;
  return Checked(BigEndian32(data, 16), BigEndian32(data, 20));
}

std::optional<ImageSize> GifSize(std::string_view data) {
  if (data.size() < 10) return std::nullopt;
  return Checked(LittleEndian16(data, 6), LittleEndian16(data, 8));
}

// The frame headers: C0 to CF but for the tables C4 and CC and the extension C8.
bool IsFrameHeader(uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// Markers that stand alone, without a length.
bool IsBareMarker(uint32_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8); }

std::optional<ImageSize> JpegSize(std::string_view data) {
  size_t at = 2;
  while (at + 4 <= data.size()) {
    if (Byte(data, at) != 0xFF) return std::nullopt;
    const uint32_t marker = Byte(data, at + 1);
    if (marker == 0xFF) {  // fill
      ++at;
    } else if (IsBareMarker(marker)) {
      at += 2;
    } else if (IsFrameHeader(marker)) {
      if (at + 9 > data.size()) return std::nullopt;
      return Checked(BigEndian16(data, at + 7), BigEndian16(data, at + 5));
    } else if (marker == 0xD9 || marker == 0xDA) {  // the picture itself, or its end
      return std::nullopt;
    } else {
      at += 2 + BigEndian16(data, at + 2);
    }
  }
  return std::nullopt;
}

std::optional<ImageSize> WebpSize(std::string_view data) {
  if (data.size() < 30) return std::nullopt;
  const std::string_view chunk = data.substr(12, 4);
  if (chunk == "VP8X") return Checked(LittleEndian24(data, 24) + 1, LittleEndian24(data, 27) + 1);
  if (chunk == "VP8L" && Byte(data, 20) == 0x2F) {
    const uint32_t bits = LittleEndian16(data, 21) | LittleEndian16(data, 23) << 16;
    return Checked((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
  }
  if (chunk == "VP8 " && data.substr(23, 3) == "\x9D\x01\x2A") {
    return Checked(LittleEndian16(data, 26) & 0x3FFF, LittleEndian16(data, 28) & 0x3FFF);
  }
  return std::nullopt;
}

}  // namespace

std::string_view ImageMediaType(std::string_view data) {
  if (data.starts_with("\x89PNG\r\n\x1A\n")) return "image/png";
  if (data.starts_with("\xFF\xD8")) return "image/jpeg";
  if (data.starts_with("GIF87a") || data.starts_with("GIF89a")) return "image/gif";
  if (data.starts_with("RIFF") && data.size() >= 12 && data.substr(8, 4) == "WEBP") {
    return "image/webp";
  }
  return "";
}

std::optional<ImageSize> ReadImageSize(std::string_view data) {
  const std::string_view type = ImageMediaType(data);
  if (type == "image/png") return PngSize(data);
  if (type == "image/jpeg") return JpegSize(data);
  if (type == "image/gif") return GifSize(data);
  if (type == "image/webp") return WebpSize(data);
  return std::nullopt;
}

}  // namespace fovea
