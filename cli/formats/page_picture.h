// The pictures of pages: cut, and shown in a terminal.
#ifndef FOVEA_CLI_FORMATS_PAGE_PICTURE_H_
#define FOVEA_CLI_FORMATS_PAGE_PICTURE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fovea::cli {

// How a terminal is shown a picture.
enum class PictureMode : uint8_t {
  kBlocks = 1,  // characters of half and quarter blocks: every terminal, but no small text
  kSixel = 2,
  kKitty = 3
};

// The best that a terminal of these environment variables ("NAME=value", null at the end) takes.
PictureMode PictureModeOf(char** environment);

// The rows [top, bottom) of a PNG, as a grey PNG. INVALID_ARGUMENT if it is no PNG of a page's
// size, or has no such rows.
absl::StatusOr<std::string> CropPng(std::string_view png, int top, int bottom);

struct TerminalSize {
  int columns = 80;
  // Of one cell, in pixels.
  int cell_width = 10;
  int cell_height = 20;
};

// What to print so that the terminal shows the PNG, as wide as it is but no wider than the
// terminal; ends with a newline. `colour`: with grey tones where it is drawn with characters, in
// place of black and white. INVALID_ARGUMENT if it is no PNG of a page's size.
absl::StatusOr<std::string> ForTerminal(std::string_view png, PictureMode mode,
                                        const TerminalSize& size, bool colour);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_PAGE_PICTURE_H_
