// Reads a page back with Tesseract: a bound on what drawing may lose, not on what a model reads.
#include <gtest/gtest.h>

#include "tests/render/pages.h"
#include "tests/render/tesseract.h"

namespace fovea::render {
namespace {

constexpr char kText[] =
    "The planner does no input or output and reads no clock: time arrives as data on the turns, so "
    "that two replicas serve the same bytes after a restart. A page that is drawn once is served "
    "unchanged until the whole context presses on its budget; then the oldest text moves down the "
    "ladder, rung by rung, in one step that frees a good part of the budget. What must be exact is "
    "text: the system turn, the opening task, open calls and the newest turns. for (size_t at = 0; "
    "at < text.size(); at += token.bytes) { const Token token = reader.Read(at, line_start); pen = "
    "PenAfter(token, pen); if (pen > width) break; } return absl::InvalidArgumentError(message); "
    "2026-11-22 03:11:20 INFO server listening on 127.0.0.1:8443 with 2 workers and 512 sessions. "
    "2026-11-22 03:11:24 WARN session 4711 is over its budget by 1280 tokens, planning an epoch. "
    "static_cast<int>(extent.height), std::min(left, right), std::vector<PagePosition> ends; Every "
    "acknowledged turn survives a crash. Retried appends are harmless. Deleting a session removes "
    "its turns, its pages, its index and its caches, and returns a receipt. The deepest rung "
    "stands "
    "first in the prompt and changes least, and the covered history grows with every further rung.";

// Marks that were read as letters would cost one character in twenty.
constexpr char kLines[] =
    "for (size_t at = 0; at < text.size();) {\n  const Token token = reader.Read(at, line_start);\n"
    "  if (pen > width) break;\n    at += token.bytes;\n}\nreturn absl::OkStatus();\n"
    "core/page/page.h\ncore/base/utf8.h\nrender/fonts.cc\nrender/marks.cc\nrender/metrics.cc\n"
    "2026-11-22 03:11:20 INFO server listening\n2026-11-22 03:11:24 WARN over its budget\n"
    "class Reader {\n public:\n  explicit Reader(Options options);\n  Status Open();\n\n"
    " private:\n  const Options options_;\n};\n";

struct LegibilityCase {
  std::string name;
  std::string text;
  int line_pitch_px = 10;
  double least_percent = 0;
};

class Legibility : public testing::TestWithParam<LegibilityCase> {};

TEST_P(Legibility, APageCanBeRead) {
  const auto reader = Tesseract::Create("eng");
  if (reader == nullptr) {
    GTEST_SKIP() << "NOT CHECKED: install tesseract-ocr-eng to check that pages can be read";
  }
  const PageContent content = Body(GetParam().text);
  const PageTypography typography{.line_pitch_px = GetParam().line_pitch_px, .grey_bits = 4};
  const auto extent = SharedRenderer().LayOut(content, {}, kBox, typography);
  ASSERT_TRUE(extent.ok());
  const auto page = SharedRenderer().Draw(content, *extent, typography, {});
  ASSERT_TRUE(page.ok());
  const float times = typography.line_pitch_px <= 8 ? 3 : 2;
  const std::string found = reader->Read(page->png, times);
  const double right = PercentRight(GetParam().text, found);
  RecordProperty("characters_right_percent", std::to_string(right));
  EXPECT_GE(right, GetParam().least_percent) << found;
}

INSTANTIATE_TEST_SUITE_P(
    All, Legibility,
    testing::Values(
        LegibilityCase{.name = "Sharp", .text = kText, .line_pitch_px = 10, .least_percent = 93},
        LegibilityCase{.name = "Soft", .text = kText, .line_pitch_px = 9, .least_percent = 91},
        LegibilityCase{.name = "Faint", .text = kText, .line_pitch_px = 8, .least_percent = 86},
        LegibilityCase{
            .name = "SharpLines", .text = kLines, .line_pitch_px = 10, .least_percent = 96}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace fovea::render
