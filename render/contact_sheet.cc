#include "render/contact_sheet.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::render {
namespace {

constexpr size_t kMaxPages = 32;
constexpr size_t kColumnsInRow = 5;
// All in pixels.
constexpr int kColumn = 420;
constexpr int kGap = 28;
constexpr int kCaptionHeight = 26;
constexpr int kDetailHeight = 200;
constexpr int kDetailGap = 10;
constexpr double kDetailZoom = 2;
constexpr int kMaxPageHeight = 1600;

struct SurfaceDestroy {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct ContextDestroy {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, SurfaceDestroy>;
using Context = std::unique_ptr<cairo_t, ContextDestroy>;

cairo_status_t ReadBytes(void* closure, unsigned char* data, unsigned int length) {
  auto* rest = static_cast<std::string_view*>(closure);
  if (rest->size() < length) return CAIRO_STATUS_READ_ERROR;
  std::memcpy(data, rest->data(), length);
  rest->remove_prefix(length);
  return CAIRO_STATUS_SUCCESS;
}

cairo_status_t AppendBytes(void* closure, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

absl::StatusOr<Surface> Decode(const PageRenderer::Captioned& page) {
  std::string_view rest = page.png;
  Surface surface(cairo_image_surface_create_from_png_stream(ReadBytes, &rest));
  const cairo_status_t status = cairo_surface_status(surface.get());
  if (status != CAIRO_STATUS_SUCCESS) {
    return absl::InvalidArgumentError(
        absl::StrCat("page \"", page.caption, "\" is no PNG: ", cairo_status_to_string(status)));
  }
  return surface;
}

double ScaleOf(cairo_surface_t* page) {
  return static_cast<double>(kColumn) / cairo_image_surface_get_width(page);
}

int ScaledHeight(cairo_surface_t* page) {
  const double height = cairo_image_surface_get_height(page) * ScaleOf(page);
  return std::min(kMaxPageHeight, static_cast<int>(std::lround(height)));
}

void Fill(cairo_t* context, double grey, int x, int y, int width, int height) {
  cairo_set_source_rgb(context, grey, grey, grey);
  cairo_rectangle(context, x, y, width, height);
  cairo_fill(context);
}

// Shows the page from (x, y) on, as much of it as the given size holds, with a fine frame.
void Show(cairo_t* context, cairo_surface_t* page, double scale, cairo_filter_t filter, int x,
          int y, int width, int height) {
  Fill(context, 0.72, x - 1, y - 1, width + 2, height + 2);
  Fill(context, 1, x, y, width, height);
  cairo_save(context);
  cairo_rectangle(context, x, y, width, height);
  cairo_clip(context);
  cairo_translate(context, x, y);
  cairo_scale(context, scale, scale);
  cairo_set_source_surface(context, page, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(context), filter);
  cairo_paint(context);
  cairo_restore(context);
}

void ShowCaption(cairo_t* context, const Canvas& caption, int x, int y) {
  const Surface mask(
      cairo_image_surface_create(CAIRO_FORMAT_A8, caption.width(), caption.height()));
  if (cairo_surface_status(mask.get()) != CAIRO_STATUS_SUCCESS) return;
  const int stride = cairo_image_surface_get_stride(mask.get());
  unsigned char* to = cairo_image_surface_get_data(mask.get());
  for (int row = 0; row < caption.height(); ++row, to += stride) {
    const auto ink = caption.Row(row);
    std::memcpy(to, ink.data(), ink.size());
  }
  cairo_surface_mark_dirty(mask.get());
  cairo_set_source_rgb(context, 0.1, 0.1, 0.1);
  cairo_mask_surface(context, mask.get(), x, y);
}

using Row = absl::Span<const Surface>;

int RowHeight(Row row) {
  int tallest = 0;
  for (const Surface& page : row) tallest = std::max(tallest, ScaledHeight(page.get()));
  return kCaptionHeight + tallest + kDetailGap + kDetailHeight + kGap;
}

void ShowColumn(cairo_t* context, cairo_surface_t* page, int x, int y, int detail_y) {
  y += kCaptionHeight;
  Show(context, page, ScaleOf(page), CAIRO_FILTER_BEST, x, y, kColumn, ScaledHeight(page));
  Show(context, page, kDetailZoom, CAIRO_FILTER_NEAREST, x, detail_y, kColumn, kDetailHeight);
}

absl::StatusOr<std::string> EncodeSurface(cairo_surface_t* surface) {
  std::string png;
  const cairo_status_t status = cairo_surface_write_to_png_stream(surface, AppendBytes, &png);
  if (status != CAIRO_STATUS_SUCCESS) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the contact sheet: ", cairo_status_to_string(status)));
  }
  return png;
}

}  // namespace

absl::StatusOr<std::string> DrawContactSheet(const std::vector<PageRenderer::Captioned>& pages,
                                             DrawCaption draw_caption) {
  if (pages.empty() || pages.size() > kMaxPages) {
    return absl::InvalidArgumentError(
        absl::StrCat("a contact sheet holds 1 to ", kMaxPages, " pages, not ", pages.size()));
  }
  std::vector<Surface> surfaces;
  for (const PageRenderer::Captioned& page : pages) {
    FOVEA_ASSIGN_OR_RETURN(auto surface, Decode(page));
    surfaces.push_back(std::move(surface));
  }
  const auto all = absl::MakeConstSpan(surfaces);
  int height = kGap;
  for (size_t i = 0; i < all.size(); i += kColumnsInRow) {
    height += RowHeight(all.subspan(i, kColumnsInRow));
  }
  const auto columns = static_cast<int>(std::min(all.size(), kColumnsInRow));
  const int width = kGap + columns * (kColumn + kGap);
  const Surface sheet(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  const Context context(cairo_create(sheet.get()));
  Fill(context.get(), 0.95, 0, 0, width, height);
  int y = kGap;
  for (size_t i = 0; i < all.size(); i += kColumnsInRow) {
    const Row row = all.subspan(i, kColumnsInRow);
    const int detail_y = y + RowHeight(row) - kGap - kDetailHeight;
    for (size_t j = 0; j < row.size(); ++j) {
      const int x = kGap + static_cast<int>(j) * (kColumn + kGap);
      ShowCaption(context.get(), draw_caption(pages[i + j].caption, kColumn, kCaptionHeight), x, y);
      ShowColumn(context.get(), row[j].get(), x, y, detail_y);
    }
    y += RowHeight(row);
  }
  return EncodeSurface(sheet.get());
}

}  // namespace fovea::render
