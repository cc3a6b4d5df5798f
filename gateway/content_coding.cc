#include "gateway/content_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fovea::gateway {
namespace {

constexpr size_t kStepBytes = 256 << 10;
constexpr int kAnyWindow = 15 + 32;    // zlib: gzip's and zlib's own header, whichever is there
constexpr int kMaxZstdWindowLog = 27;  // 128 MiB, as zstd's own program

absl::Status TooLong(size_t max_bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the body has over ", max_bytes, " bytes without its coding"));
}

absl::Status Damaged(absl::string_view coding) {
  return absl::InvalidArgumentError(absl::StrCat("the body is not ", coding));
}

absl::StatusOr<std::string> Inflated(absl::string_view coding, absl::string_view bytes,
                                     size_t max_bytes) {
  z_stream stream = {};
  if (inflateInit2(&stream, kAnyWindow) != Z_OK) return absl::ResourceExhaustedError("zlib");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    const size_t before = out.size();
    if (before > max_bytes) return TooLong(max_bytes);
    out.resize(before + kStepBytes);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(kStepBytes);
    code = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + kStepBytes - stream.avail_out);
    if (code != Z_OK && code != Z_STREAM_END) return Damaged(coding);
    if (code == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) return Damaged(coding);
  }
  if (stream.avail_in > 0) return Damaged(coding);
  if (out.size() > max_bytes) return TooLong(max_bytes);
  return out;
}

absl::StatusOr<std::string> FromZstd(absl::string_view bytes, size_t max_bytes) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                   ZSTD_freeDCtx);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  std::string out;
  size_t left = 1;  // 0 at the end of a frame
  while (in.pos < in.size || left != 0) {
    const size_t before = out.size();
    if (before > max_bytes) return TooLong(max_bytes);
    out.resize(before + kStepBytes);
    ZSTD_outBuffer to = {out.data() + before, kStepBytes, 0};
    left = ZSTD_decompressStream(context.get(), &to, &in);
    out.resize(before + to.pos);
    if (ZSTD_isError(left)) return Damaged("zstd");
    if (left != 0 && in.pos == in.size && to.pos < to.size) return Damaged("zstd");
  }
  if (out.size() > max_bytes) return TooLong(max_bytes);
  return out;
}

}  // namespace

bool CanDecode(absl::string_view coding) {
  for (const char* known : {"gzip", "x-gzip", "deflate", "zstd"}) {
    if (absl::EqualsIgnoreCase(coding, known)) return true;
  }
  return false;
}

absl::StatusOr<std::string> Decoded(absl::string_view coding, absl::string_view bytes,
                                    size_t max_bytes) {
  if (!CanDecode(coding)) return absl::InvalidArgumentError("the body's coding is not known");
  return absl::EqualsIgnoreCase(coding, "zstd") ? FromZstd(bytes, max_bytes)
                                                : Inflated(coding, bytes, max_bytes);
}

}  // namespace fovea::gateway
