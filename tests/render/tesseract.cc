#include "tests/render/tesseract.h"

#include <leptonica/allheaders.h>
#include <tesseract/baseapi.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/utf8.h"

namespace fovea::render {
namespace {

struct PixDestroy {
  void operator()(Pix* pix) const { pixDestroy(&pix); }
};
using Picture8 = std::unique_ptr<Pix, PixDestroy>;

// The micro sign and the Greek mu are one glyph.
char32_t Folded(char32_t c) { return c == 0xB5 ? 0x3BC : c; }

std::vector<char32_t> WithoutSpace(std::string_view text) {
  std::vector<char32_t> characters;
  for (size_t at = 0; at < text.size();) {
    const DecodedCharacter character = DecodeUtf8(text, at);
    if (character.code_point > ' ') characters.push_back(Folded(character.code_point));
    at += character.length;
  }
  return characters;
}

size_t EditDistance(const std::vector<char32_t>& a, const std::vector<char32_t>& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::unique_ptr<Tesseract> Tesseract::Create(const std::string& language) {
  auto reader = std::make_unique<tesseract::TessBaseAPI>();
  if (reader->Init(nullptr, language.c_str()) != 0) return nullptr;
  reader->SetPageSegMode(tesseract::PSM_SINGLE_BLOCK);
  return std::unique_ptr<Tesseract>(new Tesseract(std::move(reader)));
}

Tesseract::Tesseract(std::unique_ptr<tesseract::TessBaseAPI> reader) : reader_(std::move(reader)) {}

Tesseract::~Tesseract() = default;

std::string Tesseract::Read(const std::string& png, float times) {
  return ReadRows(png, 0, std::numeric_limits<int>::max(), times);
}

std::string Tesseract::ReadRows(const std::string& png, int top, int bottom, float times) {
  const Picture8 page(pixReadMemPng(reinterpret_cast<const l_uint8*>(png.data()), png.size()));
  const l_int32 width = pixGetWidth(page.get());
  const l_int32 height = std::min(bottom, pixGetHeight(page.get())) - top;
  Box* rows = boxCreate(0, top, width, height);
  const Picture8 part(pixClipRectangle(page.get(), rows, nullptr));
  boxDestroy(&rows);
  const Picture8 grey(pixConvertTo8(part.get(), 0));
  const Picture8 large(pixScale(grey.get(), times, times));
  // What was read before must not teach how this page is read.
  reader_->ClearAdaptiveClassifier();
  reader_->SetImage(large.get());
  const std::unique_ptr<char[]> text(reader_->GetUTF8Text());
  return text == nullptr ? "" : text.get();
}

double PercentRight(std::string_view text, std::string_view found) {
  const std::vector<char32_t> expected = WithoutSpace(text);
  return 100.0 * (1 - static_cast<double>(EditDistance(expected, WithoutSpace(found))) /
                          static_cast<double>(expected.size()));
}

}  // namespace fovea::render
