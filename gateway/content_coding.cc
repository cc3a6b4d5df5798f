#include "gateway/content_coding.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::gateway {
namespace {

constexpr size_t kStepBytes = 256 << 10;
constexpr int kAnyWindow = 15 + 32;  // zlib: gzip's and zlib's own header, whichever is there
constexpr Bytef kGzipMagic[] = {0x1f, 0x8b};
constexpr int kMaxZstdWindowLog = 27;  // 128 MiB, as zstd's own program
constexpr size_t kBrotliWindowBytes = 16 << 20;

absl::Status Damaged(absl::string_view coding) {
  return absl::InvalidArgumentError(absl::StrCat("the body is not ", coding));
}

// Counts what was decoded, and hands it on.
class Bounded : public Decoder {
 public:
  explicit Bounded(size_t max_bytes) : max_bytes_(max_bytes) {}

 protected:
  absl::Status Give(size_t size, Sink sink) {
    if (size > max_bytes_ - given_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the body has over ", max_bytes_, " bytes without its coding"));
    }
    given_ += size;
    return size == 0 ? absl::OkStatus() : sink({step_.data(), size});
  }

  std::vector<char> step_ = std::vector<char>(kStepBytes);

 private:
  const size_t max_bytes_;
  size_t given_ = 0;
};

class ZlibDecoder final : public Bounded {
 public:
  ZlibDecoder(absl::string_view coding, size_t max_bytes) : Bounded(max_bytes), coding_(coding) {
    ready_ = inflateInit2(&stream_, kAnyWindow) == Z_OK;
  }
  ~ZlibDecoder() override { inflateEnd(&stream_); }
  ZlibDecoder(const ZlibDecoder&) = delete;
  ZlibDecoder& operator=(const ZlibDecoder&) = delete;

  absl::Status Feed(absl::string_view bytes, Sink sink) override {
    if (!ready_) return absl::ResourceExhaustedError("zlib");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    bool more = !bytes.empty();
    while (more) {
      if (complete_ && !NextMember()) return absl::OkStatus();
      stream_.next_out = reinterpret_cast<Bytef*>(step_.data());
      stream_.avail_out = static_cast<uInt>(kStepBytes);
      const int code = inflate(&stream_, Z_NO_FLUSH);
      const bool stuck = code == Z_BUF_ERROR && stream_.avail_in > 0;
      if (stuck || (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)) {
        return Damaged(coding_);
      }
      complete_ = code == Z_STREAM_END;
      FOVEA_RETURN_IF_ERROR(Give(kStepBytes - stream_.avail_out, sink));
      // With its output full, it may hold more than it was given room for.
      more = stream_.avail_in > 0 || (!complete_ && stream_.avail_out == 0);
    }
    return absl::OkStatus();
  }
  bool complete() const override { return complete_; }

 private:
  // Behind the end: whether another member of a gzip body begins, whose magic may come in two
  // pieces. All else there is not of the body.
  bool NextMember() {
    while (complete_ && !other_ && stream_.avail_in > 0) {
      const bool fits = *stream_.next_in == kGzipMagic[magic_seen_];
      ++stream_.next_in;
      --stream_.avail_in;
      other_ = !fits;
      if (!fits || ++magic_seen_ < sizeof(kGzipMagic)) continue;
      magic_seen_ = 0;
      const Bytef* const behind = stream_.next_in;
      const uInt left = stream_.avail_in;
      inflateReset(&stream_);
      Bytef magic[sizeof(kGzipMagic)];
      std::copy(std::begin(kGzipMagic), std::end(kGzipMagic), magic);
      stream_.next_in = magic;
      stream_.avail_in = sizeof(magic);
      stream_.next_out = reinterpret_cast<Bytef*>(step_.data());
      stream_.avail_out = static_cast<uInt>(kStepBytes);
      inflate(&stream_, Z_NO_FLUSH);
      stream_.next_in = const_cast<Bytef*>(behind);
      stream_.avail_in = left;
      complete_ = false;
    }
    return !complete_;
  }

  const std::string coding_;
  z_stream stream_ = {};
  bool ready_ = false;
  bool complete_ = false;
  bool other_ = false;     // what stands behind the end is no member
  size_t magic_seen_ = 0;  // bytes of the next member's
};

class ZstdDecoder final : public Bounded {
 public:
  explicit ZstdDecoder(size_t max_bytes)
      : Bounded(max_bytes), context_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  }

  absl::Status Feed(absl::string_view bytes, Sink sink) override {
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    bool full = false;
    while (in.pos < in.size || full) {
      ZSTD_outBuffer out = {step_.data(), kStepBytes, 0};
      left_ = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(left_) != 0) return Damaged("zstd");
      FOVEA_RETURN_IF_ERROR(Give(out.pos, sink));
      full = left_ != 0 && out.pos == out.size;
    }
    return absl::OkStatus();
  }
  bool complete() const override { return left_ == 0; }

 private:
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context_;
  size_t left_ = 1;  // 0 at the end of a frame; another may follow
};

class BrotliDecoder final : public Bounded {
 public:
  explicit BrotliDecoder(size_t max_bytes)
      : Bounded(max_bytes),
        state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr),
               BrotliDecoderDestroyInstance) {}

  absl::Status Feed(absl::string_view bytes, Sink sink) override {
    if (state_ == nullptr) return absl::ResourceExhaustedError("brotli");
    const auto* in = reinterpret_cast<const uint8_t*>(bytes.data());
    size_t in_size = bytes.size();
    bool full = false;
    while (in_size > 0 || full) {
      if (complete_) return absl::OkStatus();  // what stands behind the end is not of the body
      auto* out = reinterpret_cast<uint8_t*>(step_.data());
      size_t room = kStepBytes;
      const BrotliDecoderResult result =
          BrotliDecoderDecompressStream(state_.get(), &in_size, &in, &room, &out, nullptr);
      if (result == BROTLI_DECODER_RESULT_ERROR) return Damaged("br");
      complete_ = result == BROTLI_DECODER_RESULT_SUCCESS;
      FOVEA_RETURN_IF_ERROR(Give(kStepBytes - room, sink));
      full = result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    }
    return absl::OkStatus();
  }
  bool complete() const override { return complete_; }

 private:
  const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state_;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<Decoder> Decoder::Create(absl::string_view coding, size_t max_bytes) {
  if (absl::EqualsIgnoreCase(coding, "zstd")) return std::make_unique<ZstdDecoder>(max_bytes);
  if (absl::EqualsIgnoreCase(coding, "br")) return std::make_unique<BrotliDecoder>(max_bytes);
  for (const char* known : {"gzip", "x-gzip", "deflate"}) {
    if (absl::EqualsIgnoreCase(coding, known)) {
      return std::make_unique<ZlibDecoder>(coding, max_bytes);
    }
  }
  return nullptr;
}

size_t CostOfDecoding(absl::string_view coding) {
  if (absl::EqualsIgnoreCase(coding, "zstd")) return size_t{1} << kMaxZstdWindowLog;
  if (absl::EqualsIgnoreCase(coding, "br")) return kBrotliWindowBytes;
  return kStepBytes;
}

absl::StatusOr<std::string> Decoded(absl::string_view coding, absl::string_view bytes,
                                    size_t max_bytes,
                                    absl::FunctionRef<absl::Status(size_t bytes)> may_grow) {
  const std::unique_ptr<Decoder> decoder = Decoder::Create(coding, max_bytes);
  if (decoder == nullptr) return absl::InvalidArgumentError("the body's coding is not known");
  std::string out;
  FOVEA_RETURN_IF_ERROR(decoder->Feed(bytes, [&](absl::string_view piece) {
    absl::Status grown = may_grow(piece.size());
    if (grown.ok()) absl::StrAppend(&out, piece);
    return grown;
  }));
  if (!decoder->complete()) return Damaged(coding);
  return out;
}

}  // namespace fovea::gateway
