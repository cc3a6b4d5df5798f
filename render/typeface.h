// Which faces the text of pages is drawn in.
#ifndef FOVEA_RENDER_TYPEFACE_H_
#define FOVEA_RENDER_TYPEFACE_H_

#include <string_view>

namespace fovea {

// Font files, by their path below RendererOptions::font_root. What they do not have falls back to
// fixed faces. The default is B612, which was drawn for cockpits: of the faces that
// bench/legibility compares, Tesseract reads most of it, in no more room.
struct Typeface {
  // The Debian package of the files, for the message that one is missing.
  const char* package = "fonts-b612";
  const char* regular = "opentype/b612/B612-Regular.otf";
  const char* bold = "opentype/b612/B612-Bold.otf";
  // Where the glyphs of `borrowed` come from.
  const char* lender_regular = "truetype/dejavu/DejaVuSansMono.ttf";
  const char* lender_bold = "truetype/dejavu/DejaVuSansMono-Bold.ttf";
  // ASCII characters that are mistaken for another in the face itself: B612's `I` is the same
  // stroke as its `|`, and its parentheses are nearly brackets.
  std::string_view borrowed = "I()";
  // The em, in percent of the line pitch / 1.164, the pitch at which DejaVu Sans just fits.
  int percent = 100;
  // At how many places within a pixel its glyphs are drawn: 1, 2 or 4. 0: as the line pitch wants,
  // which Metrics::Snap says.
  int places = 0;
};

// At this line pitch and below, B612 fills in, and DejaVu Sans is read better.
inline constexpr int kMaxSmallPitch = 8;

constexpr Typeface DejaVuSans() {
  return {.package = "fonts-dejavu-core",
          .regular = "truetype/dejavu/DejaVuSans.ttf",
          .bold = "truetype/dejavu/DejaVuSans-Bold.ttf",
          .borrowed = "I"};
}

}  // namespace fovea

#endif  // FOVEA_RENDER_TYPEFACE_H_
