// Ways to draw text that are compared.
#ifndef FOVEA_BENCH_LEGIBILITY_SETTINGS_H_
#define FOVEA_BENCH_LEGIBILITY_SETTINGS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/legibility/picture.h"

namespace fovea::bench {

// Draws reflowed text in one way. Thread-safe.
class PageMaker {
 public:
  virtual ~PageMaker() = default;
  // How many bytes of `text`, which must be enough, a page of `side` pixels each way takes.
  virtual absl::StatusOr<size_t> Fill(std::string_view text, int side) const = 0;
  // All of `text`, as high as it needs.
  virtual absl::StatusOr<Picture> Draw(std::string_view text, int width) const = 0;
};

struct Setting {
  std::string family;  // "fovea", "grid DejaVu Sans Mono", "face Noto Sans": a line of the chart
  int line_pitch_px = 0;
  int grey_bits = 8;
  std::shared_ptr<const PageMaker> pages;

  // "fovea H10 4-bit"
  std::string Name() const;
};

// Those whose name contains a match of the regular expression `filter`. Faces whose font file is
// not installed are left out and named in `missing`.
absl::StatusOr<std::vector<Setting>> MakeSettings(const std::string& filter,
                                                  std::vector<std::string>* missing);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_LEGIBILITY_SETTINGS_H_
