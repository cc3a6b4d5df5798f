// Pages against a plain drawing by FreeType, glyph by glyph, that shares no code with the renderer.
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

constexpr char kSans[] = "/usr/share/fonts/opentype/b612/B612-Regular.otf";
constexpr char kMono[] = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf";
constexpr int kMargin = 4;

class Reference {
 public:
  Reference(int width, int height, int pitch, int bits)
      : width_(width), height_(height), pitch_(pitch), bits_(bits) {
    ink_.assign(static_cast<size_t>(width) * height, 0);
    EXPECT_EQ(FT_Init_FreeType(&library_), 0);
    EXPECT_EQ(FT_New_Face(library_, kSans, 0, &sans_), 0);
    EXPECT_EQ(FT_New_Face(library_, kMono, 0, &mono_), 0);
  }
  ~Reference() { FT_Done_FreeType(library_); }
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  // Text of letters and single spaces on the line below the header.
  void Write(const std::string& text) {
    double pen = 0;
    for (const char c : text) {
      FT_FaceRec_* const face = Typeface().borrowed.find(c) != std::string::npos ? mono_ : sans_;
      const double advance = Advance(face, c);
      if (c == ' ') {
        pen = std::ceil((pen + std::floor(advance * 3 / 4)) / 512) * 512;
        continue;
      }
      const double halves = std::floor(pen / 128 + 0.5);
      Place(face, c, static_cast<int>(halves));
      pen += advance;
    }
  }

  std::string Grey() const {
    std::string grey;
    for (const int ink : ink_) grey.push_back(static_cast<char>(255 - std::min(255, ink)));
    return grey;
  }

 private:
  double Em() const { return std::floor(pitch_ * 256 / 1.164 + 0.5); }

  // In 1/256 pixel.
  double Advance(FT_Face face, char c) const {
    EXPECT_EQ(FT_Load_Char(face, static_cast<FT_ULong>(c), FT_LOAD_NO_SCALE), 0);
    return std::floor(face->glyph->metrics.horiAdvance * Em() / face->units_per_EM + 0.5);
  }

  void Place(FT_Face face, char c, int half_pixels) {
    const auto size = static_cast<FT_F26Dot6>(std::floor(Em() / 4 + 0.5));
    FT_Set_Char_Size(face, size, size, 72, 72);
    FT_Load_Char(face, static_cast<FT_ULong>(c), FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP);
    FT_Outline_Translate(&face->glyph->outline, static_cast<FT_Pos>(half_pixels % 2) * 32, 0);
    FT_Render_Glyph(face->glyph, FT_RENDER_MODE_NORMAL);
    const FT_Bitmap& bitmap = face->glyph->bitmap;
    const int baseline = kMargin + pitch_ + static_cast<int>(std::floor(pitch_ * 0.797 + 0.5));
    for (unsigned row = 0; row < bitmap.rows; ++row) {
      for (unsigned column = 0; column < bitmap.width; ++column) {
        const int x =
            kMargin + half_pixels / 2 + face->glyph->bitmap_left + static_cast<int>(column);
        const int y = baseline - face->glyph->bitmap_top + static_cast<int>(row);
        const int steps = (1 << bits_) - 1;
        const int coverage = bitmap.buffer[row * static_cast<unsigned>(bitmap.pitch) + column];
        ASSERT_TRUE(x < width_ && y < height_);
        ink_[static_cast<size_t>(y) * width_ + x] +=
            static_cast<int>(std::floor(coverage * steps / 255.0 + 0.499)) * (255 / steps);
      }
    }
  }

  int width_;
  int height_;
  int pitch_;
  int bits_;
  std::vector<int> ink_;
  FT_Library library_ = nullptr;
  FT_Face sans_ = nullptr;
  FT_Face mono_ = nullptr;
};

class AgainstReference : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(AgainstReference, PixelsAreTheSame) {
  const auto [pitch, bits] = GetParam();
  const std::string text =
      "The quick brown fox jumps over 13 lazy dogs; I said: [0x1fE3] {a|b} <c> ~/.d@e#f$g%h^i&j*k";
  const PageContent content = Body(text);
  const PageBox box{.width = 2000, .min_height = 10 + 3 * pitch, .max_height = 10 + 3 * pitch};
  const PageTypography typography{.line_pitch_px = pitch, .grey_bits = bits};
  const auto extent = SharedRenderer().LayOut(content, {}, box, typography);
  ASSERT_TRUE(extent.ok());
  const auto page = SharedRenderer().Draw(content, *extent, typography, {});
  ASSERT_TRUE(page.ok());
  Reference reference(box.width, box.min_height, pitch, bits);
  reference.Write(text);
  EXPECT_EQ(DecodePng(page->png).pixels, reference.Grey());
}

INSTANTIATE_TEST_SUITE_P(All, AgainstReference,
                         testing::Combine(testing::Values(13, 14, 23, 30),
                                          testing::Values(1, 2, 4, 8)));

}  // namespace
}  // namespace fovea::render
