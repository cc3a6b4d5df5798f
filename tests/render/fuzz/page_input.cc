#include "tests/render/fuzz/page_input.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include "render/units.h"

namespace fovea::render {
namespace {

constexpr size_t kHeadBytes = 8;
constexpr char kBlockMark = '\xFE';
constexpr int kPitches = kMaxLinePitch - kMinLinePitch + 1;
constexpr std::array<int, 4> kGreyBits = {4, 1, 2, 8};
// A first byte from here on names a paper; one below leaves it to the bytes behind it.
constexpr uint8_t kFirstPaper = 0x80;

// Of the readers' papers, the smallest, the largest and some between.
constexpr PageBox kReaderPapers[kPapers] = {
    {.width = 336, .min_height = 336, .max_height = 336, .height_step = 1},
    {.width = 448, .min_height = 448, .max_height = 448, .height_step = 1},
    {.width = 640, .min_height = 640, .max_height = 640, .height_step = 1},
    {.width = 512, .min_height = 32, .max_height = 2048, .height_step = 32},
    {.width = 1092, .min_height = 28, .max_height = 1092, .height_step = 28},
    {.width = 1456, .min_height = 28, .max_height = 1456, .height_step = 28},
    {.width = 2048, .min_height = 512, .max_height = 2048, .height_step = 512},
    {.width = 1792, .min_height = 896, .max_height = 2688, .height_step = 896},
};

PageBox DecodeBox(const std::array<uint8_t, kHeadBytes>& head) {
  if (head[0] >= kFirstPaper) return kReaderPapers[head[0] % kPapers];
  const int min_height = head[2] * 2;
  return {.width = 8 + head[1] * 4,
          .min_height = min_height,
          .max_height = min_height + head[3] * 2,
          .height_step = head[4] % 64};
}

PageBlock NewBlock(uint8_t style, size_t index) {
  using Style = PageBlock::Style;
  constexpr std::array<Style, 8> kStyles = {Style::kBody,    Style::kLabel,   Style::kUser,
                                            Style::kError,   Style::kHeading, Style::kStrong,
                                            Style::kHeading, Style::kStrong};
  constexpr std::array<Role, 4> kRoles = {Role::kTool, Role::kUser, Role::kAssistant,
                                          Role::kSystem};
  return {.seq = index + 1,
          .role = kRoles[style / 4 % 4],
          .style = kStyles[style % 4 + style / 16 % 2 * 4],
          .joined = style / 32 % 2 == 1};
}

}  // namespace

PageInput DecodePageInput(std::string_view bytes) {
  std::array<uint8_t, kHeadBytes> head = {};
  const size_t head_bytes = std::min(bytes.size(), head.size());
  std::copy_n(bytes.begin(), head_bytes, head.begin());
  bytes.remove_prefix(head_bytes);
  PageInput input{.content = {},
                  .box = DecodeBox(head),
                  .typography = {.line_pitch_px = kMinLinePitch + head[5] % kPitches,
                                 .grey_bits = kGreyBits[head[6] % kGreyBits.size()]},
                  .header = {.text = std::string(bytes.substr(0, head[7]))}};
  bytes.remove_prefix(std::min<size_t>(bytes.size(), head[7]));
  auto& blocks = input.content.blocks;
  blocks.push_back(NewBlock(0, 0));
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] == kBlockMark && at + 1 < bytes.size()) {
      blocks.push_back(NewBlock(static_cast<uint8_t>(bytes[++at]), blocks.size()));
    } else {
      blocks.back().text += bytes[at];
    }
  }
  return input;
}

std::string PaperBytes(int paper, int line_pitch_px, int grey_bits) {
  std::string bytes(kHeadBytes, '\0');
  bytes[0] = static_cast<char>(kFirstPaper + paper);
  bytes[5] = static_cast<char>(line_pitch_px - kMinLinePitch);
  const auto* bits = std::find(kGreyBits.begin(), kGreyBits.end(), grey_bits);
  bytes[6] = static_cast<char>(std::distance(kGreyBits.begin(), bits));
  return bytes;
}

std::string BlockBytes(PageBlock::Style style) {
  switch (style) {
    case PageBlock::Style::kBody:
      return {kBlockMark, 0};
    case PageBlock::Style::kLabel:
      return {kBlockMark, 1};
    case PageBlock::Style::kUser:
      return {kBlockMark, 6};
    case PageBlock::Style::kError:
      return {kBlockMark, 3};
    case PageBlock::Style::kHeading:
      return {kBlockMark, 16};
    case PageBlock::Style::kStrong:
      return {kBlockMark, 49};  // joined
  }
  return {};
}

}  // namespace fovea::render
