// Programs that read pages back.
#ifndef FOVEA_BENCH_LEGIBILITY_OCR_H_
#define FOVEA_BENCH_LEGIBILITY_OCR_H_

#include <sys/types.h>

#include <cstdio>
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
  // "tesseract" or "pp-ocr". INVALID_ARGUMENT for another; NOT_FOUND if Tesseract's model for
  // English is not installed.
  static absl::StatusOr<std::unique_ptr<OcrReader>> Create(const std::string& name);
  virtual ~OcrReader() = default;

  // The text of a picture of lines of that pitch, the first of which begins 4 pixels below its top.
  // UNAVAILABLE if the reader has gone, or PP-OCR is not installed.
  virtual absl::StatusOr<std::string> Read(const Picture& picture, int line_pitch_px) = 0;
};

// Tesseract, which finds the lines by itself.
class TesseractReader final : public OcrReader {
 public:
  static absl::StatusOr<std::unique_ptr<OcrReader>> Create();
  ~TesseractReader() override;
  absl::StatusOr<std::string> Read(const Picture& picture, int line_pitch_px) override;

 private:
  explicit TesseractReader(std::unique_ptr<tesseract::TessBaseAPI> engine);
  const std::unique_ptr<tesseract::TessBaseAPI> engine_;
};

// PP-OCRv4's recogniser, in a process of Node.js (ppocr/read_lines.mjs), which is told where the
// lines are.
class PpOcrReader final : public OcrReader {
 public:
  static absl::StatusOr<std::unique_ptr<OcrReader>> Create();
  ~PpOcrReader() override;
  absl::StatusOr<std::string> Read(const Picture& picture, int line_pitch_px) override;

 private:
  PpOcrReader(pid_t process, FILE* to, FILE* from) : process_(process), to_(to), from_(from) {}
  const pid_t process_;
  FILE* const to_;
  FILE* const from_;
};

// An empty picture if the bytes are no PNG.
Picture DecodePng(std::string_view png);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_LEGIBILITY_OCR_H_
