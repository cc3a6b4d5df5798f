#include "replay/svg_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace fovea::replay {
namespace {

constexpr int kWidth = 860;
constexpr int kLeft = 130;  // of the bars
constexpr int kBarsWidth = 640;
constexpr int kBarHeight = 15;
constexpr int kGroupGap = 30;
constexpr std::array<std::string_view, 6> kColours = {"#2b6cb0", "#38a169", "#d69e2e",
                                                      "#e53e3e", "#a0aec0", "#805ad5"};

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

double Total(const PlotBar& bar) {
  double total = 0;
  for (const double part : bar.parts) total += std::isfinite(part) ? part : 0;
  return total;
}

// 1, 2 or 5 times a power of ten, so that five to ten of them reach `most`.
double TickFor(double most) {
  const double power = std::pow(10, std::floor(std::log10(most / 5)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (most / (step * power) <= 10) return step * power;
  }
  return 10 * power;
}

class Drawer {
 public:
  explicit Drawer(const BarChart& chart) : chart_(chart) {
    for (const PlotGroup& group : chart.groups) {
      for (const PlotBar& bar : group.bars) most_ = std::max(most_, Total(bar));
    }
    if (most_ == 0) most_ = 1;
  }

  std::string Draw() {
    Text(10, 20, 15, chart_.title);
    y_ = 40;
    AddLegend();
    const int top = y_;
    for (const PlotGroup& group : chart_.groups) AddGroup(group);
    AddAxis(top);
    return absl::StrFormat(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "font-family=\"sans-serif\">\n<rect width=\"100%%\" height=\"100%%\" "
        "fill=\"#fff\"/>\n%s</svg>\n",
        kWidth, y_ + 45, svg_);
  }

 private:
  double X(double value) const { return kLeft + value / most_ * kBarsWidth; }

  void Text(double x, int y, int size, const std::string& text, std::string_view anchor = "start") {
    absl::StrAppendFormat(
        &svg_, "<text x=\"%.1f\" y=\"%d\" font-size=\"%d\" text-anchor=\"%s\">%s</text>\n", x, y,
        size, std::string(anchor), Escaped(text));
  }

  void Box(double x, int y, double width, int height, size_t part) {
    absl::StrAppendFormat(&svg_,
                          "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
                          x, y, width, height, std::string(kColours[part % kColours.size()]));
  }

  void AddLegend() {
    if (chart_.part_names.size() < 2) return;
    double x = kLeft;
    for (size_t i = 0; i < chart_.part_names.size(); ++i) {
      Box(x, y_ - 9, 10, 10, i);
      Text(x + 14, y_, 11, chart_.part_names[i]);
      x += 34 + 6.2 * static_cast<double>(chart_.part_names[i].size());
    }
    y_ += 10;
  }

  void AddGroup(const PlotGroup& group) {
    y_ += kGroupGap - 8;
    Text(10, y_, 12, group.label);
    y_ += 6;
    for (const PlotBar& bar : group.bars) {
      Text(kLeft - 6, y_ + 11, 11, bar.label, "end");
      if (std::ranges::none_of(bar.parts, [](double part) { return std::isfinite(part); })) {
        Text(kLeft + 4, y_ + 11, 10, "no figure");
        y_ += kBarHeight;
        continue;
      }
      double so_far = 0;
      double number = 0;
      for (size_t i = 0; i < bar.parts.size(); ++i) {
        if (!std::isfinite(bar.parts[i])) continue;
        Box(X(so_far), y_ + 1, X(so_far + bar.parts[i]) - X(so_far), kBarHeight - 3, i);
        so_far += bar.parts[i];
        if (i < chart_.summed_parts) number += bar.parts[i];
      }
      Text(X(so_far) + 4, y_ + 11, 10,
           absl::StrFormat("%.2f%s%s", number, bar.note.empty() ? "" : " ", bar.note));
      y_ += kBarHeight;
    }
  }

  void AddAxis(int top) {
    y_ += 6;
    const double tick = TickFor(most_);
    const int ticks = static_cast<int>(most_ * 1.0001 / tick);
    for (int i = 0; i <= ticks; ++i) {
      const double value = i * tick;
      absl::StrAppendFormat(&svg_,
                            "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#000\" "
                            "stroke-opacity=\"0.12\"/>\n",
                            X(value), top, X(value), y_);
      Text(X(value), y_ + 14, 10, absl::StrFormat("%g", value), "middle");
    }
    Text(kLeft + kBarsWidth / 2.0, y_ + 32, 11, chart_.axis, "middle");
  }

  const BarChart& chart_;
  double most_ = 0;
  int y_ = 0;
  std::string svg_;
};

}  // namespace

std::string DrawBarChart(const BarChart& chart) { return Drawer(chart).Draw(); }

}  // namespace fovea::replay
