#include "bench/legibility/ocr.h"

#include <leptonica/allheaders.h>
#include <tesseract/baseapi.h>

#include <utility>

#include "absl/status/status.h"

namespace fovea::bench {
namespace {

struct PixDestroy {
  void operator()(Pix* pix) const { pixDestroy(&pix); }
};
using OwnedPix = std::unique_ptr<Pix, PixDestroy>;

OwnedPix ToPix(const Picture& picture) {
  OwnedPix pix(pixCreate(picture.width, picture.height, 8));
  for (int y = 0; y < picture.height; ++y) {
    l_uint32* row = pixGetData(pix.get()) + static_cast<ptrdiff_t>(y) * pixGetWpl(pix.get());
    const uint8_t* from = picture.grey.data() + static_cast<ptrdiff_t>(y) * picture.width;
    for (int x = 0; x < picture.width; ++x) SET_DATA_BYTE(row, x, from[x]);
  }
  return pix;
}

}  // namespace

OcrReader::OcrReader(std::unique_ptr<tesseract::TessBaseAPI> engine) : engine_(std::move(engine)) {}

OcrReader::~OcrReader() = default;

absl::StatusOr<std::unique_ptr<OcrReader>> OcrReader::Create() {
  auto engine = std::make_unique<tesseract::TessBaseAPI>();
  if (engine->Init(nullptr, "eng") != 0) {
    return absl::NotFoundError("Tesseract does not start: install tesseract-ocr-eng");
  }
  engine->SetPageSegMode(tesseract::PSM_SINGLE_BLOCK);
  return std::unique_ptr<OcrReader>(new OcrReader(std::move(engine)));
}

std::string OcrReader::Read(const Picture& picture, int times) {
  const OwnedPix page = ToPix(picture);
  const auto factor = static_cast<float>(times);
  const OwnedPix large(pixScale(page.get(), factor, factor));
  engine_->SetImage(large.get());
  const std::unique_ptr<char[]> text(engine_->GetUTF8Text());
  return text == nullptr ? "" : text.get();
}

Picture DecodePng(std::string_view png) {
  Picture picture;
  const OwnedPix page(pixReadMemPng(reinterpret_cast<const l_uint8*>(png.data()), png.size()));
  if (page == nullptr) return picture;
  const OwnedPix grey(pixConvertTo8(page.get(), 0));
  picture.width = pixGetWidth(grey.get());
  picture.height = pixGetHeight(grey.get());
  for (int y = 0; y < picture.height; ++y) {
    const l_uint32* row =
        pixGetData(grey.get()) + static_cast<ptrdiff_t>(y) * pixGetWpl(grey.get());
    for (int x = 0; x < picture.width; ++x) {
      picture.grey.push_back(static_cast<uint8_t>(GET_DATA_BYTE(row, x)));
    }
  }
  return picture;
}

}  // namespace fovea::bench
