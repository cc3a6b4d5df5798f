// What was read of pages, and what it says of those that were not tried.
#ifndef FOVEA_BENCH_REPLAY_READ_BACK_H_
#define FOVEA_BENCH_REPLAY_READ_BACK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "bench/replay/page_demand.h"
#include "replay/score.h"

namespace fovea::replay {

// What was read of a page, or of some of its lines.
struct BandRead {
  std::vector<uint32_t> strings;        // the session's used strings that stand there; sorted
  std::vector<uint32_t> found_strings;  // that came back; sorted
  double characters = 0;                // that stand there
  double percent_right = 0;             // of them; may be below 0
};

// Where a string was tried on a page, what was read counts, and the same holds for a page's gist;
// elsewhere, what was measured on the tried pages of the same line pitch and grey levels; where
// there are none, what the profile expects. Thread-compatible.
class ReadBack final : public PageReading {
 public:
  // Of the tried pages of one typography; a page that is in several books counts once.
  struct Rate {
    size_t pages = 0;
    double characters = 0;   // that were tried
    double gist = 0;         // on those that came back to kGistShare or better
    double percent_sum = 0;  // of what came back, by page
    double percent_squares = 0;
    double moments = 0;       // that look for a string that was tried
    double moments_read = 0;  // and find it

    // Half of the 95 % interval of the mean percentage; NaN for less than two pages.
    double PercentError() const;
  };

  // A page that was tried.
  void Add(const PageDemand& demand, BandRead read);

  double Exact(const SeenPage& page, uint32_t string) const override;
  double Gist(const SeenPage& page) const override;
  const std::map<Typography, Rate>& rates() const { return rates_; }

  // What another sample could have said: of each typography's tried pages as many are drawn again,
  // with replacement; on a page that was not tried, a string is read or not as on one of these, and
  // alike wherever it stands. The same seed gives the same. This object outlives it.
  std::unique_ptr<PageReading> Redrawn(uint64_t seed) const;

 private:
  friend class RedrawnReading;
  // 0 or 1 where the string was tried on the page.
  std::optional<double> Tried(const SeenPage& page, uint32_t string) const;

  struct Result {
    BandRead read;
    bool gist = false;
  };
  struct Donor {
    bool gist = false;
    double moments = 0;
    double moments_read = 0;
  };
  absl::flat_hash_map<const SeenPage*, Result> tried_;
  std::map<Typography, std::vector<Donor>> donors_;
  absl::flat_hash_map<std::string, size_t> donor_of_;  // by page id
  std::map<Typography, Rate> rates_;
};

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_READ_BACK_H_
