// What was read of pages, and what it says of those that were not tried.
#ifndef FOVEA_BENCH_REPLAY_READ_BACK_H_
#define FOVEA_BENCH_REPLAY_READ_BACK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "bench/replay/page_demand.h"
#include "bench/replay/score.h"

namespace fovea::replay {

// Where a page was tried, what was read counts; elsewhere, what was measured on the tried pages of
// the same line pitch and grey levels; where there are none, what the profile expects.
// Thread-compatible.
class ReadBack final : public PageReading {
 public:
  // Of the tried pages of one typography; a page that is in several books counts once.
  struct Rate {
    size_t pages = 0;
    double characters = 0;   // on them
    double gist = 0;         // on those that came back to kGistShare or better
    double percent_sum = 0;  // of what came back, by page
    double percent_squares = 0;
    double moments = 0;       // that looked for a string on one of these pages
    double moments_read = 0;  // and would have found it

    // Half of the 95 % interval of the mean percentage; NaN for less than two pages.
    double PercentError() const;
  };

  // A page that was tried, with the strings that came back, sorted.
  void Add(const PageDemand& demand, std::vector<uint32_t> found_strings, double percent_right);

  double Exact(const SeenPage& page, uint32_t string) const override;
  double Gist(const SeenPage& page) const override;
  const std::map<Typography, Rate>& rates() const { return rates_; }

  // What another sample could have said: of each typography's tried pages as many are drawn again,
  // with replacement; on a page that was not tried, a string is read or not as on one of these, and
  // alike wherever it stands. The same seed gives the same. This object outlives it.
  std::unique_ptr<PageReading> Redrawn(uint64_t seed) const;

 private:
  friend class RedrawnReading;
  struct Tried {
    std::vector<uint32_t> strings;
    bool gist = false;
  };
  struct Donor {
    bool gist = false;
    double moments = 0;
    double moments_read = 0;
  };
  absl::flat_hash_map<const SeenPage*, Tried> tried_;
  std::map<Typography, std::vector<Donor>> donors_;
  absl::flat_hash_map<std::string, size_t> donor_of_;  // by page id
  std::map<Typography, Rate> rates_;
};

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_READ_BACK_H_
