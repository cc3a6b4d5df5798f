// Pages: what is drawn, on what paper, and the port to the room that draws it.
#ifndef FOVEA_CORE_PAGE_PAGE_H_
#define FOVEA_CORE_PAGE_PAGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/image_size.h"
#include "core/base/still_wanted.h"
#include "core/log/turn.h"
#include "core/log/turn_source.h"
#include "core/page/elision.h"
#include "core/page/paper.h"

namespace fovea {

// An encoded image and what its header says of its size. Its bytes may be shared with a turn.
struct PagePicture {
  ImageSize size;
  std::shared_ptr<const std::string> data;
};

// A stretch of text that is drawn in one style, or a picture. Text is reflowed: the renderer draws
// a light mark for each newline and for collapsed indentation.
struct PageBlock {
  enum class Style : uint8_t {
    kLabel = 1,  // Fovea's own words: "#57 tool" starts a turn; what was left out is named so, too
    kBody = 2,   // all other text
    kUser = 3,   // a user's own words: emphasised
    kError = 4,  // an error: emphasised
    kHeading = 5,  // a heading of a text in Markdown
    kStrong = 6    // what such a text itself makes bold, with its marks
  };
  uint64_t seq = 0;  // the turn that it belongs to
  Role role = Role::kUser;
  Style style = Style::kBody;
  bool joined = false;  // goes on where the text block before it ends, without a gap
  std::string text;     // empty if it is a picture
  PagePicture
      picture;  // drawn in grey on whole lines of its own, scaled as core/page/picture_size.h

  bool IsPicture() const { return picture.data != nullptr; }
};

// The content of consecutive turns, to be laid out on one or more pages.
struct PageContent {
  std::vector<PageBlock> blocks;
  uint64_t elided_characters = 0;  // code points of the turns that no block holds
  uint64_t colour_characters = 0;  // code points of codes that only colour, which no block holds
};

// A place in a PageContent: a block and a byte offset in its text. {blocks.size(), 0} is the end.
struct PagePosition {
  size_t block = 0;
  size_t byte = 0;
  auto operator<=>(const PagePosition&) const = default;
};

// Where one page of a content begins and ends, and how large it is.
struct PageExtent {
  PagePosition begin;
  PagePosition end;  // exclusive
  int width = 0;     // pixels
  int height = 0;
  uint64_t first_seq = 0;  // of the turns with text on this page
  uint64_t last_seq = 0;
  uint64_t characters =
      0;  // code points of the blocks' text between begin and end, labels left out
};

struct DrawnPage {
  std::string png;
  uint64_t missing_glyphs = 0;  // code points that no font has, drawn as [U+HEX]
  uint64_t hidden_characters =
      0;  // zero-width, bidi control, tag and control codes, drawn as marks
};

// What a page's picture shows of the pages around it: the text of its first line.
struct PageHeader {
  std::string text;  // "#12–#57 · soft"; one line, cut if it is too long
};

// Implemented by render. Thread-safe; every method is a pure function of its arguments and of
// Version(): the same input gives the same bytes, on any thread and any machine.
class PageRenderer {
 public:
  virtual ~PageRenderer() = default;

  // Changes whenever any output could: part of every page id.
  virtual std::string_view Version() const = 0;

  // Fills one page from `from` on and returns its extent: as high as the text needs, within the
  // box. A page always holds at least one character, even if that needs a line of its own, or one
  // picture, and no more than kMaxPicturePixelsOfPage of pictures (core/page/picture_size.h).
  // Pictures are not decoded: a page's extent depends on their stated sizes alone.
  // INVALID_ARGUMENT if the box cannot hold the header and one line, if the typography is out of
  // range (line pitch 5 to 64), or if `from` is not before the end.
  virtual absl::StatusOr<PageExtent> LayOut(const PageContent& content, PagePosition from,
                                            const PageBox& box,
                                            const PageTypography& typography) const = 0;

  // Draws a page that LayOut returned, with the same content, box and typography. In the place of a
  // picture that cannot be decoded stands a note that says so. Ends with `still_wanted`'s error
  // soon after it gives one: it is asked before each picture, and while one is decoded.
  absl::StatusOr<DrawnPage> Draw(const PageContent& content, const PageExtent& extent,
                                 const PageTypography& typography, const PageHeader& header,
                                 const StillWanted& still_wanted = {}) const {
    return DrawPage(content, extent, typography, header, still_wanted);
  }

  // A PNG of Draw's as lossless WebP: the same pixels in a third fewer bytes than with kSmall, at
  // ten times the time, for a page that is sent far more often than it is drawn. INVALID_ARGUMENT
  // if it is no grey PNG; RESOURCE_EXHAUSTED if memory runs out.
  virtual absl::StatusOr<std::string> ToWebp(std::string_view png) const = 0;

  // Draws several PNGs of Draw's beside each other on one picture, each under its caption; for
  // people.
  struct Captioned {
    std::string png;
    std::string caption;
  };
  virtual absl::StatusOr<std::string> ContactSheet(const std::vector<Captioned>& pages) const = 0;

 private:
  virtual absl::StatusOr<DrawnPage> DrawPage(const PageContent& content, const PageExtent& extent,
                                             const PageTypography& typography,
                                             const PageHeader& header,
                                             const StillWanted& still_wanted) const = 0;
};

// What is drawn of a turn: a label block, then its texts, calls and results in order. The label is
// "#57 tool". Headings and bold words of an assistant's Markdown are blocks of their own; the text
// is the same. An opaque block is left out. Of an image only a note is drawn: its type and size.
// In the place of what the elision leaves out stands a label of its own.
void AppendTurnToPage(const Turn& turn, const Elision& elision, PageContent* content);

// As above, but with the turn's images as pictures, each behind a note of its type and its size in
// pixels. Images of no known type or size (DrawableSize) stay notes, and so do all where bulk is
// left out. Shares the turn's bytes.
void AppendTurnWithPictures(const TurnPtr& turn, const Elision& elision, PageContent* content);

// About the most bytes that the PNG of such a page takes: what was measured on pages of tool
// output, code and screenshots, and a tenth on top. A page of noise may take more.
uint64_t EstimatePageBytes(const PageContent& content, const PageExtent& extent,
                           const PageTypography& typography);

// The content address of a page: SHA-256, as 64 hex digits, over the renderer's version, the paper,
// the typography, the header, and the blocks between extent.begin and extent.end, with the bytes of
// their pictures.
std::string PageId(std::string_view renderer_version, const PageContent& content,
                   const PageExtent& extent, const PageTypography& typography,
                   const PageHeader& header);

}  // namespace fovea

#endif  // FOVEA_CORE_PAGE_PAGE_H_
