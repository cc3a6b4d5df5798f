// Which faces the text of pages is drawn in.
#ifndef FOVEA_RENDER_TYPEFACE_H_
#define FOVEA_RENDER_TYPEFACE_H_

#include <string>

namespace fovea {

// Font files, by their path below RendererOptions::font_root. Other scripts fall back to fixed
// faces.
struct Typeface {
  std::string regular = "truetype/dejavu/DejaVuSans.ttf";
  std::string bold = "truetype/dejavu/DejaVuSans-Bold.ttf";
  // Where the glyphs of `borrowed` come from.
  std::string lender_regular = "truetype/dejavu/DejaVuSansMono.ttf";
  std::string lender_bold = "truetype/dejavu/DejaVuSansMono-Bold.ttf";
  // ASCII characters that are mistaken for another in the face itself: DejaVu Sans's `I` is the
  // same stroke as its `l`.
  std::string borrowed = "I";
  // The em, in percent of the line pitch / 1.164, the pitch at which DejaVu Sans just fits.
  int percent = 100;
};

}  // namespace fovea

#endif  // FOVEA_RENDER_TYPEFACE_H_
