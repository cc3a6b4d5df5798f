#include "tests/render/pages.h"

#include <png.h>

#include <cstdio>
#include <cstdlib>

#include "tests/support/utf8.h"

namespace fovea::render {

const PageRenderer& SharedRenderer() {
  static const auto& renderer =
      *new absl::StatusOr<std::unique_ptr<PageRenderer>>(CreateRenderer(RendererOptions{}));
  if (!renderer.ok()) {
    std::fprintf(stderr, "%s\n", renderer.status().ToString().c_str());
    std::abort();
  }
  return **renderer;
}

const Parts& SharedParts() {
  static const auto& parts = *[] {
    auto* result = new Parts;
    auto fonts = FontSet::Load("/usr/share/fonts");
    if (!fonts.ok()) {
      std::fprintf(stderr, "%s\n", fonts.status().ToString().c_str());
      std::abort();
    }
    result->fonts = *std::move(fonts);
    result->table = std::make_unique<CodePointTable>(*result->fonts);
    result->shaper = std::make_unique<Shaper>(*result->fonts);
    return result;
  }();
  return parts;
}

std::string Utf8(std::initializer_list<char32_t> code_points) {
  std::string text;
  for (const char32_t c : code_points) text += fovea::testing::Utf8(c);
  return text;
}

PageContent Body(std::string text) {
  PageContent content;
  content.blocks.push_back({.seq = 1, .role = Role::kTool, .text = std::move(text)});
  return content;
}

PageContent Turns(const std::vector<std::string>& texts) {
  PageContent content;
  for (size_t i = 0; i < texts.size(); ++i) {
    const uint64_t seq = i + 1;
    content.blocks.push_back({.seq = seq,
                              .role = Role::kTool,
                              .style = PageBlock::Style::kLabel,
                              .text = "#" + std::to_string(seq) + " tool"});
    content.blocks.push_back({.seq = seq, .role = Role::kTool, .text = texts[i]});
  }
  return content;
}

Picture DecodePng(std::string_view png) {
  Picture picture;
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  if (png.size() < 26 || !png_image_begin_read_from_memory(&image, png.data(), png.size())) {
    return picture;
  }
  image.format = PNG_FORMAT_GRAY;
  picture.pixels.resize(PNG_IMAGE_SIZE(image));
  if (!png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr)) return {};
  picture.width = static_cast<int>(image.width);
  picture.height = static_cast<int>(image.height);
  picture.bits = static_cast<unsigned char>(png[24]);
  return picture;
}

std::vector<PageExtent> LayOutAll(const PageContent& content, const PageBox& box,
                                  const PageTypography& typography) {
  std::vector<PageExtent> pages;
  const PagePosition end = {.block = content.blocks.size(), .byte = 0};
  for (PagePosition at; at < end; at = pages.back().end) {
    auto page = SharedRenderer().LayOut(content, at, box, typography);
    if (!page.ok() || page->end <= at) {
      std::fprintf(stderr, "layout stops: %s\n", page.status().ToString().c_str());
      std::abort();
    }
    pages.push_back(*page);
  }
  return pages;
}

std::string TextBetween(const PageContent& content, PagePosition begin, PagePosition end) {
  std::string text;
  for (size_t b = begin.block; b < content.blocks.size() && b <= end.block; ++b) {
    std::string_view part = content.blocks[b].text;
    if (b == end.block) part = part.substr(0, end.byte);
    if (b == begin.block) part.remove_prefix(begin.byte);
    text.append(part);
  }
  return text;
}

}  // namespace fovea::render
