#include "replay/cells.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"

namespace fovea::replay {

std::vector<Cell> Cells(const std::vector<Row>& rows) {
  std::vector<Cell> cells;
  for (const Row& row : rows) {
    auto cell = std::ranges::find_if(cells, [&](const Cell& c) {
      return c.reader == row.reader && c.share == row.budget_share &&
             (c.share > 0 || c.budget == row.budget);
    });
    if (cell == cells.end()) {
      cells.push_back({row.reader, row.budget_share, row.budget});
      cell = cells.end() - 1;
    }
    cell->rows.push_back(row);
  }
  std::ranges::stable_sort(cells, [](const Cell& a, const Cell& b) {
    return a.share != b.share ? a.share < b.share : a.share == 0 && a.budget < b.budget;
  });
  return cells;
}

std::string Heading(const Cell& cell) {
  return cell.share > 0
             ? absl::StrFormat("%s, budget %.0f %% of the history", cell.reader, 100 * cell.share)
             : absl::StrFormat("%s, budget %d tokens", cell.reader, cell.budget);
}

double MedianOf(const Cell& cell, std::string_view strategy, const Value& value) {
  std::vector<double> values;
  for (const Row& row : cell.rows) {
    if (row.strategy == strategy) values.push_back(value(row));
  }
  return Median(std::move(values));
}

// A cost as a share of the full history's in the same session.
Value AgainstFull(const Cell& cell, double Row::*cost) {
  std::map<std::string, double> full;
  for (const Row& row : cell.rows) {
    if (row.strategy == kFullHistory) full[row.session] = row.*cost;
  }
  return [full, cost](const Row& row) { return Ratio(row.*cost, full.at(row.session)); };
}

std::string Number(double value, int digits) {
  return !std::isfinite(value) ? "–" : absl::StrFormat("%.*f", digits, value);
}

}  // namespace fovea::replay
