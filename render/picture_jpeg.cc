#include <cstddef>
#include <cstdio>
// jpeglib.h needs the two above.
#include <jpeglib.h>
// clang-format off
#include <jerror.h>  // needs jpeglib.h
// clang-format on

#include <csetjmp>

#include "render/picture_formats.h"
#include "render/picture_scaler.h"

namespace fovea::render {
namespace {

constexpr long kMaxDecoderBytes = 128 << 20;
// A progressive file of a few bytes a scan can hold thousands, each as dear as the first.
constexpr int kMaxScans = 32;
// Among so much damage is no picture.
constexpr long kMaxWarnings = 64;

// What must outlive a jump out of libjpeg.
struct JpegReading {
  explicit JpegReading(DecodingWatch* asked) : watch(*asked) {}

  DecodingWatch& watch;
  jpeg_decompress_struct decoder = {};
  jpeg_error_mgr errors = {};
  jpeg_progress_mgr progress = {};
  std::jmp_buf failed = {};
  std::optional<PictureScaler> scaler;
  std::vector<uint8_t> row;
};

JpegReading& ReadingOf(j_common_ptr decoder) {
  return *static_cast<JpegReading*>(decoder->client_data);
}

[[noreturn]] void Fail(j_common_ptr decoder) { std::longjmp(ReadingOf(decoder).failed, 1); }
void Ignore(j_common_ptr /*decoder*/) {}

// A level below 0 is a warning: of a file that was cut off, or of data that make no sense.
void CountWarning(j_common_ptr decoder, int level) {
  if (level >= 0) return;
  const bool cut_off = decoder->err->msg_code == JWRN_JPEG_EOF;
  if (cut_off || ++decoder->err->num_warnings > kMaxWarnings) Fail(decoder);
}

// Called for each row of blocks of each scan.
void CountScans(j_common_ptr decoder) {
  JpegReading& reading = ReadingOf(decoder);
  if (reading.decoder.input_scan_number > kMaxScans) Fail(decoder);
  if (reading.watch.AsksForEndAfter(size_t{reading.decoder.image_width} * DCTSIZE)) Fail(decoder);
}

// libjpeg decodes at n / 8 of the size for less. Twice the size wanted leaves the filter its work.
unsigned ReductionFor(const ImageSize& from, const ImageSize& to) {
  for (const int eighths : {1, 2, 4}) {
    if (from.width * eighths / 8 >= 2 * to.width && from.height * eighths / 8 >= 2 * to.height) {
      return static_cast<unsigned>(eighths);
    }
  }
  return 8;
}

bool Start(JpegReading& reading, std::string_view data, const ImageSize& from,
           const ImageSize& to) {
  jpeg_decompress_struct& decoder = reading.decoder;
  decoder.mem->max_memory_to_use = kMaxDecoderBytes;
  jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(data.data()), data.size());
  if (jpeg_read_header(&decoder, TRUE) != JPEG_HEADER_OK) return false;
  if (decoder.image_width != static_cast<unsigned>(from.width) ||
      decoder.image_height != static_cast<unsigned>(from.height)) {
    return false;
  }
  decoder.out_color_space = JCS_GRAYSCALE;
  decoder.scale_num = ReductionFor(from, to);
  decoder.scale_denom = 8;
  decoder.progress = &reading.progress;
  return jpeg_start_decompress(&decoder) == TRUE;
}

// No object with a destructor may live in here: libjpeg jumps out of it.
bool Read(JpegReading& reading, std::string_view data, const ImageSize& from, const ImageSize& to) {
  if (setjmp(reading.failed) != 0) return false;
  jpeg_create_decompress(&reading.decoder);
  if (!Start(reading, data, from, to)) return false;
  const ImageSize decoded = {.width = static_cast<int>(reading.decoder.output_width),
                             .height = static_cast<int>(reading.decoder.output_height)};
  reading.scaler.emplace(decoded, to);
  reading.row.resize(reading.decoder.output_width);
  for (int y = 0; y < decoded.height; ++y) {
    JSAMPROW row = reading.row.data();
    if (jpeg_read_scanlines(&reading.decoder, &row, 1) != 1) return false;
    reading.scaler->AddRow(y, reading.row);
    if (reading.watch.AsksForEndAfter(reading.row.size())) return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<uint8_t>> DecodeJpeg(std::string_view data, const ImageSize& from,
                                               const ImageSize& to, DecodingWatch& watch) {
  JpegReading reading(&watch);
  reading.decoder.err = jpeg_std_error(&reading.errors);
  reading.errors.error_exit = Fail;
  reading.errors.emit_message = CountWarning;
  reading.errors.output_message = Ignore;
  reading.progress.progress_monitor = CountScans;
  reading.decoder.client_data = &reading;
  const bool read = Read(reading, data, from, to);
  jpeg_destroy_decompress(&reading.decoder);
  if (!read) return std::nullopt;
  return reading.scaler->Finish();
}

}  // namespace fovea::render
