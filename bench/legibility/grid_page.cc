#include "bench/legibility/grid_page.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace fovea::bench {
namespace {

constexpr int kMargin = 4;
constexpr char kNewlineMark = '\n';
constexpr uint8_t kMarkInk = 0x22;  // as on a page of Fovea's

struct FreeType {
  FT_Library library = nullptr;
  FT_Face face = nullptr;
  FreeType() = default;
  FreeType(const FreeType&) = delete;
  FreeType& operator=(const FreeType&) = delete;
  ~FreeType() {
    if (face != nullptr) FT_Done_Face(face);
    if (library != nullptr) FT_Done_FreeType(library);
  }
};

bool IsSpace(char c) { return c == ' ' || c == '\t'; }

// One cell of the reflowed text: the character in it, and how many bytes of the text it stands for.
struct Cell {
  char character = ' ';
  size_t bytes = 1;
};

Cell CellAt(std::string_view text, size_t at) {
  Cell cell{.character = text[at]};
  if (!IsSpace(text[at])) return cell;
  while (at + cell.bytes < text.size() && IsSpace(text[at + cell.bytes])) ++cell.bytes;
  cell.character = ' ';
  return cell;
}

uint8_t Coverage(const FT_Bitmap& bitmap, int row, int column) {
  const uint8_t* line = bitmap.buffer + static_cast<ptrdiff_t>(row) * bitmap.pitch;
  if (bitmap.pixel_mode != FT_PIXEL_MODE_MONO) return line[column];
  return (line[column / 8] >> (7 - column % 8) & 1) != 0 ? 255 : 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GridPage>> GridPage::Create(const std::string& font_file,
                                                           int line_pitch_px) {
  FreeType free_type;
  if (FT_Init_FreeType(&free_type.library) != 0 ||
      FT_New_Face(free_type.library, font_file.c_str(), 0, &free_type.face) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("FreeType cannot read ", font_file));
  }
  FT_FaceRec_* const face = free_type.face;
  std::unique_ptr<GridPage> page(new GridPage);
  const bool outline = line_pitch_px > 0;
  if (outline) {
    const FT_F26Dot6 em_26_6 = (line_pitch_px * 64 * 1000 + 582) / 1164;
    if (FT_Set_Char_Size(face, em_26_6, em_26_6, 72, 72) != 0 ||
        FT_Load_Char(face, 'm', FT_LOAD_NO_HINTING) != 0) {
      return absl::InvalidArgumentError(absl::StrCat(font_file, " is no outline font"));
    }
    page->line_pitch_px_ = line_pitch_px;
    page->baseline_px_ = (line_pitch_px * 797 + 500) / 1000;
    page->cell_64_ = static_cast<int>(face->glyph->linearHoriAdvance >> 10);
  } else {
    if (FT_Select_Size(face, 0) != 0) {
      return absl::InvalidArgumentError(absl::StrCat(font_file, " is no bitmap font"));
    }
    page->line_pitch_px_ = face->available_sizes[0].height;
    page->baseline_px_ = static_cast<int>(face->size->metrics.ascender >> 6);
    page->cell_64_ = face->available_sizes[0].width * 64;
  }
  for (int phase = 0; phase < kPhases; ++phase) {
    page->glyphs_[phase].resize(128);
    for (char c = 0x21; c < 0x7F; ++c) {
      const FT_Int32 flags = outline ? FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP : FT_LOAD_DEFAULT;
      if (FT_Load_Char(face, static_cast<FT_ULong>(c), flags) != 0) continue;
      if (outline) FT_Outline_Translate(&face->glyph->outline, phase * 64 / kPhases, 0);
      if (FT_Render_Glyph(face->glyph, FT_RENDER_MODE_NORMAL) != 0) continue;
      const FT_Bitmap& bitmap = face->glyph->bitmap;
      Ink& ink = page->glyphs_[phase][static_cast<size_t>(c)];
      ink = {.left = face->glyph->bitmap_left,
             .top = face->glyph->bitmap_top,
             .width = static_cast<int>(bitmap.width),
             .rows = static_cast<int>(bitmap.rows)};
      for (int row = 0; row < ink.rows; ++row) {
        for (int column = 0; column < ink.width; ++column) {
          ink.coverage.push_back(Coverage(bitmap, row, column));
        }
      }
    }
  }
  return page;
}

int GridPage::Columns(int width) const { return (width - 2 * kMargin) * 64 / cell_64_; }

size_t GridPage::Fill(std::string_view text, int width, int height) const {
  const int cells = Columns(width) * ((height - 2 * kMargin) / line_pitch_px_);
  size_t at = 0;
  for (int i = 0; i < cells && at < text.size(); ++i) at += CellAt(text, at).bytes;
  return at;
}

Picture GridPage::Draw(std::string_view text, int width) const {
  std::string cells;
  for (size_t at = 0; at < text.size();) {
    const Cell cell = CellAt(text, at);
    cells += cell.character;
    at += cell.bytes;
  }
  const int columns = Columns(width);
  const int lines = (static_cast<int>(cells.size()) + columns - 1) / columns;
  Picture picture{.width = width, .height = lines * line_pitch_px_ + 2 * kMargin};
  picture.grey.assign(static_cast<size_t>(picture.width) * picture.height, 255);
  for (int i = 0; i < static_cast<int>(cells.size()); ++i) {
    const int pen = i % columns * cell_64_ + 64 / kPhases / 2;
    const int x = kMargin + pen / 64;
    const int baseline = kMargin + i / columns * line_pitch_px_ + baseline_px_;
    if (cells[i] == kNewlineMark) {
      const int side = std::max(2, cell_64_ / 64 - 2);
      const auto size = static_cast<size_t>(side) * static_cast<size_t>(line_pitch_px_);
      Stamp({.left = 1,
             .top = baseline_px_,
             .width = side,
             .rows = line_pitch_px_,
             .coverage = std::vector<uint8_t>(size, kMarkInk)},
            x, baseline, &picture);
    } else if (cells[i] != ' ') {
      Stamp(glyphs_[pen % 64 * kPhases / 64][static_cast<size_t>(cells[i])], x, baseline, &picture);
    }
  }
  return picture;
}

void GridPage::Stamp(const Ink& ink, int x, int baseline, Picture* picture) const {
  for (int row = 0; row < ink.rows; ++row) {
    for (int column = 0; column < ink.width; ++column) {
      const int px = x + ink.left + column;
      const int py = baseline - ink.top + row;
      if (px < 0 || px >= picture->width || py < 0 || py >= picture->height) continue;
      uint8_t& pixel = picture->grey[static_cast<size_t>(py) * picture->width + px];
      const uint8_t coverage = ink.coverage[static_cast<size_t>(row) * ink.width + column];
      pixel = static_cast<uint8_t>(std::max(0, pixel - coverage));
    }
  }
}

}  // namespace fovea::bench
