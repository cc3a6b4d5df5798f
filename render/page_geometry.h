// Pages as counts of lines.
#ifndef FOVEA_RENDER_PAGE_GEOMETRY_H_
#define FOVEA_RENDER_PAGE_GEOMETRY_H_

#include "absl/status/status.h"
#include "core/page/page.h"
#include "render/units.h"

namespace fovea::render {

inline constexpr int kMaxSidePx = 16384;

// INVALID_ARGUMENT if the line pitch or the grey bits are out of range.
absl::Status CheckTypography(const PageTypography& typography);

// INVALID_ARGUMENT if the box is inconsistent, too large, or cannot hold the header and one line.
absl::Status CheckBox(const PageBox& box, int line_pitch_px);

// INVALID_ARGUMENT unless begin < end, both within the content, on a page of a possible size.
absl::Status CheckExtent(const PageContent& content, const PageExtent& extent, int line_pitch_px);

bool IsInside(const PageContent& content, PagePosition at);

// The greatest height that the box allows.
int TallestPage(const PageBox& box);
// The smallest allowed height with room for this many lines below the header.
int HeightForLines(const PageBox& box, int lines, int line_pitch_px);
// How many lines fit below the header.
int LinesOnPage(int height_px, int line_pitch_px);

// What a line of text may be wide.
Sub TextWidth(int page_width_px);

// How many of the page's `free_lines` this block takes where it begins a line: 1 if it is text. A
// picture is made up to a third smaller to fit, and at the head of a page as small as it must be; 0
// says that it goes on to the next page.
int LinesTaken(const PageBlock& block, int line_pitch_px, int page_width_px, int free_lines,
               bool page_head);

// Code points between the two places, labels left out; an ill-formed byte counts as one.
uint64_t CountCharacters(const PageContent& content, PagePosition begin, PagePosition end);

}  // namespace fovea::render

#endif  // FOVEA_RENDER_PAGE_GEOMETRY_H_
