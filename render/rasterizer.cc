#include "render/rasterizer.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "render/reduce.h"
#include "render/units.h"

namespace fovea::render {

struct Rasterizer::FreeType {
  struct Face {
    FT_Face face = nullptr;
    FT_F26Dot6 em_26_6 = 0;  // the size it is set to
  };
  FT_Library library = nullptr;
  std::vector<Face> faces;

  FreeType() = default;
  FreeType(const FreeType&) = delete;
  FreeType& operator=(const FreeType&) = delete;
  ~FreeType() {
    for (const Face& face : faces) FT_Done_Face(face.face);
    if (library != nullptr) FT_Done_FreeType(library);
  }
};

namespace {

// Coverage, 0 to 255, of a glyph drawn at the face's size with its pen `shift_26_6` into a pixel.
GreyImage DrawOutline(FT_Face face, uint16_t glyph, FT_Pos shift_26_6) {
  GreyImage image;
  if (FT_Load_Glyph(face, glyph, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP) != 0) return image;
  if (face->glyph->format != FT_GLYPH_FORMAT_OUTLINE) return image;
  FT_Outline_Translate(&face->glyph->outline, shift_26_6, 0);
  if (FT_Render_Glyph(face->glyph, FT_RENDER_MODE_NORMAL) != 0) return image;
  const FT_Bitmap& bitmap = face->glyph->bitmap;
  image.left = face->glyph->bitmap_left;
  image.top = face->glyph->bitmap_top;
  image.width = static_cast<int>(bitmap.width);
  image.rows = static_cast<int>(bitmap.rows);
  for (int row = 0; row < image.rows; ++row) {
    const uint8_t* line = bitmap.buffer + static_cast<ptrdiff_t>(row) * bitmap.pitch;
    image.pixels.insert(image.pixels.end(), line, line + image.width);
  }
  return image;
}

// The smallest part of an image that holds all its ink.
GreyImage Trim(const GreyImage& image) {
  int first_row = image.rows;
  int last_row = -1;
  int first_column = image.width;
  int last_column = -1;
  for (int row = 0; row < image.rows; ++row) {
    for (int column = 0; column < image.width; ++column) {
      if (image.At(row, column) == 0) continue;
      first_row = std::min(first_row, row);
      last_row = row;
      first_column = std::min(first_column, column);
      last_column = std::max(last_column, column);
    }
  }
  GreyImage part;
  if (last_row < 0) return part;
  part.left = image.left + first_column;
  part.top = image.top - first_row;
  part.width = last_column - first_column + 1;
  part.rows = last_row - first_row + 1;
  for (int row = first_row; row <= last_row; ++row) {
    for (int column = first_column; column <= last_column; ++column) {
      part.pixels.push_back(image.At(row, column));
    }
  }
  return part;
}

GlyphPixels Pack(GreyImage image, int bits) {
  for (uint8_t& pixel : image.pixels) pixel = Quantise(pixel, bits);
  image = Trim(image);
  GlyphPixels result;
  const int stride = GlyphStride(image.width);
  result.shape = {.ink = nullptr,
                  .left = static_cast<int16_t>(image.left),
                  .top = static_cast<int16_t>(image.top),
                  .width = static_cast<int16_t>(image.width),
                  .rows = static_cast<int16_t>(image.rows),
                  .stride = static_cast<int16_t>(stride)};
  result.ink.resize(static_cast<size_t>(stride) * static_cast<size_t>(InkRows(image.rows)));
  for (int row = 0; row < image.rows; ++row) {
    for (int column = 0; column < image.width; ++column) {
      result.ink[static_cast<size_t>(row) * stride + column] = image.At(row, column);
    }
  }
  return result;
}

}  // namespace

Rasterizer::Rasterizer(const FontSet& fonts, std::unique_ptr<FreeType> free_type)
    : fonts_(fonts), free_type_(std::move(free_type)) {}

Rasterizer::~Rasterizer() = default;

absl::StatusOr<std::unique_ptr<Rasterizer>> Rasterizer::Create(const FontSet& fonts) {
  auto free_type = std::make_unique<FreeType>();
  if (FT_Init_FreeType(&free_type->library) != 0) {
    return absl::InternalError("FreeType does not start");
  }
  for (size_t i = 0; i < fonts.size(); ++i) {
    const auto id = static_cast<FaceId>(i);
    const std::string_view data = fonts.data(id);
    FT_Face face = nullptr;
    const FT_Error error =
        FT_New_Memory_Face(free_type->library, reinterpret_cast<const FT_Byte*>(data.data()),
                           static_cast<FT_Long>(data.size()), fonts.index(id), &face);
    if (error != 0) return absl::InternalError(absl::StrCat("FreeType rejects font ", i));
    free_type->faces.push_back({.face = face});
  }
  return std::unique_ptr<Rasterizer>(new Rasterizer(fonts, std::move(free_type)));
}

GlyphPixels Rasterizer::Draw(const GlyphKey& key) const {
  const absl::MutexLock lock(&mutex_);
  FreeType::Face& sized = free_type_->faces[key.face];
  const Sub em = EmOfLinePitch(key.line_pitch_px) * fonts_.percent(key.face) / 100;
  const bool reduced = key.line_pitch_px <= kMaxReducedPitch;
  const FT_F26Dot6 scale = reduced ? kReduction : 1;
  const FT_F26Dot6 em_26_6 = (em + 2) / 4 * scale;
  // Setting the size is dear for a face with many parts, such as that of Chinese.
  if (sized.em_26_6 != em_26_6) {
    if (FT_Set_Char_Size(sized.face, em_26_6, em_26_6, 72, 72) != 0) return {};
    sized.em_26_6 = em_26_6;
  }
  const GreyImage image = DrawOutline(sized.face, key.glyph, key.phase * scale * 64 / kPhases);
  return Pack(reduced ? Reduce(image) : image, key.grey_bits);
}

std::string Rasterizer::LibraryVersion() {
  FT_Library library = nullptr;
  if (FT_Init_FreeType(&library) != 0) return "?";
  FT_Int major = 0;
  FT_Int minor = 0;
  FT_Int patch = 0;
  FT_Library_Version(library, &major, &minor, &patch);
  FT_Done_FreeType(library);
  return absl::StrCat(major, ".", minor, ".", patch);
}

}  // namespace fovea::render
