// Rows as CSV and as plots.
#ifndef FOVEA_REPLAY_REPORT_H_
#define FOVEA_REPLAY_REPORT_H_

#include <map>
#include <string>
#include <vector>

#include "replay/row.h"

namespace fovea::replay {

// All rows, with a line of names, as RFC 4180 has it. A figure that there is none of is empty.
std::string Csv(const std::vector<Row>& rows);

// SVG by file name.
std::map<std::string, std::string> Plots(const std::vector<Row>& rows);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_REPORT_H_
