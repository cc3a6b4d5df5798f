// Pages beside each other, for people.
#ifndef FOVEA_RENDER_CONTACT_SHEET_H_
#define FOVEA_RENDER_CONTACT_SHEET_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/page/page.h"
#include "render/canvas.h"

namespace fovea::render {

// Draws a caption as one line on a canvas of this width and height, in pixels.
using DrawCaption = absl::FunctionRef<Canvas(std::string_view caption, int width, int height)>;

// One column for each page, in rows of up to five: its caption, the page at a common width, and
// below it the top left corner of the page's text at twice its size. INVALID_ARGUMENT if there is
// no page, more than 32, or one that is not a PNG.
absl::StatusOr<std::string> DrawContactSheet(const std::vector<PageRenderer::Captioned>& pages,
                                             DrawCaption draw_caption);

}  // namespace fovea::render

#endif  // FOVEA_RENDER_CONTACT_SHEET_H_
