// Tesseract, with each language's own data, reads a whole page of it.
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "tests/render/pages.h"
#include "tests/render/tesseract.h"
#include "tests/render/xquad.h"

namespace fovea::render {
namespace {

struct Language {
  const char* name;
  const char* xquad;
  const char* tesseract;
};

class XquadLegibility : public testing::TestWithParam<Language> {};

TEST_P(XquadLegibility, APageAtTwelvePixelsIsRead) {
  const Language& language = GetParam();
  if (XquadParagraphs().empty()) {
    GTEST_SKIP() << "NOT CHECKED: the shared data set multilingual/xquad.jsonl.gz is absent";
  }
  const auto reader = Tesseract::Create(language.tesseract);
  if (reader == nullptr) {
    GTEST_SKIP() << "NOT CHECKED: install tesseract-ocr-" << language.tesseract;
  }
  // Without newlines, whose marks are read as characters of some kind.
  std::string text;
  for (const std::string& paragraph : XquadParagraphs().at(language.xquad)) text += paragraph + ' ';
  const PageContent content = Body(text);
  const PageTypography typography{.line_pitch_px = 12, .grey_bits = 4};
  const auto extent = SharedRenderer().LayOut(content, {}, kBox, typography);
  ASSERT_TRUE(extent.ok()) << extent.status();
  ASSERT_EQ(extent->height, kBox.max_height) << "not a full page";
  const auto page = SharedRenderer().Draw(content, *extent, typography, {});
  ASSERT_TRUE(page.ok()) << page.status();
  const std::string found = reader->Read(page->png);
  const double right = PercentRight(TextBetween(content, extent->begin, extent->end), found);
  std::cout << language.name << ": " << right << " % of " << extent->characters
            << " characters right\n";
  RecordProperty("characters_right_percent", std::to_string(right));
  EXPECT_GE(right, 90) << found;
}

INSTANTIATE_TEST_SUITE_P(All, XquadLegibility,
                         testing::Values(Language{"Russian", "ru", "rus"},
                                         // Its pages have many English names.
                                         Language{"Greek", "el", "ell+eng"},
                                         Language{"German", "de", "deu"},
                                         Language{"Spanish", "es", "spa"},
                                         Language{"Vietnamese", "vi", "vie"}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace fovea::render
