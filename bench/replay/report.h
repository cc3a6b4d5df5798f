// Rows as CSV, Markdown and SVG.
#ifndef FOVEA_BENCH_REPLAY_REPORT_H_
#define FOVEA_BENCH_REPLAY_REPORT_H_

#include <map>
#include <string>
#include <vector>

#include "bench/replay/bars.h"
#include "bench/replay/row.h"

namespace fovea::replay {

// All rows, with a line of names.
std::string Csv(const std::vector<Row>& rows);

// The bars (CompareWithBars' of the rows), then tables of medians over sessions, then every
// session. `notes` are lines for its beginning: how it was measured.
std::string Markdown(const std::vector<Row>& rows, const std::vector<Bar>& bars,
                     const std::vector<std::string>& notes);

// By file name.
std::map<std::string, std::string> Plots(const std::vector<Row>& rows);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_REPORT_H_
