#include <png.h>

#include <csetjmp>
#include <cstring>

#include "render/picture_formats.h"
#include "render/picture_scaler.h"

namespace fovea::render {
namespace {

constexpr int kChannels = 4;
constexpr png_alloc_size_t kMaxChunkBytes = 8 << 20;  // of a colour profile or a text, unpacked

// What must outlive a jump out of libpng.
struct PngReading {
  PngReading(std::string_view data, const ImageSize& from, const ImageSize& to,
             DecodingWatch* asked)
      : rest(data),
        watch(*asked),
        size(from),
        scaler(from, to),
        rgba(static_cast<size_t>(from.width) * kChannels),
        grey(static_cast<size_t>(from.width)) {}

  std::string_view rest;
  DecodingWatch& watch;
  const ImageSize size;
  PictureScaler scaler;
  std::vector<uint8_t> rgba;
  std::vector<uint8_t> grey;
};

void ReadBytes(png_structp png, png_bytep to, size_t count) {
  auto& rest = static_cast<PngReading*>(png_get_io_ptr(png))->rest;
  if (count > rest.size()) png_error(png, "cut off");
  std::memcpy(to, rest.data(), count);
  rest.remove_prefix(count);
}

[[noreturn]] void Fail(png_structp png, png_const_charp /*message*/) { png_longjmp(png, 1); }
void Ignore(png_structp /*png*/, png_const_charp /*message*/) {}

bool ReadPlain(png_structp png, PngReading& reading) {
  for (int y = 0; y < reading.size.height; ++y) {
    png_read_row(png, reading.rgba.data(), nullptr);
    for (size_t x = 0; x < reading.grey.size(); ++x) {
      reading.grey[x] = GreyOnWhite(&reading.rgba[x * kChannels]);
    }
    reading.scaler.AddRow(y, reading.grey);
    if (reading.watch.AsksForEndAfter(reading.grey.size())) return false;
  }
  return true;
}

// Each pass is a coarse picture of its own pixels, 0 in between.
bool ReadInterlaced(png_structp png, PngReading& reading) {
  const auto width = static_cast<png_uint_32>(reading.size.width);
  const auto height = static_cast<png_uint_32>(reading.size.height);
  for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; ++pass) {
    const png_uint_32 columns = PNG_PASS_COLS(width, pass);
    const png_uint_32 rows = columns == 0 ? 0 : PNG_PASS_ROWS(height, pass);
    for (png_uint_32 row = 0; row < rows; ++row) {
      png_read_row(png, reading.rgba.data(), nullptr);
      std::fill(reading.grey.begin(), reading.grey.end(), uint8_t{0});
      for (png_uint_32 column = 0; column < columns; ++column) {
        reading.grey[PNG_COL_FROM_PASS_COL(column, pass)] =
            GreyOnWhite(&reading.rgba[size_t{column} * kChannels]);
      }
      reading.scaler.AddRow(static_cast<int>(PNG_ROW_FROM_PASS_ROW(row, pass)), reading.grey);
      if (reading.watch.AsksForEndAfter(reading.grey.size())) return false;
    }
  }
  return true;
}

void AskForRgba(png_structp png) {
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xFF, PNG_FILLER_AFTER);
}

// No object with a destructor may live in here: libpng jumps out of it.
bool Read(png_structp png, png_infop info, PngReading& reading) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_chunk_malloc_max(png, kMaxChunkBytes);
  png_set_user_limits(png, static_cast<png_uint_32>(reading.size.width),
                      static_cast<png_uint_32>(reading.size.height));
  png_set_read_fn(png, &reading, ReadBytes);
  png_read_info(png, info);
  if (png_get_image_width(png, info) != static_cast<png_uint_32>(reading.size.width) ||
      png_get_image_height(png, info) != static_cast<png_uint_32>(reading.size.height)) {
    return false;
  }
  AskForRgba(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != reading.rgba.size()) return false;
  return png_get_interlace_type(png, info) == PNG_INTERLACE_NONE ? ReadPlain(png, reading)
                                                                 : ReadInterlaced(png, reading);
}

}  // namespace

std::optional<std::vector<uint8_t>> DecodePng(std::string_view data, const ImageSize& from,
                                              const ImageSize& to, DecodingWatch& watch) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, Fail, Ignore);
  if (png == nullptr) return std::nullopt;
  png_infop info = png_create_info_struct(png);
  PngReading reading(data, from, to, &watch);
  const bool read = info != nullptr && Read(png, info, reading);
  png_destroy_read_struct(&png, &info, nullptr);
  if (!read) return std::nullopt;
  return reading.scaler.Finish();
}

}  // namespace fovea::render
