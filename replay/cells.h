// Rows by reader and budget, and medians over the sessions of each.
#ifndef FOVEA_REPLAY_CELLS_H_
#define FOVEA_REPLAY_CELLS_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "replay/row.h"

namespace fovea::replay {

using Value = std::function<double(const Row&)>;

// The rows of one reader and budget.
struct Cell {
  std::string reader;
  double share = 0;    // of the history's tokens; 0 where the budget is a number of tokens
  int64_t budget = 0;  // tokens; of the first row
  std::vector<Row> rows;
};

// In order of budgets; readers in the order of the rows.
std::vector<Cell> Cells(const std::vector<Row>& rows);

// "claude, budget 25 % of the history" or "claude, budget 64000 tokens".
std::string Heading(const Cell& cell);

// Of the cell's rows of one strategy; NaN if there are none.
double MedianOf(const Cell& cell, std::string_view strategy, const Value& value);

// A cost as a share of the full history's in the same session.
Value AgainstFull(const Cell& cell, double Row::*cost);

// With so many decimals; a dash for what is no number.
std::string Number(double value, int digits);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_CELLS_H_
