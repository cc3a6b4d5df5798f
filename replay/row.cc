#include "replay/row.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

namespace fovea::replay {

double Median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<double> Paired(const std::vector<Row>& rows, std::string_view strategy,
                           const std::function<double(const Row&, const Row&)>& value) {
  std::map<std::tuple<std::string, std::string, double, int64_t>, const Row*> others;
  for (const Row& row : rows) {
    if (row.strategy == strategy)
      others[{row.session, row.reader, row.budget_share, row.budget}] = &row;
  }
  std::vector<double> values;
  for (const Row& row : rows) {
    if (row.strategy != kFovea) continue;
    const auto other = others.find({row.session, row.reader, row.budget_share, row.budget});
    if (other != others.end()) values.push_back(value(row, *other->second));
  }
  return values;
}

double Ratio(double of, double to) {
  return to > 0 ? of / to : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace fovea::replay
