#include "bench/legibility/settings.h"

#include <filesystem>
#include <regex>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/legibility/grid_page.h"
#include "bench/legibility/ocr.h"
#include "core/base/status_macros.h"
#include "render/canvas.h"
#include "render/png.h"
#include "render/renderer.h"

namespace fovea::bench {
namespace {

constexpr char kFonts[] = "/usr/share/fonts/";
constexpr char kFovea[] = "fovea";
constexpr int kHighest = 16384;
constexpr PageEffort kEffort = PageEffort::kSmall;

// What is done with the text, apart from its face.
struct Look {
  PageBlock::Style style = PageBlock::Style::kBody;
  int ink = 255;  // of 255: how dark black is
};

// Draws black as grey, and counts the bytes of the page again.
absl::Status Lighten(int ink, int grey_bits, Picture* picture) {
  std::string pixels;
  for (uint8_t& grey : picture->grey) {
    grey = 255 - render::Quantise((255 - grey) * ink / 255, grey_bits);
    pixels.push_back(static_cast<char>(grey));
  }
  FOVEA_ASSIGN_OR_RETURN(auto encoder, render::PngEncoder::Create());
  FOVEA_ASSIGN_OR_RETURN(
      const auto png, encoder.Encode(pixels, picture->width, picture->height, grey_bits, kEffort));
  picture->png_bytes = png.size();
  return absl::OkStatus();
}

class FoveaPages final : public PageMaker {
 public:
  FoveaPages(std::shared_ptr<const PageRenderer> renderer, PageTypography typography, Look look)
      : renderer_(std::move(renderer)), typography_(typography), look_(look) {
    typography_.effort = kEffort;
  }

  absl::StatusOr<size_t> Fill(std::string_view text, int side) const override {
    const PageContent content = Content(text);
    FOVEA_ASSIGN_OR_RETURN(
        const auto extent,
        renderer_->LayOut(content, {}, {.width = side, .min_height = side, .max_height = side},
                          typography_));
    return extent.end.block > 0 ? text.size() : extent.end.byte;
  }

  absl::StatusOr<Picture> Draw(std::string_view text, int width) const override {
    const PageContent content = Content(text);
    const PageBox box = {.width = width, .min_height = 64, .max_height = kHighest};
    FOVEA_ASSIGN_OR_RETURN(const auto extent, renderer_->LayOut(content, {}, box, typography_));
    if (extent.end.block == 0) return absl::OutOfRangeError("the sample is too long for a page");
    FOVEA_ASSIGN_OR_RETURN(const auto page, renderer_->Draw(content, extent, typography_, {}));
    Picture picture = DecodePng(page.png);
    picture.png_bytes = page.png.size();
    if (look_.ink < 255) {
      FOVEA_RETURN_IF_ERROR(Lighten(look_.ink, typography_.grey_bits, &picture));
    }
    return picture;
  }

 private:
  PageContent Content(std::string_view text) const {
    PageContent content;
    content.blocks.push_back(
        {.seq = 1, .role = Role::kTool, .style = look_.style, .text = std::string(text)});
    return content;
  }

  const std::shared_ptr<const PageRenderer> renderer_;
  PageTypography typography_;
  const Look look_;
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
  Typeface large;
  Typeface small;
  Look look = {};
};

// A face at every pitch, and the default faces but for some of their properties.
Face Alone(const char* family, const Typeface& typeface) { return {family, typeface, typeface}; }
Face AtPlaces(const char* family, int places) {
  Face face{family, {}, DejaVuSans()};
  face.large.places = places;
  face.small.places = places;
  return face;
}
Face Looking(const char* family, Look look) { return {family, {}, DejaVuSans(), look}; }

// Other faces, then the default face with other borrowed characters, another em, at other places,
// and as other looks.
std::vector<Face> Faces() {
  const char* const dejavu = "truetype/dejavu/DejaVuSans.ttf";
  return {
      Alone("face DejaVu Sans plain", FaceOf(dejavu, "")),
      Alone("face DejaVu Sans", FaceOf(dejavu)),
      Alone("face DejaVu Sans Condensed", FaceOf("truetype/dejavu/DejaVuSansCondensed.ttf")),
      Alone("face DejaVu Sans Mono", FaceOf("truetype/dejavu/DejaVuSansMono.ttf", "")),
      Alone("face Noto Sans", FaceOf("truetype/noto/NotoSans-Regular.ttf")),
      Alone("face Roboto", FaceOf("truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf")),
      Alone("face Inter", FaceOf("opentype/inter/Inter-Regular.otf")),
      Alone("borrowed nothing", {.borrowed = ""}),
      Alone("borrowed I", {.borrowed = "I"}),
      Alone("borrowed I ( ) 0", {.borrowed = "I()0"}),
      Alone("em 95 %", {.percent = 95}),
      Alone("em 105 %", {.percent = 105}),
      AtPlaces("places 1", 1),
      AtPlaces("places 2", 2),
      AtPlaces("places 4", 4),
      Looking("look bold", {.style = PageBlock::Style::kUser}),
      Looking("look grey 80 %", {.ink = 0xCC}),
      Looking("look grey 67 %", {.ink = 0xAA}),
  };
}

absl::StatusOr<std::shared_ptr<const PageRenderer>> RendererOf(const Typeface& typeface,
                                                               const Typeface& small) {
  FOVEA_ASSIGN_OR_RETURN(auto renderer,
                         CreateRenderer({.typeface = typeface, .small_typeface = small}));
  return std::shared_ptr<const PageRenderer>(std::move(renderer));
}

class Collector {
 public:
  Collector(const std::string& filter, std::vector<std::string>* missing)
      : filter_(filter), missing_(*missing) {}

  absl::Status AddFovea(const Face& face, const std::vector<PageTypography>& typographies) {
    std::shared_ptr<const PageRenderer> renderer;
    for (const PageTypography& typography : typographies) {
      Setting setting{.family = face.family,
                      .line_pitch_px = typography.line_pitch_px,
                      .grey_bits = typography.grey_bits};
      if (!IsWanted(setting)) continue;
      if (!std::filesystem::exists(absl::StrCat(kFonts, face.large.regular))) {
        missing_.emplace_back(face.large.regular);
        return absl::OkStatus();
      }
      if (renderer == nullptr) {
        FOVEA_ASSIGN_OR_RETURN(renderer, RendererOf(face.large, face.small));
      }
      setting.pages = std::make_shared<FoveaPages>(renderer, typography, face.look);
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
    FOVEA_ASSIGN_OR_RETURN(auto grid, GridPage::Create(kFonts + file, line_pitch_px));
    Setting setting{.family = family, .line_pitch_px = grid->line_pitch_px()};
    if (!IsWanted(setting)) return absl::OkStatus();
    setting.pages = std::make_shared<GridPages>(std::move(grid));
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
  const Face fovea = Looking(kFovea, {});
  absl::Status status = collector.AddFovea(fovea, Pitches(7, 12, 4));
  status.Update(collector.AddFovea(fovea, Pitches(9, 9, 8)));
  status.Update(collector.AddFovea(fovea, Pitches(9, 9, 2)));
  for (const PageTypography& typography : Pitches(9, 13, 8)) {
    status.Update(collector.AddGrid("grid DejaVu Sans Mono", "truetype/dejavu/DejaVuSansMono.ttf",
                                    typography.line_pitch_px));
  }
  for (const char* cell : {"5x8", "6x12", "8x16"}) {
    status.Update(
        collector.AddGrid("grid Spleen", absl::StrCat("X11/misc/spleen-", cell, ".pcf.gz"), 0));
  }
  for (const Face& face : Faces()) {
    status.Update(collector.AddFovea(face, Pitches(8, 10, 4)));
  }
  if (!status.ok()) return status;
  return collector.Take();
}

}  // namespace fovea::bench
