#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "render/picture_formats.h"
#include "render/picture_scaler.h"

namespace fovea::render {
namespace {

int ReadBytes(GifFileType* gif, GifByteType* to, int count) {
  auto& rest = *static_cast<std::string_view*>(gif->UserData);
  const size_t taken = std::min(rest.size(), static_cast<size_t>(std::max(0, count)));
  std::memcpy(to, rest.data(), taken);
  rest.remove_prefix(taken);
  return static_cast<int>(taken);
}

struct Close {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

// The first frame on its canvas.
class FirstFrame {
 public:
  FirstFrame(GifFileType* gif, const ImageSize& from, const ImageSize& to, DecodingWatch* watch)
      : gif_(*gif), from_(from), scaler_(from, to), watch_(*watch) {}

  bool Read() {
    for (;;) {
      GifRecordType record = UNDEFINED_RECORD_TYPE;
      if (DGifGetRecordType(&gif_, &record) != GIF_OK) return false;
      if (record == IMAGE_DESC_RECORD_TYPE) return ReadFrame();
      if (record != EXTENSION_RECORD_TYPE || !ReadExtension()) return false;
    }
  }

  std::vector<uint8_t> Finish() const { return scaler_.Finish(); }

 private:
  // Of the extensions only the one that names the transparent colour matters.
  bool ReadExtension() {
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(&gif_, &code, &block) != GIF_OK) return false;
    while (block != nullptr) {
      GraphicsControlBlock control = {};
      if (code == GRAPHICS_EXT_FUNC_CODE &&
          DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        transparent_ = control.TransparentColor;
      }
      if (DGifGetExtensionNext(&gif_, &block) != GIF_OK) return false;
    }
    return true;
  }

  bool ReadFrame() {
    if (DGifGetImageDesc(&gif_) != GIF_OK) return false;
    const GifImageDesc& frame = gif_.Image;
    if (frame.Width < 1 || frame.Height < 1 || frame.Left < 0 || frame.Top < 0 ||
        frame.Width > from_.width - frame.Left || frame.Height > from_.height - frame.Top) {
      return false;
    }
    if (!SetShades(frame.ColorMap != nullptr ? frame.ColorMap : gif_.SColorMap)) return false;
    row_.assign(static_cast<size_t>(from_.width), kWhite);
    for (int y = 0; y < from_.height; ++y) {
      if (y >= frame.Top && y < frame.Top + frame.Height) continue;
      scaler_.AddRow(y, row_);
      if (watch_.AsksForEndAfter(row_.size())) return false;
    }
    indices_.resize(static_cast<size_t>(frame.Width));
    return frame.Interlace ? ReadInterlaced() : ReadRows(0, 1);
  }

  bool SetShades(const ColorMapObject* colors) {
    if (colors == nullptr) return false;
    shades_.fill(kWhite);
    for (size_t i = 0; i < std::min(shades_.size(), static_cast<size_t>(colors->ColorCount)); ++i) {
      const GifColorType& color = colors->Colors[i];
      shades_[i] = GreyOf(color.Red, color.Green, color.Blue);
    }
    if (transparent_ >= 0) shades_[static_cast<size_t>(transparent_) & 0xFF] = kWhite;
    return true;
  }

  bool ReadInterlaced() {
    return ReadRows(0, 8) && ReadRows(4, 8) && ReadRows(2, 4) && ReadRows(1, 2);
  }

  bool ReadRows(int first, int step) {
    for (int y = first; y < gif_.Image.Height; y += step) {
      if (DGifGetLine(&gif_, indices_.data(), gif_.Image.Width) != GIF_OK) return false;
      uint8_t* to = row_.data() + gif_.Image.Left;
      for (const GifByteType index : indices_) *to++ = shades_[index];
      scaler_.AddRow(gif_.Image.Top + y, row_);
      if (watch_.AsksForEndAfter(row_.size())) return false;
    }
    return true;
  }

  GifFileType& gif_;
  const ImageSize from_;
  PictureScaler scaler_;
  DecodingWatch& watch_;
  std::array<uint8_t, 256> shades_ = {};
  int transparent_ = NO_TRANSPARENT_COLOR;
  std::vector<uint8_t> row_;
  std::vector<GifByteType> indices_;
};

}  // namespace

std::optional<std::vector<uint8_t>> DecodeGif(std::string_view data, const ImageSize& from,
                                              const ImageSize& to, DecodingWatch& watch) {
  int error = 0;
  const std::unique_ptr<GifFileType, Close> gif(DGifOpen(&data, ReadBytes, &error));
  if (gif == nullptr || gif->SWidth != from.width || gif->SHeight != from.height) {
    return std::nullopt;
  }
  FirstFrame frame(gif.get(), from, to, &watch);
  if (!frame.Read()) return std::nullopt;
  return frame.Finish();
}

}  // namespace fovea::render
