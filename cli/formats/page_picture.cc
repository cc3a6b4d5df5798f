#include "cli/formats/page_picture.h"

#include <chafa.h>
#include <png.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::cli {
namespace {

// Of a page; more is no answer of fovead's.
constexpr uint32_t kMaxSidePx = 16'384;
constexpr uint64_t kMaxPixels = uint64_t{64} << 20;

struct GreyPicture {
  int width = 0;
  int height = 0;
  std::vector<unsigned char> pixels;  // rows, from the top
};

absl::Status NoPicture(const char* why) {
  return absl::InvalidArgumentError(absl::StrCat("the page's picture cannot be read: ", why));
}

absl::StatusOr<GreyPicture> Decode(std::string_view png) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, png.data(), png.size()) == 0) {
    return NoPicture(image.message);
  }
  const std::unique_ptr<png_image, decltype(&png_image_free)> owner(&image, png_image_free);
  if (image.width > kMaxSidePx || image.height > kMaxSidePx ||
      uint64_t{image.width} * image.height > kMaxPixels) {
    return NoPicture("it is too large");
  }
  image.format = PNG_FORMAT_GRAY;
  GreyPicture grey{.width = static_cast<int>(image.width),
                   .height = static_cast<int>(image.height),
                   .pixels = std::vector<unsigned char>(PNG_IMAGE_SIZE(image))};
  if (png_image_finish_read(&image, nullptr, grey.pixels.data(), 0, nullptr) == 0) {
    return NoPicture(image.message);
  }
  return grey;
}

absl::StatusOr<std::string> Encode(const unsigned char* pixels, int width, int height) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_GRAY;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string png(bytes, '\0');
  if (png_image_write_to_memory(&image, png.data(), &bytes, 0, pixels, 0, nullptr) == 0) {
    return NoPicture(image.message);
  }
  png.resize(bytes);
  return png;
}

template <typename T, void (*Unref)(T*)>
struct Unreference {
  void operator()(T* object) const { Unref(object); }
};
template <typename T, void (*Unref)(T*)>
using Reference = std::unique_ptr<T, Unreference<T, Unref>>;
using Config = Reference<ChafaCanvasConfig, chafa_canvas_config_unref>;
using Canvas = Reference<ChafaCanvas, chafa_canvas_unref>;
using Symbols = Reference<ChafaSymbolMap, chafa_symbol_map_unref>;
using TermInfo = Reference<ChafaTermInfo, chafa_term_info_unref>;
using TermDb = Reference<ChafaTermDb, chafa_term_db_unref>;

TermInfo Detect(char** environment) {
  const TermDb known(chafa_term_db_new());
  return TermInfo(chafa_term_db_detect(known.get(), environment));
}

// What takes all modes: which one is used is the caller's choice.
TermInfo Capable() {
  const TermDb known(chafa_term_db_new());
  return TermInfo(chafa_term_db_get_fallback_info(known.get()));
}

ChafaPixelMode PixelMode(PictureMode mode) {
  switch (mode) {
    case PictureMode::kBlocks:
      return CHAFA_PIXEL_MODE_SYMBOLS;
    case PictureMode::kSixel:
      return CHAFA_PIXEL_MODE_SIXELS;
    case PictureMode::kKitty:
      return CHAFA_PIXEL_MODE_KITTY;
  }
  return CHAFA_PIXEL_MODE_SYMBOLS;
}

}  // namespace

PictureMode PictureModeOf(char** environment) {
  const TermInfo terminal = Detect(environment);
  if (chafa_term_info_have_seq(terminal.get(), CHAFA_TERM_SEQ_BEGIN_KITTY_IMMEDIATE_IMAGE_V1) !=
      0) {
    return PictureMode::kKitty;
  }
  if (chafa_term_info_have_seq(terminal.get(), CHAFA_TERM_SEQ_BEGIN_SIXELS) != 0) {
    return PictureMode::kSixel;
  }
  return PictureMode::kBlocks;
}

absl::StatusOr<std::string> CropPng(std::string_view png, int top, int bottom) {
  FOVEA_ASSIGN_OR_RETURN(const GreyPicture whole, Decode(png));
  if (top < 0 || top >= bottom || bottom > whole.height) {
    return absl::InvalidArgumentError(
        absl::StrCat("rows ", top, " to ", bottom, " are not in a page of ", whole.height));
  }
  const size_t first = static_cast<size_t>(top) * static_cast<size_t>(whole.width);
  return Encode(&whole.pixels[first], whole.width, bottom - top);
}

absl::StatusOr<std::string> ForTerminal(std::string_view png, PictureMode mode,
                                        const TerminalSize& size, bool colour) {
  FOVEA_ASSIGN_OR_RETURN(const GreyPicture grey, Decode(png));
  std::vector<unsigned char> rgb;
  rgb.reserve(3 * grey.pixels.size());
  for (const unsigned char value : grey.pixels) rgb.insert(rgb.end(), 3, value);

  const int cell_width = std::max(1, size.cell_width);
  const int cell_height = std::max(1, size.cell_height);
  const int columns =
      std::clamp((grey.width + cell_width - 1) / cell_width, 1, std::max(1, size.columns));
  const double scale = std::min(1.0, double{1} * columns * cell_width / grey.width);
  const int rows = std::max(1, static_cast<int>(grey.height * scale / cell_height + 0.5));

  const Config config(chafa_canvas_config_new());
  chafa_canvas_config_set_geometry(config.get(), columns, rows);
  chafa_canvas_config_set_cell_geometry(config.get(), cell_width, cell_height);
  chafa_canvas_config_set_pixel_mode(config.get(), PixelMode(mode));
  chafa_canvas_config_set_canvas_mode(config.get(), mode == PictureMode::kBlocks && !colour
                                                        ? CHAFA_CANVAS_MODE_FGBG
                                                        : CHAFA_CANVAS_MODE_INDEXED_256);
  const Symbols symbols(chafa_symbol_map_new());
  chafa_symbol_map_add_by_tags(
      symbols.get(), static_cast<ChafaSymbolTags>(CHAFA_SYMBOL_TAG_SPACE | CHAFA_SYMBOL_TAG_SOLID |
                                                  CHAFA_SYMBOL_TAG_HALF | CHAFA_SYMBOL_TAG_QUAD));
  chafa_canvas_config_set_symbol_map(config.get(), symbols.get());
  const Canvas canvas(chafa_canvas_new(config.get()));
  chafa_canvas_draw_all_pixels(canvas.get(), CHAFA_PIXEL_RGB8, rgb.data(), grey.width, grey.height,
                               3 * grey.width);
  const TermInfo terminal = Capable();
  GString* const printed = chafa_canvas_print(canvas.get(), terminal.get());
  std::string out(printed->str, printed->len);
  g_string_free(printed, 1);
  if (out.empty() || out.back() != '\n') out += '\n';
  return out;
}

}  // namespace fovea::cli
