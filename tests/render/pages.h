// What the tests of render share.
#ifndef FOVEA_TESTS_RENDER_PAGES_H_
#define FOVEA_TESTS_RENDER_PAGES_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/page/page.h"
#include "render/code_points.h"
#include "render/fonts.h"
#include "render/line_breaker.h"
#include "render/metrics.h"
#include "render/renderer.h"
#include "render/shaper.h"

namespace fovea::render {

// One renderer for all tests of a program: starting one reads all fonts. Null, with a failed
// expectation in the caller, if a font is missing.
const PageRenderer& SharedRenderer();

// The parts of a renderer, for tests that look inside.
struct Parts {
  std::unique_ptr<FontSet> fonts;
  std::unique_ptr<CodePointTable> table;
  std::unique_ptr<Shaper> shaper;
};
const Parts& SharedParts();

// For code points that must not stand in a source file as they are.
std::string Utf8(std::initializer_list<char32_t> code_points);

PageContent Body(std::string text);
PageContent Turns(const std::vector<std::string>& texts);

inline constexpr PageBox kBox{.width = 640, .min_height = 64, .max_height = 640, .height_step = 32};

struct Picture {
  int width = 0;
  int height = 0;
  int bits = 0;
  std::string pixels;  // 8-bit grey
  int At(int x, int y) const {
    return static_cast<unsigned char>(pixels[static_cast<size_t>(y) * width + x]);
  }
};

// Decodes with libpng; an empty picture if it is no grey PNG.
Picture DecodePng(std::string_view png);

// All pages of a content. Fails the test and stops if LayOut does.
std::vector<PageExtent> LayOutAll(const PageContent& content, const PageBox& box,
                                  const PageTypography& typography);

// The content's text between two places.
std::string TextBetween(const PageContent& content, PagePosition begin, PagePosition end);

}  // namespace fovea::render

#endif  // FOVEA_TESTS_RENDER_PAGES_H_
