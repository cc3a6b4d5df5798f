#include "bench/legibility/settings.h"

#include <filesystem>
#include <regex>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/legibility/grid_page.h"
#include "bench/legibility/ocr.h"
#include "render/renderer.h"

namespace fovea::bench {
namespace {

constexpr char kFonts[] = "/usr/share/fonts/";
constexpr char kFovea[] = "fovea";
constexpr int kHighest = 16384;

class FoveaPages final : public PageMaker {
 public:
  FoveaPages(std::shared_ptr<const PageRenderer> renderer, PageTypography typography)
      : renderer_(std::move(renderer)), typography_(typography) {}

  absl::StatusOr<size_t> Fill(std::string_view text, int side) const override {
    const PageContent content = Content(text);
    const auto extent = renderer_->LayOut(
        content, {}, {.width = side, .min_height = side, .max_height = side}, typography_);
    if (!extent.ok()) return extent.status();
    return extent->end.block > 0 ? text.size() : extent->end.byte;
  }

  absl::StatusOr<Picture> Draw(std::string_view text, int width) const override {
    const PageContent content = Content(text);
    const PageBox box = {.width = width, .min_height = 64, .max_height = kHighest};
    const auto extent = renderer_->LayOut(content, {}, box, typography_);
    if (!extent.ok()) return extent.status();
    if (extent->end.block == 0) return absl::OutOfRangeError("the sample is too long for a page");
    const auto page = renderer_->Draw(content, *extent, typography_, {});
    if (!page.ok()) return page.status();
    return DecodePng(page->png);
  }

 private:
  static PageContent Content(std::string_view text) {
    PageContent content;
    content.blocks.push_back({.seq = 1, .role = Role::kTool, .text = std::string(text)});
    return content;
  }

  const std::shared_ptr<const PageRenderer> renderer_;
  const PageTypography typography_;
};

class GridPages final : public PageMaker {
 public:
  explicit GridPages(std::unique_ptr<GridPage> grid) : grid_(std::move(grid)) {}
  absl::StatusOr<size_t> Fill(std::string_view text, int side) const override {
    return grid_->Fill(text, side, side);
  }
  absl::StatusOr<Picture> Draw(std::string_view text, int width) const override {
    return grid_->Draw(text, width);
  }
  int line_pitch_px() const { return grid_->line_pitch_px(); }

 private:
  const std::unique_ptr<GridPage> grid_;
};

// A face with an `I`, unless none is to be borrowed, from DejaVu Sans Mono.
Typeface FaceOf(const char* regular, std::string_view borrowed = "I") {
  return {.regular = regular,
          .lender_regular = "truetype/dejavu/DejaVuSansMono.ttf",
          .borrowed = borrowed};
}

struct Face {
  const char* family;
  Typeface typeface;
};

// Other faces, then the default face with other borrowed characters and another em: at two pitches.
std::vector<Face> Faces() {
  const char* const dejavu = "truetype/dejavu/DejaVuSans.ttf";
  return {
      {"face DejaVu Sans plain", FaceOf(dejavu, "")},
      {"face DejaVu Sans", FaceOf(dejavu)},
      {"face DejaVu Sans Condensed", FaceOf("truetype/dejavu/DejaVuSansCondensed.ttf")},
      {"face DejaVu Sans Mono", FaceOf("truetype/dejavu/DejaVuSansMono.ttf", "")},
      {"face Noto Sans", FaceOf("truetype/noto/NotoSans-Regular.ttf")},
      {"face Roboto", FaceOf("truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf")},
      {"face Inter", FaceOf("opentype/inter/Inter-Regular.otf")},
      {"borrowed nothing", {.borrowed = ""}},
      {"borrowed I", {.borrowed = "I"}},
      {"borrowed I ( ) 0", {.borrowed = "I()0"}},
      {"em 95 %", {.percent = 95}},
      {"em 105 %", {.percent = 105}},
  };
}

absl::StatusOr<std::shared_ptr<const PageRenderer>> RendererOf(const Typeface& typeface,
                                                               const Typeface& small) {
  auto renderer = CreateRenderer({.typeface = typeface, .small_typeface = small});
  if (!renderer.ok()) return renderer.status();
  return std::shared_ptr<const PageRenderer>(*std::move(renderer));
}

class Collector {
 public:
  Collector(const std::string& filter, std::vector<std::string>* missing)
      : filter_(filter), missing_(*missing) {}

  absl::Status AddFovea(const std::string& family, const Typeface& typeface,
                        const std::vector<PageTypography>& typographies) {
    std::shared_ptr<const PageRenderer> renderer;
    for (const PageTypography& typography : typographies) {
      Setting setting{.family = family,
                      .line_pitch_px = typography.line_pitch_px,
                      .grey_bits = typography.grey_bits};
      if (!IsWanted(setting)) continue;
      if (!std::filesystem::exists(absl::StrCat(kFonts, typeface.regular))) {
        missing_.emplace_back(typeface.regular);
        return absl::OkStatus();
      }
      if (renderer == nullptr) {
        auto created = RendererOf(typeface, family == kFovea ? DejaVuSans() : typeface);
        if (!created.ok()) return created.status();
        renderer = *created;
      }
      setting.pages = std::make_shared<FoveaPages>(renderer, typography);
      settings_.push_back(std::move(setting));
    }
    return absl::OkStatus();
  }

  // A bitmap font says its own pitch.
  absl::Status AddGrid(const std::string& family, const std::string& file, int line_pitch_px) {
    if (!std::filesystem::exists(kFonts + file)) {
      missing_.push_back(file);
      return absl::OkStatus();
    }
    auto grid = GridPage::Create(kFonts + file, line_pitch_px);
    if (!grid.ok()) return grid.status();
    Setting setting{.family = family, .line_pitch_px = (*grid)->line_pitch_px()};
    if (!IsWanted(setting)) return absl::OkStatus();
    setting.pages = std::make_shared<GridPages>(*std::move(grid));
    settings_.push_back(std::move(setting));
    return absl::OkStatus();
  }

  std::vector<Setting> Take() { return std::move(settings_); }

 private:
  bool IsWanted(const Setting& setting) const { return std::regex_search(setting.Name(), filter_); }

  const std::regex filter_;
  std::vector<std::string>& missing_;
  std::vector<Setting> settings_;
};

std::vector<PageTypography> Pitches(int first, int last, int grey_bits) {
  std::vector<PageTypography> result;
  for (int pitch = first; pitch <= last; ++pitch) {
    result.push_back({.line_pitch_px = pitch, .grey_bits = grey_bits});
  }
  return result;
}

}  // namespace

std::string Setting::Name() const {
  return absl::StrCat(family, " H", line_pitch_px, " ", grey_bits, "-bit");
}

absl::StatusOr<std::vector<Setting>> MakeSettings(const std::string& filter,
                                                  std::vector<std::string>* missing) {
  Collector collector(filter, missing);
  absl::Status status = collector.AddFovea(kFovea, {}, Pitches(7, 12, 4));
  status.Update(collector.AddFovea(kFovea, {}, Pitches(9, 9, 8)));
  status.Update(collector.AddFovea(kFovea, {}, Pitches(9, 9, 2)));
  for (const PageTypography& typography : Pitches(9, 13, 8)) {
    status.Update(collector.AddGrid("grid DejaVu Sans Mono", "truetype/dejavu/DejaVuSansMono.ttf",
                                    typography.line_pitch_px));
  }
  for (const char* cell : {"5x8", "6x12", "8x16"}) {
    status.Update(
        collector.AddGrid("grid Spleen", absl::StrCat("X11/misc/spleen-", cell, ".pcf.gz"), 0));
  }
  for (const Face& face : Faces()) {
    status.Update(collector.AddFovea(face.family, face.typeface, Pitches(8, 9, 4)));
  }
  if (!status.ok()) return status;
  return collector.Take();
}

}  // namespace fovea::bench
