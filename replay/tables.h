// Rows for people: as a table on a terminal, as a page for a browser, as JSON for scripts.
#ifndef FOVEA_REPLAY_TABLES_H_
#define FOVEA_REPLAY_TABLES_H_

#include <string>
#include <vector>

#include "replay/row.h"

namespace fovea::replay {

// A block a reader and budget, a line a strategy: medians over sessions. Costs are shares of the
// full history's.
std::string TextTable(const std::vector<Row>& rows);

// The same with every session and the plots of report.h, in one file that loads nothing.
std::string HtmlPage(const std::vector<Row>& rows);

// All rows as an array of objects; a figure that there is none of is null.
std::string JsonRows(const std::vector<Row>& rows);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_TABLES_H_
