#include "core/page/page.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"

namespace fovea {
namespace {

PageBlock::Style BodyStyle(Role role) {
  return role == Role::kUser || role == Role::kSystem ? PageBlock::Style::kUser
                                                      : PageBlock::Style::kBody;
}

std::string ImageNote(const ImagePart& image) {
  return absl::StrCat("[image: ", image.media_type, ", ", image.data.size(), " bytes]");
}

class TurnDrawer {
 public:
  TurnDrawer(const Turn& turn, PageContent* content) : turn_(turn), content_(*content) {}

  void Draw() {
    Add(PageBlock::Style::kLabel, absl::StrCat("#", turn_.seq, " ", RoleName(turn_.role)));
    for (const Part& part : turn_.parts) std::visit(*this, part);
  }

  void operator()(const TextPart& part) { Add(BodyStyle(turn_.role), part.text); }
  void operator()(const ImagePart& part) { Add(PageBlock::Style::kBody, ImageNote(part)); }
  void operator()(const ToolCallPart& part) {
    Add(PageBlock::Style::kBody, absl::StrCat("→ ", part.name, " ", part.arguments_json));
  }
  void operator()(const ToolResultPart& part) {
    const auto style = part.is_error ? PageBlock::Style::kError : PageBlock::Style::kBody;
    for (const auto& item : part.content) {
      if (const auto* text = std::get_if<TextPart>(&item)) {
        Add(style, text->text);
      } else {
        Add(style, ImageNote(std::get<ImagePart>(item)));
      }
    }
  }
  void operator()(const OpaquePart&) {}

 private:
  void Add(PageBlock::Style style, std::string text) {
    if (text.empty()) return;
    content_.blocks.push_back(
        {.seq = turn_.seq, .role = turn_.role, .style = style, .text = std::move(text)});
  }

  const Turn& turn_;
  PageContent& content_;
};

}  // namespace

void AppendTurnToPage(const Turn& turn, PageContent* content) { TurnDrawer(turn, content).Draw(); }

uint64_t EstimatePageBytes(const PageExtent& extent, uint64_t text_bytes,
                           const PageTypography& typography) {
  struct Density {
    int grey_bits;
    double small, large;  // bytes a pixel, up to a line pitch of 8 and above
  };
  constexpr Density kDensities[] = {{1, 0.08, 0.07}, {2, 0.13, 0.115}, {4, 0.24, 0.175}};
  constexpr int kSmallPitch = 8;
  constexpr double kContainerBytes = 1024;
  double bytes_per_pixel = 0.5;
  for (const Density& density : kDensities) {
    if (density.grey_bits != typography.grey_bits) continue;
    bytes_per_pixel = typography.line_pitch_px <= kSmallPitch ? density.small : density.large;
  }
  // A byte of text covers at most about this part of the square of the pitch; the rest of a page
  // that is not full is white, which takes next to nothing.
  constexpr double kSquaresPerByte = 0.45;
  const double pitch = typography.line_pitch_px;
  const double covered =
      std::min(double{1} * extent.width * extent.height,
               kSquaresPerByte * pitch * pitch * static_cast<double>(text_bytes));
  return static_cast<uint64_t>(kContainerBytes + bytes_per_pixel * covered);
}

std::string PageId(std::string_view renderer_version, const PageContent& content,
                   const PageExtent& extent, const PageTypography& typography,
                   const PageHeader& header) {
  Sha256 hash;
  hash.UpdateField(renderer_version)
      .UpdateField(header.text)
      .UpdateNumber(extent.width)
      .UpdateNumber(extent.height)
      .UpdateNumber(typography.line_pitch_px)
      .UpdateNumber(typography.grey_bits);
  for (size_t b = extent.begin.block; b < content.blocks.size(); ++b) {
    if (b > extent.end.block || (b == extent.end.block && extent.end.byte == 0)) break;
    const PageBlock& block = content.blocks[b];
    const size_t from = b == extent.begin.block ? extent.begin.byte : 0;
    const size_t to =
        b == extent.end.block ? std::min(extent.end.byte, block.text.size()) : block.text.size();
    hash.UpdateNumber(static_cast<uint64_t>(block.role))
        .UpdateNumber(static_cast<uint64_t>(block.style))
        .UpdateNumber(from)
        .UpdateField(std::string_view(block.text).substr(from, to - from));
  }
  return hash.HexDigest();
}

}  // namespace fovea
