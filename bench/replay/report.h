// The bench's report: rows against the bars, as Markdown.
#ifndef FOVEA_BENCH_REPLAY_REPORT_H_
#define FOVEA_BENCH_REPLAY_REPORT_H_

#include <string>
#include <vector>

#include "bench/replay/bars.h"
#include "replay/row.h"

namespace fovea::replay {

// The bars (CompareWithBars' of the rows), then tables of medians over sessions, then every
// session. `notes` are lines for its beginning: how it was measured.
std::string Markdown(const std::vector<Row>& rows, const std::vector<Bar>& bars,
                     const std::vector<std::string>& notes);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_REPORT_H_
