// Pages read back by a program that reads text in pictures.
#ifndef FOVEA_BENCH_REPLAY_READ_BACK_H_
#define FOVEA_BENCH_REPLAY_READ_BACK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/replay/page_book.h"
#include "bench/replay/score.h"

namespace fovea::replay {

// Reads a PNG, enlarged `times` first. Thread-compatible.
class PictureReader {
 public:
  virtual ~PictureReader() = default;
  virtual std::string Read(const std::string& png, float times) = 0;
  // The share of the characters of `text` that were read, in per cent; may be below 0.
  virtual double PercentRight(std::string_view text, std::string_view read) const = 0;
};

// Where a page was tried, what was read counts; elsewhere, what was measured on other pages of the
// same line pitch and grey levels; where there are none, what the profile expects.
class ReadBack final : public PageReading {
 public:
  struct Rate {
    size_t pages = 0;
    double characters = 0;   // on them
    double gist = 0;         // on those that came back to kGistShare or better
    double percent_sum = 0;  // of what came back, by page
    size_t strings = 0;
    size_t strings_exact = 0;
  };
  using Typography = std::pair<int, int>;  // line pitch in pixels, grey bits

  // A page that was tried, with the strings that came back; a second time counts for nothing.
  void Add(const SeenPage& page, std::vector<uint32_t> found_strings, double percent_right);

  double Exact(const SeenPage& page, uint32_t string) const override;
  double Gist(const SeenPage& page) const override;
  const std::map<Typography, Rate>& rates() const { return rates_; }

 private:
  struct Result {
    std::vector<uint32_t> strings;
    bool gist = false;
  };
  std::map<std::string, Result, std::less<>> by_page_id_;
  std::map<Typography, Rate> rates_;
};

struct BookPage {
  const PageBook* book = nullptr;
  const SeenPage* page = nullptr;
};

// The pages to try: all, or of each typography the `most` whose ids sort first, which is as good as
// at random. In the order of ids; a page that is in several books comes once.
std::vector<BookPage> PagesToRead(const std::vector<const PageBook*>& books, size_t most);

// Whether the page is in the cache.
bool WasRead(const BookPage& page, const std::string& cache_directory);

// Draws the page and reads it, or takes what was read from `cache_directory`, where it is kept
// under the page's id. Fails if the page cannot be drawn or the file not be written.
absl::StatusOr<std::string> ReadPage(const BookPage& page, const PageRenderer& renderer,
                                     const std::string& cache_directory, PictureReader& reader);

// The session's strings in what was read, over the ends of its lines too; sorted.
std::vector<uint32_t> StringsRead(const StringFinder& finder, std::string_view read);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_READ_BACK_H_
