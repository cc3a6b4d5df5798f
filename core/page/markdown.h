// The parts of a text in Markdown that are drawn bold.
#ifndef FOVEA_CORE_PAGE_MARKDOWN_H_
#define FOVEA_CORE_PAGE_MARKDOWN_H_

#include <cstddef>
#include <string_view>
#include <vector>

namespace fovea {

struct EmphasisedSpan {
  size_t begin = 0;  // bytes
  size_t end = 0;    // exclusive
  bool heading = false;
  bool operator==(const EmphasisedSpan&) const = default;
};

// The first `most` of: lines that begin with one to six # and a space, without their newline; and
// within a line, what stands between ** and ** or __ and __, with these marks. In order, without
// overlap. Code, fenced or between backticks, is passed over; so are bold words on a line with
// right-to-left text, whose order a change of style would break. Linear in the text.
std::vector<EmphasisedSpan> FindEmphasis(std::string_view text, size_t most);

}  // namespace fovea

#endif  // FOVEA_CORE_PAGE_MARKDOWN_H_
