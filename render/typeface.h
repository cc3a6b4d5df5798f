// Which faces the text of pages is drawn in.
#ifndef FOVEA_RENDER_TYPEFACE_H_
#define FOVEA_RENDER_TYPEFACE_H_

#include <string>

namespace fovea {

// Font files, by their path below RendererOptions::font_root. What they do not have falls back to
// fixed faces. The default is B612, which was drawn for cockpits: bench/legibility measures that
// Tesseract reads it better than other faces that take as much room.
struct Typeface {
  // The Debian package of the files, for the message that one is missing.
  std::string package = "fonts-b612";
  std::string regular = "opentype/b612/B612-Regular.otf";
  std::string bold = "opentype/b612/B612-Bold.otf";
  // Where the glyphs of `borrowed` come from.
  std::string lender_regular = "truetype/dejavu/DejaVuSansMono.ttf";
  std::string lender_bold = "truetype/dejavu/DejaVuSansMono-Bold.ttf";
  // ASCII characters that are mistaken for another in the face itself: B612's `I` is the same
  // stroke as its `|`, and its parentheses are nearly brackets.
  std::string borrowed = "I()";
  // The em, in percent of the line pitch / 1.164, the pitch at which DejaVu Sans just fits.
  int percent = 100;
};

}  // namespace fovea

#endif  // FOVEA_RENDER_TYPEFACE_H_
