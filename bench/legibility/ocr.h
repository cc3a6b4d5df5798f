// Tesseract.
#ifndef FOVEA_BENCH_LEGIBILITY_OCR_H_
#define FOVEA_BENCH_LEGIBILITY_OCR_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bench/legibility/picture.h"

namespace tesseract {
class TessBaseAPI;
}

namespace fovea::bench {

// Thread-compatible.
class OcrReader {
 public:
  // NOT_FOUND if the model for English is not installed.
  static absl::StatusOr<std::unique_ptr<OcrReader>> Create();
  ~OcrReader();
  OcrReader(const OcrReader&) = delete;
  OcrReader& operator=(const OcrReader&) = delete;

  // The text of a picture of one block of lines, enlarged `times` before it is read.
  std::string Read(const Picture& picture, int times);

 private:
  explicit OcrReader(std::unique_ptr<tesseract::TessBaseAPI> engine);
  const std::unique_ptr<tesseract::TessBaseAPI> engine_;
};

// An empty picture if the bytes are no PNG.
Picture DecodePng(std::string_view png);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_LEGIBILITY_OCR_H_
