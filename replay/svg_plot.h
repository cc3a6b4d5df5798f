// Bar charts as SVG.
#ifndef FOVEA_REPLAY_SVG_PLOT_H_
#define FOVEA_REPLAY_SVG_PLOT_H_

#include <string>
#include <vector>

namespace fovea::replay {

struct PlotBar {
  std::string label;
  // Stacked, from the left; a value that is no number draws nothing. If none is one, there is no
  // figure, which is said in the place of the bar.
  std::vector<double> parts;
  std::string note = {};  // behind the number
};

struct PlotGroup {
  std::string label;
  std::vector<PlotBar> bars;
};

struct BarChart {
  std::string title;
  std::string axis;                     // what a length means
  std::vector<std::string> part_names;  // the legend, if there are several; at most 6
  size_t summed_parts = 6;  // the number at a bar's end is the sum of so many of its parts
  std::vector<PlotGroup> groups;
};

// Horizontal bars on a common scale from 0 to the longest, each with its number. Deterministic.
std::string DrawBarChart(const BarChart& chart);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_SVG_PLOT_H_
