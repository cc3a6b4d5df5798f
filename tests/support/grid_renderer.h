// A renderer with a grid of equal cells: its layout can be checked by arithmetic. For planner
// tests.
#ifndef FOVEA_TESTS_SUPPORT_GRID_RENDERER_H_
#define FOVEA_TESTS_SUPPORT_GRID_RENDERER_H_

#include "core/page/page.h"

namespace fovea::testing {

class GridRenderer final : public PageRenderer {
 public:
  std::string_view Version() const override { return "grid-1"; }
  absl::StatusOr<PageExtent> LayOut(const PageContent& content, PagePosition from,
                                    const PageBox& box,
                                    const PageTypography& typography) const override;
  absl::StatusOr<std::string> ToWebp(std::string_view png) const override;
  absl::StatusOr<std::string> ContactSheet(const std::vector<Captioned>& pages) const override;

 private:
  // The "picture" is the page's text.
  absl::StatusOr<DrawnPage> DrawPage(const PageContent& content, const PageExtent& extent,
                                     const PageTypography& typography, const PageHeader& header,
                                     const StillWanted& still_wanted) const override;
};

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SUPPORT_GRID_RENDERER_H_
