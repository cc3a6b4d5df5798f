#include "render/png.h"

#include <isa-l.h>
#include <libdeflate.h>

#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace fovea::render {
namespace {

constexpr std::string_view kSignature("\x89PNG\r\n\x1A\n", 8);
constexpr char kColourGrey = 0;
constexpr uint8_t kFilterNone = 0;

// igzip's level 3 gives other bytes on other processors; 0 to 2 do not.
constexpr int kFastLevel = 2;
constexpr int kSmallLevel = 6;
// What igzip may add to a text that does not compress, and its header and checksum.
constexpr size_t kFastSpare = 4096;

void AppendBigEndian(uint32_t value, std::string* out) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

void AppendChunk(std::string_view type, std::string_view data, std::string* out) {
  AppendBigEndian(static_cast<uint32_t>(data.size()), out);
  const size_t checked = out->size();
  out->append(type);
  out->append(data);
  AppendBigEndian(libdeflate_crc32(0, out->data() + checked, out->size() - checked), out);
}

std::string ImageHeader(int width, int height, int bits) {
  std::string header;
  AppendBigEndian(static_cast<uint32_t>(width), &header);
  AppendBigEndian(static_cast<uint32_t>(height), &header);
  header.push_back(static_cast<char>(bits));
  header.push_back(kColourGrey);
  header.append(3, 0);  // deflate, the standard filters, not interlaced
  return header;
}

// The upper kBits of each pixel, first pixel in the highest bits.
template <int kBits>
void PackRow(const uint8_t* pixels, int width, uint8_t* out) {
  constexpr int kPerByte = 8 / kBits;
  constexpr int kMask = (0xFF << (8 - kBits)) & 0xFF;
  const int whole = width / kPerByte;
  for (int i = 0; i < whole; ++i) {
    int byte = 0;
    for (int j = 0; j < kPerByte; ++j) {
      byte |= (pixels[static_cast<ptrdiff_t>(i) * kPerByte + j] & kMask) >> (j * kBits);
    }
    out[i] = static_cast<uint8_t>(byte);
  }
  const int rest = width % kPerByte;
  if (rest == 0) return;
  int byte = 0;
  for (int j = 0; j < rest; ++j) {
    byte |= (pixels[static_cast<ptrdiff_t>(whole) * kPerByte + j] & kMask) >> (j * kBits);
  }
  out[whole] = static_cast<uint8_t>(byte);
}

void PackRows(std::string_view pixels, int width, int height, int bits, size_t row_bytes,
              char* packed) {
  const auto* from = reinterpret_cast<const uint8_t*>(pixels.data());
  auto* to = reinterpret_cast<uint8_t*>(packed);
  for (int row = 0; row < height; ++row) {
    uint8_t* line = to + 1;
    *to = kFilterNone;
    if (bits == 1) PackRow<1>(from, width, line);
    if (bits == 2) PackRow<2>(from, width, line);
    if (bits == 4) PackRow<4>(from, width, line);
    if (bits == 8) PackRow<8>(from, width, line);
    from += width;
    to += row_bytes + 1;
  }
}

}  // namespace

char* PngEncoder::Buffer::Reserve(size_t count) {
  if (count > size) {
    bytes = std::make_unique_for_overwrite<char[]>(count);
    size = count;
  }
  return bytes.get();
}

void PngEncoder::CompressorFree::operator()(libdeflate_compressor* compressor) const {
  libdeflate_free_compressor(compressor);
}

absl::StatusOr<PngEncoder> PngEncoder::Create() {
  PngEncoder encoder;
  encoder.compressor_.reset(libdeflate_alloc_compressor(kSmallLevel));
  if (encoder.compressor_ == nullptr) {
    return absl::ResourceExhaustedError("no memory to compress a page");
  }
  return encoder;
}

std::string PngEncoder::LibraryVersions() {
  return absl::StrCat("isa-l ", ISAL_MAJOR_VERSION, ".", ISAL_MINOR_VERSION, ".",
                      ISAL_PATCH_VERSION, "/", kFastLevel, " libdeflate ",
                      LIBDEFLATE_VERSION_STRING, "/", kSmallLevel);
}

size_t PngEncoder::CompressFast(std::string_view packed) {
  const size_t room = packed.size() + packed.size() / 16 + kFastSpare;
  if (room > std::numeric_limits<uint32_t>::max()) return 0;
  // The library's own initialiser leaves hist_bits, how far it may look back, as it was.
  isal_zstream stream = {};
  isal_deflate_stateless_init(&stream);
  stream.level = kFastLevel;
  stream.level_buf = reinterpret_cast<uint8_t*>(fast_memory_.Reserve(ISAL_DEF_LVL2_DEFAULT));
  stream.level_buf_size = ISAL_DEF_LVL2_DEFAULT;
  stream.gzip_flag = IGZIP_ZLIB;
  stream.end_of_stream = 1;
  // The library does not write to its input.
  stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uint32_t>(packed.size());
  stream.next_out = reinterpret_cast<uint8_t*>(stream_.Reserve(room));
  stream.avail_out = static_cast<uint32_t>(room);
  return isal_deflate_stateless(&stream) == COMP_OK ? stream.total_out : 0;
}

size_t PngEncoder::CompressSmall(std::string_view packed) {
  const size_t room = libdeflate_zlib_compress_bound(compressor_.get(), packed.size());
  return libdeflate_zlib_compress(compressor_.get(), packed.data(), packed.size(),
                                  stream_.Reserve(room), room);
}

absl::StatusOr<std::string> PngEncoder::Encode(std::string_view pixels, int width, int height,
                                               int bits, PageEffort effort) {
  const size_t row_bytes = (static_cast<size_t>(width) * static_cast<size_t>(bits) + 7) / 8;
  const size_t packed_size = (row_bytes + 1) * static_cast<size_t>(height);
  char* packed = packed_.Reserve(packed_size);
  PackRows(pixels, width, height, bits, row_bytes, packed);
  const size_t size = effort == PageEffort::kSmall ? CompressSmall({packed, packed_size})
                                                   : CompressFast({packed, packed_size});
  if (size == 0) return absl::InternalError("a page does not compress");
  std::string png;
  png.reserve(size + 64);
  png.append(kSignature);
  AppendChunk("IHDR", ImageHeader(width, height, bits), &png);
  AppendChunk("IDAT", {stream_.bytes.get(), size}, &png);
  AppendChunk("IEND", "", &png);
  return png;
}

}  // namespace fovea::render
