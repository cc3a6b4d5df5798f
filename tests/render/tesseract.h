// Tesseract as a reader of pages: a bound on what drawing may lose, not on what a model reads.
#ifndef FOVEA_TESTS_RENDER_TESSERACT_H_
#define FOVEA_TESTS_RENDER_TESSERACT_H_

#include <memory>
#include <string>
#include <string_view>

namespace tesseract {
class TessBaseAPI;
}  // namespace tesseract

namespace fovea::render {

// Reads pages of one language. Thread-compatible.
class Tesseract {
 public:
  // Null if Tesseract has no data for `language` ("eng", "ell+eng").
  static std::unique_ptr<Tesseract> Create(const std::string& language);
  ~Tesseract();

  // The text of a PNG, which is enlarged first: Tesseract wants letters of 20 pixels or more.
  std::string Read(const std::string& png, float times = 2);
  // The same of its rows of pixels from `top` to `bottom`, which is exclusive.
  std::string ReadRows(const std::string& png, int top, int bottom, float times);

 private:
  explicit Tesseract(std::unique_ptr<tesseract::TessBaseAPI> reader);

  const std::unique_ptr<tesseract::TessBaseAPI> reader_;
};

// The share of the code points of `text` that `found` has in the same order, in per cent: by edit
// distance, without spaces and controls; characters that are one glyph are one.
double PercentRight(std::string_view text, std::string_view found);

}  // namespace fovea::render

#endif  // FOVEA_TESTS_RENDER_TESSERACT_H_
