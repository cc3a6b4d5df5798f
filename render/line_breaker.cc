#include "render/line_breaker.h"

#include <algorithm>

namespace fovea::render {
namespace {

// A line may end this much short to keep a word whole, in thousandths of its width. On average half
// of it is lost.
constexpr int kBreakWindowPermille = 35;
// A label stays on a line only with this many ems for what follows it.
constexpr int kLabelCompanyEms = 4;
constexpr size_t kMaxLabelBytes = 64;

bool BreaksAfter(char c) {
  return std::string_view(",;:/\\)]}>&|=+-").find(c) != std::string_view::npos;
}

}  // namespace

std::string_view Stream::Text(size_t block) const {
  const std::string_view text = content.blocks[block].text;
  return block == end.block ? text.substr(0, end.byte) : text;
}

bool Stream::BeginsTextLine(PagePosition at) const {
  if (at == begin) return true;
  if (at.byte > 0) return content.blocks[at.block].text[at.byte - 1] == '\n';
  return !content.blocks[at.block].joined || content.blocks[at.block - 1].text.ends_with('\n');
}

bool Stream::IsJoined(size_t block) const {
  return block < content.blocks.size() && content.blocks[block].joined;
}

int Stream::MaxRun(const Metrics& metrics) const { return std::clamp(width / metrics.em, 1, 48); }

PagePosition SkipEmpty(const PageContent& content, PagePosition at) {
  while (at.block < content.blocks.size() && !content.blocks[at.block].IsPicture() &&
         at.byte >= content.blocks[at.block].text.size()) {
    at = {.block = at.block + 1, .byte = 0};
  }
  return at;
}

Sub PenAtBlock(const Metrics& metrics, const PageContent& content, size_t block, Sub pen) {
  if (content.blocks[block].joined) return pen;
  const bool label = content.blocks[block].style == PageBlock::Style::kLabel;
  if (pen == 0) return label ? CeilToGrid(metrics.label_padding) : 0;
  const bool after_label = block > 0 && content.blocks[block - 1].style == PageBlock::Style::kLabel;
  if (after_label) pen += metrics.label_padding;
  const Sub gap = label || after_label ? metrics.label_gap : metrics.block_gap;
  return CeilToGrid(pen + gap + (label ? metrics.label_padding : 0));
}

PagePosition LineBreaker::EndOfLine(PagePosition from) {
  if (stream_.content.blocks[from.block].IsPicture()) {
    return std::min(SkipEmpty(stream_.content, {.block = from.block + 1, .byte = 0}), stream_.end);
  }
  at_ = from;
  pen_ = 0;
  soft_ = from;
  soft_pen_ = 0;
  while (at_ < stream_.end) {
    const size_t block = at_.block;
    if (stream_.content.blocks[block].IsPicture()) break;
    if (at_.byte == 0) {
      const bool label = stream_.content.blocks[block].style == PageBlock::Style::kLabel;
      if (label && pen_ > 0 && !LabelFits(block)) break;
      pen_ = PenAtBlock(metrics_, stream_.content, block, pen_);
    }
    if (FillFromBlock(from)) break;
    at_ = {.block = block + 1, .byte = 0};
    if (!stream_.IsJoined(at_.block)) {
      soft_ = at_;
      soft_pen_ = pen_;
    }
  }
  return std::min(SkipEmpty(stream_.content, at_), stream_.end);
}

bool LineBreaker::LabelFits(size_t block) const {
  const std::string_view text = stream_.Text(block).substr(0, kMaxLabelBytes);
  Sub end = PenAtBlock(metrics_, stream_.content, block, pen_) + kLabelCompanyEms * metrics_.em;
  for (const char c : text) {
    end += std::max<Sub>(metrics_.Ascii(Weight::kBold)[static_cast<unsigned char>(c)],
                         metrics_.Space(Weight::kBold));
  }
  return end <= stream_.width;
}

bool LineBreaker::FillFromBlock(PagePosition line_begin) {
  const size_t block = at_.block;
  const std::string_view text = stream_.Text(block);
  const Weight weight = WeightOf(stream_.content.blocks[block].style);
  const auto& ascii = metrics_.Ascii(weight);
  const Sub width = stream_.width;
  TokenReader reader(typesetter_.table, typesetter_.shaper, metrics_, text, weight,
                     stream_.MaxRun(metrics_));
  size_t at = at_.byte;
  Sub pen = pen_;
  bool line_start = stream_.BeginsTextLine(at_);
  while (at < text.size()) {
    const size_t word_begin = at;
    Sub advance = 0;
    while (at < text.size() && (advance = ascii[static_cast<unsigned char>(text[at])]) != 0 &&
           pen + advance <= width) {
      pen += advance;
      ++at;
    }
    if (at > word_begin) line_start = false;
    const bool overflow = at < text.size() && advance != 0;
    if (!overflow) {
      if (at == text.size()) break;
      if (at > word_begin && reader.ContinuesCluster(at)) {
        --at;
        pen -= ascii[static_cast<unsigned char>(text[at])];
      }
    }
    const Token token = reader.Read(at, line_start);
    const Sub next_pen = PenAfter(token, pen);
    const bool hangs = token.kind == Token::Kind::kSpace;
    if (next_pen > width && !hangs && PagePosition{block, at} != line_begin) {
      at_ = {.block = block, .byte = at};
      pen_ = pen;
      BreakHere(line_begin, word_begin, text);
      return true;
    }
    at += token.bytes;
    pen = next_pen;
    line_start = token.kind == Token::Kind::kNewline || (line_start && token.IsIndent());
    if (token.EndsWord()) {
      soft_ = {.block = block, .byte = at};
      soft_pen_ = pen;
    }
  }
  at_ = {.block = block, .byte = at};
  pen_ = pen;
  return false;
}

void LineBreaker::BreakHere(PagePosition line_begin, size_t word_begin, std::string_view text) {
  const Sub window = stream_.width / 1000 * kBreakWindowPermille;
  if (soft_ > line_begin && stream_.width - soft_pen_ <= window) {
    at_ = soft_;
    return;
  }
  const auto& ascii = metrics_.Ascii(WeightOf(stream_.content.blocks[at_.block].style));
  Sub pen = pen_;
  for (size_t at = at_.byte; at > word_begin && stream_.width - pen <= window; --at) {
    if (BreaksAfter(text[at - 1])) {
      at_.byte = at;
      return;
    }
    pen -= ascii[static_cast<unsigned char>(text[at - 1])];
  }
}

}  // namespace fovea::render
