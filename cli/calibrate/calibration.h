// What a reader reads of probe pages at each line pitch, and the ladder that follows.
#ifndef FOVEA_CLI_CALIBRATE_CALIBRATION_H_
#define FOVEA_CLI_CALIBRATE_CALIBRATION_H_

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/calibrate/reader_endpoint.h"
#include "cli/formats/probe_score.h"
#include "cli/formats/probe_text.h"

namespace fovea::cli {

class Client;

struct CalibrationOptions {
  std::vector<int> pitches = {14, 12, 10, 9, 8, 7, 6};  // pixels from line to line, falling
  int grey_bits = 4;
  int width = 0;   // of a page, in pixels
  int height = 0;  // of a page, in pixels
  int probes = 2;  // pages of each kind at each pitch
  uint64_t seed = 1;
  int parallel = 4;  // requests at a time
};

// What was read of one kind of text at one pitch.
struct KindResult {
  ProbeScore score;
  int probes = 0;  // 0: not asked, for it was under kLowestShare at the pitch before
  // Of the answers:
  int empty = 0;
  int refused = 0;     // by the API's field, or briefly and in words
  int echoed = 0;      // the instruction came back: nothing was read
  int cut = 0;         // at the endpoint's longest answer
  int other_text = 0;  // than the page's: under kOtherShare of the characters

  KindResult& operator+=(const KindResult& other);
};

struct Cell {
  int line_pitch_px = 0;
  double pixels_per_character = 0;  // of full pages without their first line, of the mixed kinds
  std::array<KindResult, kProbeKinds.size()> kinds;  // by ProbeKind

  const KindResult& operator[](ProbeKind kind) const { return kinds[static_cast<size_t>(kind)]; }
  // All kinds but CJK, by which a ladder is judged: CJK needs twice the pixels a character, and a
  // reader may not know it at all.
  KindResult Mixed() const;
};

// A cell with less is the last one: smaller ones cannot be rungs.
inline constexpr double kLowestShare = 0.60;
// An answer with less is not a reading of the page: a text alone that has nothing to do with it
// gets some 15 %.
inline constexpr double kOtherShare = 0.30;
inline constexpr double kLowestRungShare = 0.85;
inline constexpr size_t kMaxRungs = 4;

// Both may be empty; one thread at a time.
struct CalibrationProgress {
  std::function<void(int line_pitch_px, int probes_read)> probe;  // after each
  std::function<void(const Cell& cell)> pitch;                    // after each
};

// Draws the probes of each pitch, the largest first, and has them read, until a pitch is under
// kLowestShare. The first error of the server or the endpoint ends it. FAILED_PRECONDITION, with
// what it said, for a reader that answers nearly all pages of the first pitch with another text: it
// was not shown the page, or makes one up.
absl::StatusOr<std::vector<Cell>> MeasureReader(Client& client, const ReaderEndpoint& endpoint,
                                                const CalibrationOptions& options,
                                                const CalibrationProgress& progress);

// The cells that become rungs, as indices, sharpest first. Each is read to kLowestRungShare, and
// better than all smaller ones. The first is the smallest that reads nearly as well as the best:
// larger ones cost more for nothing. At most kMaxRungs; of more, those are left out whose sizes
// are closest to a neighbour's. Empty: the reader gets text only. `cells` fall in pitch.
std::vector<size_t> ChooseRungs(const std::vector<Cell>& cells);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CALIBRATE_CALIBRATION_H_
