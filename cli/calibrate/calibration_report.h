// A calibration as people and scripts get to see it.
#ifndef FOVEA_CLI_CALIBRATE_CALIBRATION_REPORT_H_
#define FOVEA_CLI_CALIBRATE_CALIBRATION_REPORT_H_

#include <ostream>
#include <vector>

#include "cli/calibrate/calibration.h"
#include "cli/formats/json.h"

namespace fovea::cli {

// A line for each cell, with the share of characters by kind of text, and which became a rung; then
// how many answers were empty, refused, echoed, cut or another text.
void PrintCells(const std::vector<Cell>& cells, const std::vector<size_t>& rungs,
                std::ostream& out);

Json CellsJson(const std::vector<Cell>& cells);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CALIBRATE_CALIBRATION_REPORT_H_
