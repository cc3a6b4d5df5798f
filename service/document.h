// One document drawn as pages.
#ifndef FOVEA_SERVICE_DOCUMENT_H_
#define FOVEA_SERVICE_DOCUMENT_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/reader/page_layout.h"
#include "core/reader/reader_profile.h"
#include "core/tokens/token_counter.h"
#include "fovea/v1/page.pb.h"
#include "service/drawing_pool.h"
#include "service/metrics.h"
#include "service/reactors.h"

namespace fovea::service {

// All outlive the document.
struct DocumentInputs {
  const ReaderCatalogue* readers = nullptr;
  const PageRenderer* renderer = nullptr;
  DrawingPool* drawing = nullptr;
  Metrics* metrics = nullptr;
};

// Draws some pages ahead, on all drawing threads, so that a long document takes no more memory than
// a few pages. Thread-compatible.
class Document {
 public:
  // tenant: whose turn it is to draw.
  Document(DocumentInputs inputs, std::string tenant, const v1::RenderDocumentRequest& request);

  // The next page, then the totals, then nothing. The errors are RenderDocument's (page.proto), all
  // of them from the first call, but for `still_wanted`'s, which ends the drawing between two
  // pages. Must not be called from a thread of the drawing pool.
  absl::StatusOr<Answered> Next(const StillWanted& still_wanted,
                                v1::RenderDocumentResponse* response);

 private:
  absl::Status LayOut();
  absl::Status LayOutForReader();
  absl::Status LayOutAsSet();
  absl::Status DrawAhead(const StillWanted& still_wanted);
  // Draws a page and fills in what is known of it only then.
  absl::Status Draw(const LaidOutPage& laid_out, v1::DocumentPage* page) const;
  // Of the next page to be drawn; takes its lines.
  v1::DocumentPage Describe(const LaidOutPage& page);
  std::string_view TextOf(const PageExtent& extent) const;
  PageHeader HeaderOf(const v1::DocumentPage& page) const;

  const DocumentInputs in_;
  const std::string tenant_;
  const std::string reader_name_;
  const std::string rung_name_;
  const std::string title_;
  const bool webp_;
  std::optional<v1::PageSetting> setting_;
  PageContent content_;                    // one block: the text
  const ReaderProfile* reader_ = nullptr;  // null with a setting
  std::optional<TokenCounter> counter_;    // of the reader
  Rung set_rung_;                          // of the setting
  const Rung* rung_ = nullptr;
  std::vector<LaidOutPage> pages_;
  size_t next_ = 0;    // in pages_: the next to be drawn
  uint64_t line_ = 1;  // that it begins on
  std::deque<v1::DocumentPage> drawn_;
  v1::DocumentTotals totals_;
  enum class State : uint8_t { kNew, kPages, kEnded } state_ = State::kNew;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_DOCUMENT_H_
