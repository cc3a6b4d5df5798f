// What Fovea is compared with: a page of equal cells.
#ifndef FOVEA_BENCH_LEGIBILITY_GRID_PAGE_H_
#define FOVEA_BENCH_LEGIBILITY_GRID_PAGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/legibility/picture.h"

namespace fovea::bench {

// Draws reflowed text in the cells of one monospaced face. A newline is a cell with a light mark,
// indentation one blank cell, as is any run of spaces. Immutable after Create.
class GridPage {
 public:
  // An outline font drawn unhinted at a line pitch of `line_pitch_px`, its em being pitch / 1.164,
  // each glyph at the nearest quarter pixel; or a bitmap font, whose cells are its own, and
  // `line_pitch_px` is 0. INVALID_ARGUMENT if FreeType cannot read the file.
  static absl::StatusOr<std::unique_ptr<GridPage>> Create(const std::string& font_file,
                                                          int line_pitch_px);

  int line_pitch_px() const { return line_pitch_px_; }

  // The bytes of `text` that fill a page of so many pixels each way.
  size_t Fill(std::string_view text, int width, int height) const;

  // All of `text`, as high as it needs.
  Picture Draw(std::string_view text, int width) const;

 private:
  static constexpr int kPhases = 4;
  struct Ink {
    int left = 0;
    int top = 0;
    int width = 0;
    int rows = 0;
    std::vector<uint8_t> coverage;
  };

  GridPage() = default;
  int Columns(int width) const;
  void Stamp(const Ink& ink, int x, int baseline, Picture* picture) const;

  int line_pitch_px_ = 0;
  int baseline_px_ = 0;
  int cell_64_ = 0;  // in 1/64 pixel
  std::vector<Ink> glyphs_[kPhases];
};

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_LEGIBILITY_GRID_PAGE_H_
