#include "tests/render/fuzz/page_check.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"
#include "render/page_geometry.h"
#include "tests/render/fuzz/page_meter.h"
#include "tests/render/pages.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FOVEA_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FOVEA_SANITIZED 1
#endif
#endif

namespace fovea::render {
namespace {

constexpr size_t kMaxLaidOut = 1000;
constexpr size_t kMaxDrawn = 3;

bool SameExtent(const PageExtent& a, const PageExtent& b) {
  return a.begin == b.begin && a.end == b.end && a.width == b.width && a.height == b.height &&
         a.first_seq == b.first_seq && a.last_seq == b.last_seq && a.characters == b.characters;
}

// Whether a place is within the bytes of a character.
bool SplitsCharacter(const PageContent& content, PagePosition at) {
  if (at.block >= content.blocks.size()) return false;
  const std::string_view text = content.blocks[at.block].text;
  for (size_t back = 1; back <= 3 && back <= at.byte; ++back) {
    const DecodedCharacter character = DecodeUtf8(text, at.byte - back);
    if (character.well_formed && character.length > back) return true;
  }
  return false;
}

uint64_t TextBytes(const PageContent& content) {
  uint64_t bytes = 0;
  for (const PageBlock& block : content.blocks) bytes += block.text.size();
  return bytes;
}

class Checker {
 public:
  Checker(const PageInput& input, const PageRenderer& renderer, const PageLimits& limits)
      : in_(input), renderer_(renderer), limits_(limits) {}

  PageReport Check() {
    const bool possible = CheckBox(in_.box, in_.typography.line_pitch_px).ok();
    const PagePosition end{.block = in_.content.blocks.size()};
    uint64_t characters = 0;
    PagePosition at;
    while (at < end && pages_.size() < kMaxLaidOut && report_.broken.empty()) {
      if (!LayOutPage(at, possible)) break;
      characters += pages_.back().characters;
      at = pages_.back().end;
    }
    report_.pages_laid_out = pages_.size();
    if (at == end && characters != CountCharacters(in_.content, {}, end)) {
      Broken("the pages do not have all characters");
    }
    return report_;
  }

 private:
  void Broken(std::string_view promise) {
    if (!report_.broken.empty()) return;
    report_.broken = absl::StrCat("page ", pages_.size(), ": ", std::string(promise));
  }

  bool LayOutPage(PagePosition at, bool possible) {
    const PageMeter meter(limits_.measure_memory && pages_.size() < kMaxDrawn);
    const auto extent = renderer_.LayOut(in_.content, at, in_.box, in_.typography);
    if (extent.ok() != possible) {
      Broken(extent.ok() ? "laid out on an impossible paper" : extent.status().ToString());
    }
    if (!extent.ok()) return false;
    pages_.push_back(*extent);
    CheckExtent(at, *extent);
    if (pages_.size() > kMaxDrawn) return report_.broken.empty();
    const auto drawn = renderer_.Draw(in_.content, *extent, in_.typography, in_.header);
    const double seconds = meter.Seconds();
    const uint64_t bytes = meter.PeakBytes();
    if (!drawn.ok()) {
      Broken(drawn.status().ToString());
      return false;
    }
    ++report_.pages_drawn;
    CheckDrawn(*extent, *drawn);
    Repeat(at, *extent, *drawn, seconds, bytes);
    return report_.broken.empty();
  }

  void CheckExtent(PagePosition at, const PageExtent& extent) {
    if (extent.begin != at) Broken("begins elsewhere");
    if (!(at < extent.end)) Broken("does not go on");
    if (SplitsCharacter(in_.content, extent.end)) Broken("ends within a character");
    const bool any = !TextBetween(in_.content, extent.begin, extent.end).empty();
    if (!any && TextBytes(in_.content) > 0 && pages_.size() > 1) Broken("holds no text");
    const int over = extent.height - in_.box.min_height;
    if (extent.width != in_.box.width || over < 0 || extent.height > in_.box.max_height ||
        over % in_.box.height_step != 0) {
      Broken("is not on its paper");
    }
  }

  void CheckDrawn(const PageExtent& extent, const DrawnPage& drawn) {
    const Picture picture = DecodePng(drawn.png);
    if (picture.width != extent.width || picture.height != extent.height ||
        picture.bits != in_.typography.grey_bits) {
      Broken("is no picture of its size");
    }
    const uint64_t bytes =
        TextBetween(in_.content, extent.begin, extent.end).size() + in_.header.text.size();
    if (drawn.missing_glyphs + drawn.hidden_characters > bytes) Broken("counts more than there is");
  }

  // The same again; and whether it was over its limits both times.
  void Repeat(PagePosition at, const PageExtent& extent, const DrawnPage& drawn, double seconds,
              uint64_t bytes) {
    const PageMeter meter(limits_.measure_memory);
    const auto extent2 = renderer_.LayOut(in_.content, at, in_.box, in_.typography);
    const auto drawn2 = renderer_.Draw(in_.content, extent, in_.typography, in_.header);
    seconds = std::min(seconds, meter.Seconds());
    bytes = std::max(bytes, meter.PeakBytes());
    if (!extent2.ok() || !SameExtent(extent, *extent2)) Broken("is laid out otherwise again");
    if (!drawn2.ok() || drawn2->png != drawn.png ||
        drawn2->hidden_characters != drawn.hidden_characters ||
        drawn2->missing_glyphs != drawn.missing_glyphs) {
      Broken("is drawn otherwise again");
    }
    report_.worst_seconds = std::max(report_.worst_seconds, seconds);
    report_.worst_bytes = std::max(report_.worst_bytes, bytes);
    if (seconds > limits_.page_seconds) Broken(absl::StrCat("took ", seconds, " s"));
    if (bytes > limits_.page_bytes) Broken(absl::StrCat("took ", bytes, " bytes"));
  }

  const PageInput& in_;
  const PageRenderer& renderer_;
  const PageLimits& limits_;
  std::vector<PageExtent> pages_;
  PageReport report_;
};

}  // namespace

PageLimits LimitsOfThisBuild() {
#ifdef FOVEA_SANITIZED
  return {.page_seconds = 10, .measure_memory = false};
#elif !defined(NDEBUG)
  return {.page_seconds = 2};
#else
  return {};
#endif
}

PageReport CheckPages(const PageInput& input, const PageRenderer& renderer,
                      const PageLimits& limits) {
  return Checker(input, renderer, limits).Check();
}

}  // namespace fovea::render
