// Expectations that are kept as files in tests/render/goldens. With FOVEA_UPDATE_GOLDENS=1 in the
// environment they are written again instead of compared; look at what changed before it is kept.
#ifndef FOVEA_TESTS_RENDER_GOLDEN_H_
#define FOVEA_TESTS_RENDER_GOLDEN_H_

#include <string>

#include "tests/render/pages.h"

namespace fovea::render {

// Fails the test where NAME.txt is not `text`, and leaves the text in the build folder's goldens/.
void ExpectGoldenText(const std::string& name, const std::string& text);

// Fails the test where the pixels of NAME.png are not those of `png`, says how many differ and by
// how much, and leaves NAME.actual.png and NAME.difference.png, black where they differ most, in
// the build folder's goldens/. Either failure names the fonts and libraries that are not those that
// the goldens were made with.
void ExpectGoldenPicture(const std::string& name, const std::string& png);

struct PictureDifference {
  bool same_size = true;
  uint64_t pixels = 0;  // that differ
  int most = 0;         // grey levels of 255
  double mean = 0;      // grey levels, over the pixels that differ
};
PictureDifference Compare(const Picture& a, const Picture& b);

}  // namespace fovea::render

#endif  // FOVEA_TESTS_RENDER_GOLDEN_H_
