// Large pictures to small ones.
#ifndef FOVEA_RENDER_PICTURE_SCALER_H_
#define FOVEA_RENDER_PICTURE_SCALER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/base/image_size.h"

namespace fovea::render {

// Reduces a grey picture that arrives row by row with a Lanczos filter of three lobes, which keeps
// the strokes of small text darker than averaging does. Holds the small picture and a few rows,
// never the large one. The same input gives the same bytes. Thread-compatible.
class PictureScaler {
 public:
  // No side of `to` is longer than that of `from`; all are positive.
  PictureScaler(const ImageSize& from, const ImageSize& to);

  // Adds from.width pixels to row `y`. Rows come in any order, and a row may come in parts of which
  // each is 0 where the others are not, as in interlaced files.
  void AddRow(int y, absl::Span<const uint8_t> grey);

  // The small picture, to.width * to.height pixels, once every row has come. Leaves none behind.
  std::vector<uint8_t> Finish() const;

 private:
  // One way, across or down: what each small pixel takes of which large ones.
  class Filter {
   public:
    Filter(int from, int to);
    int first(int small) const { return first_[static_cast<size_t>(small)]; }
    absl::Span<const int32_t> weights(int small) const;
    // The small pixels from the returned one on may take of this large one.
    int FirstWith(int large) const;

   private:
    std::vector<int32_t> first_;
    std::vector<size_t> begin_;  // in weights_, and the end of the last
    std::vector<int32_t> weights_;
  };

  const ImageSize from_;
  const ImageSize to_;
  const Filter across_;
  const Filter down_;
  std::vector<int32_t> row_;
  std::vector<int32_t> sums_;
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_PICTURE_SCALER_H_
