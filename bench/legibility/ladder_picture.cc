// Draws code, JSON, a log, Arabic and Chinese at each rung's pitch, side by side, for people.
//
//   ladder_picture docs/images/rungs.png [FOLDER OF HISTORIES]
#include <leptonica/allheaders.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/legibility/samples.h"
#include "core/base/status_macros.h"
#include "render/renderer.h"

namespace fovea::bench {
namespace {

struct Rung {
  const char* name;
  int line_pitch_px;
};
constexpr Rung kRungs[] = {{"sharp", 10}, {"soft", 9}, {"faint", 8}, {"trace", 7}};
// The width of a contact sheet's column, so that pages are shown pixel by pixel.
constexpr PageBox kBox{.width = 420, .min_height = 130, .max_height = 130};

absl::StatusOr<std::vector<Sample>> Contents(const std::string& folder) {
  FOVEA_ASSIGN_OR_RETURN(
      auto samples, ReadSamples(folder, FOVEA_SOURCE_DIR "/examples/long-session.jsonl.gz", 4000));
  std::vector<Sample> contents;
  for (const char* kind : {"code", "json", "log"}) {
    for (Sample& sample : samples) {
      if (sample.kind == kind) contents.push_back(std::move(sample));
    }
  }
  for (const auto& [kind, language] : {std::pair("Arabic", "ar"), std::pair("Chinese", "zh")}) {
    FOVEA_ASSIGN_OR_RETURN(auto text, ReadParagraphs(folder, language));
    contents.push_back({.kind = kind, .text = std::move(text)});
  }
  return contents;
}

absl::StatusOr<PageRenderer::Captioned> PageOf(const PageRenderer& renderer, const Sample& sample,
                                               const Rung& rung) {
  PageContent content;
  content.blocks.push_back(
      {.seq = 57, .role = Role::kTool, .style = PageBlock::Style::kLabel, .text = "#57 tool"});
  content.blocks.push_back({.seq = 57, .role = Role::kTool, .text = sample.text});
  const PageTypography typography{.line_pitch_px = rung.line_pitch_px};
  FOVEA_ASSIGN_OR_RETURN(const auto extent, renderer.LayOut(content, {}, kBox, typography));
  FOVEA_ASSIGN_OR_RETURN(auto page, renderer.Draw(content, extent, typography, {.text = "#57"}));
  return PageRenderer::Captioned{
      .png = std::move(page.png),
      .caption = absl::StrCat(sample.kind, ", ", rung.name, " (H", rung.line_pitch_px, ")")};
}

// In 16 greys, which are all that its pages have.
std::string InSixteenGreys(const std::string& png) {
  Pix* colour = pixReadMemPng(reinterpret_cast<const l_uint8*>(png.data()), png.size());
  Pix* grey = pixConvertTo8(colour, 0);
  Pix* few = pixThresholdTo4bpp(grey, 16, 0);
  l_uint8* bytes = nullptr;
  size_t size = 0;
  pixWriteMemPng(&bytes, &size, few, 0);
  std::string result(reinterpret_cast<const char*>(bytes), size);
  lept_free(bytes);
  for (Pix* pix : {colour, grey, few}) pixDestroy(&pix);
  return result;
}

absl::Status Draw(const std::string& file, const std::string& folder) {
  FOVEA_ASSIGN_OR_RETURN(const auto renderer, CreateRenderer({}));
  FOVEA_ASSIGN_OR_RETURN(const auto contents, Contents(folder));
  std::vector<PageRenderer::Captioned> pages;
  for (const Rung& rung : kRungs) {
    for (const Sample& sample : contents) {
      FOVEA_ASSIGN_OR_RETURN(auto page, PageOf(*renderer, sample, rung));
      pages.push_back(std::move(page));
    }
  }
  FOVEA_ASSIGN_OR_RETURN(const auto sheet, renderer->ContactSheet(pages));
  std::ofstream output(file, std::ios::binary);
  output << InSixteenGreys(sheet);
  return output.good() ? absl::OkStatus()
                       : absl::UnavailableError(absl::StrCat("cannot write ", file));
}

}  // namespace
}  // namespace fovea::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s PICTURE.png [FOLDER OF HISTORIES]\n", argv[0]);
    return 2;
  }
  const std::string folder = argc > 2 ? argv[2] : FOVEA_SOURCE_DIR "/../shared/data";
  const absl::Status status = fovea::bench::Draw(argv[1], folder);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
