// Pages read by a program that reads text in pictures.
#ifndef FOVEA_BENCH_REPLAY_PAGE_READER_H_
#define FOVEA_BENCH_REPLAY_PAGE_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/replay/page_demand.h"
#include "bench/replay/read_back.h"

namespace fovea::replay {

// Reads the rows of pixels from `top` to `bottom` (exclusive) of a PNG, enlarged `times` first.
// Thread-compatible. What it read before changes nothing.
class PictureReader {
 public:
  virtual ~PictureReader() = default;
  virtual std::string Read(const std::string& png, int top, int bottom, float times) = 0;
  // The share of the characters of `text` that were read, in per cent; may be below 0.
  virtual double PercentRight(std::string_view text, std::string_view read) const = 0;
};

struct ReadingOptions {
  int lines = 0;                // of each page (BandOf)
  std::string cache_directory;  // what was read is kept there, under the page's id and lines
  bool cached_only = false;     // leave out what is not there
  // For each thread one; null if there is none, which is UNAVAILABLE.
  std::function<std::unique_ptr<PictureReader>()> make_reader;
  int threads = 1;
  std::function<void(size_t pages_read)> progress;  // one thread at a time; may be empty
};

// Reads the pages. `demands` are all of DemandsOf, `pages` some of them: where one of these is in
// other books too, it counts there as well. Fails if a page cannot be drawn or a file not be
// written. The threads change nothing but the time.
absl::StatusOr<ReadBack> ReadPages(const std::vector<PageDemand>& demands,
                                   const std::vector<const PageDemand*>& pages,
                                   const PageRenderer& renderer, const ReadingOptions& options);

// The session's strings in what was read, over the ends of its lines too; sorted.
std::vector<uint32_t> StringsRead(const StringFinder& finder, std::string_view read);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_PAGE_READER_H_
