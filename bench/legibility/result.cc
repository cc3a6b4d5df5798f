#include "bench/legibility/result.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/legibility/samples.h"

namespace fovea::bench {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 520;
constexpr double kLeft = 60;
constexpr double kTop = 20;
constexpr double kPlotWidth = 560;
constexpr double kPlotHeight = 440;
constexpr double kMinPercent = 70;

constexpr const char* kColours[] = {"#1b6ca8", "#c0392b", "#d68910", "#1e8449", "#7d3c98",
                                    "#117a65", "#6e2c00", "#566573", "#b03a78", "#2e4053"};

struct Axes {
  double least = 0;
  double most = 0;
  double X(double density) const { return kLeft + kPlotWidth * (density - least) / (most - least); }
  static double Y(double percent) {
    const double part = (std::max(percent, kMinPercent) - kMinPercent) / (100 - kMinPercent);
    return kTop + kPlotHeight * (1 - part);
  }
};

std::string Grid(const Axes& axes) {
  std::string svg;
  for (int percent = static_cast<int>(kMinPercent); percent <= 100; percent += 5) {
    const double y = Axes::Y(percent);
    absl::StrAppendFormat(&svg,
                          "<path d='M%g %gh%g' stroke='#ddd'/>"
                          "<text x='%g' y='%g' text-anchor='end'>%d</text>\n",
                          kLeft, y, kPlotWidth, kLeft - 6, y + 4, percent);
  }
  constexpr int kStep = 5000;
  for (int at = (static_cast<int>(axes.least) / kStep + 1) * kStep; at < axes.most; at += kStep) {
    absl::StrAppendFormat(&svg, "<text x='%g' y='%g' text-anchor='middle'>%d,000</text>\n",
                          axes.X(at), kTop + kPlotHeight + 18, at / 1000);
  }
  absl::StrAppendFormat(&svg,
                        "<text x='%g' y='%g' text-anchor='middle'>characters a megapixel</text>\n"
                        "<text x='%g' y='%g'>characters read, %%</text>\n",
                        kLeft + kPlotWidth / 2, kTop + kPlotHeight + 40, kLeft + 4, kTop + 12);
  return svg;
}

std::string Line(const std::vector<Mean>& means, const std::string& family, const Axes& axes,
                 size_t place) {
  const char* colour = kColours[place % std::size(kColours)];
  std::string path;
  std::string svg;
  for (const Mean& mean : means) {
    if (mean.family != family) continue;
    const double x = axes.X(mean.characters_per_megapixel);
    const double y = Axes::Y(mean.characters_percent);
    absl::StrAppendFormat(&path, "%s%.1f %.1f", path.empty() ? "M" : "L", x, y);
    absl::StrAppendFormat(&svg,
                          "<circle cx='%.1f' cy='%.1f' r='3' fill='%s'/>"
                          "<text x='%.1f' y='%.1f' font-size='9'>H%d</text>\n",
                          x, y, colour, x + 4, y - 4, mean.line_pitch_px);
  }
  absl::StrAppendFormat(&svg, "<path d='%s' fill='none' stroke='%s' stroke-width='1.5'/>\n", path,
                        colour);
  const double y = kTop + 16 + 18 * static_cast<double>(place);
  absl::StrAppendFormat(&svg, "<text x='%g' y='%g' fill='%s'>%s</text>\n", kLeft + kPlotWidth + 20,
                        y, colour, family);
  return svg;
}

std::vector<std::string> FamiliesOf(const std::vector<Mean>& means) {
  std::vector<std::string> families;
  for (const Mean& mean : means) {
    if (std::find(families.begin(), families.end(), mean.family) == families.end()) {
      families.push_back(mean.family);
    }
  }
  return families;
}

}  // namespace

std::vector<Mean> MeansOf(const std::vector<Result>& results, bool confusable) {
  std::vector<Mean> means;
  std::vector<int> kinds;
  std::map<std::tuple<std::string, int, int>, size_t> places;
  for (const Result& result : results) {
    if ((result.kind == kConfusable) != confusable) continue;
    const auto [place, added] =
        places.try_emplace({result.family, result.line_pitch_px, result.grey_bits}, means.size());
    if (added) {
      means.push_back({.family = result.family,
                       .line_pitch_px = result.line_pitch_px,
                       .grey_bits = result.grey_bits});
      kinds.push_back(0);
    }
    Mean& mean = means[place->second];
    ++kinds[place->second];
    mean.characters_percent += result.score.CharactersPercent();
    mean.strings_percent += result.score.StringsPercent();
    mean.characters_per_megapixel += result.characters_per_megapixel;
    mean.bytes_per_character += result.bytes_per_character;
  }
  for (size_t i = 0; i < means.size(); ++i) {
    means[i].characters_percent /= kinds[i];
    means[i].strings_percent /= kinds[i];
    means[i].characters_per_megapixel /= kinds[i];
    means[i].bytes_per_character /= kinds[i];
  }
  return means;
}

std::optional<double> DensityAt(const std::vector<Mean>& means, const std::string& family,
                                int grey_bits, double characters_percent) {
  std::vector<Mean> line;
  for (const Mean& mean : means) {
    if (mean.family == family && mean.grey_bits == grey_bits) line.push_back(mean);
  }
  std::sort(line.begin(), line.end(), [](const Mean& a, const Mean& b) {
    return a.characters_per_megapixel > b.characters_per_megapixel;
  });
  for (size_t i = 1; i < line.size(); ++i) {
    const Mean& dense = line[i - 1];
    const Mean& sparse = line[i];
    if (dense.characters_percent >= characters_percent ||
        sparse.characters_percent < characters_percent) {
      continue;
    }
    const double part = (characters_percent - dense.characters_percent) /
                        (sparse.characters_percent - dense.characters_percent);
    return dense.characters_per_megapixel +
           part * (sparse.characters_per_megapixel - dense.characters_per_megapixel);
  }
  return std::nullopt;
}

std::string ToCsv(const std::vector<Result>& results) {
  std::string csv =
      "family,line_pitch_px,grey_bits,kind,characters,characters_percent,strings,strings_percent,"
      "characters_per_megapixel,pixels_per_character,bytes_per_character\n";
  for (const Result& result : results) {
    absl::StrAppendFormat(
        &csv, "%s,%d,%d,%s,%d,%.2f,%d,%.2f,%.0f,%.2f,%.2f\n", result.family, result.line_pitch_px,
        result.grey_bits, result.kind, result.score.characters, result.score.CharactersPercent(),
        result.score.strings, result.score.StringsPercent(), result.characters_per_megapixel,
        1e6 / result.characters_per_megapixel, result.bytes_per_character);
  }
  return csv;
}

std::string ToSvg(const std::vector<Mean>& means) {
  Axes axes{.least = 1e9, .most = 0};
  for (const Mean& mean : means) {
    axes.least = std::min(axes.least, mean.characters_per_megapixel - 1000);
    axes.most = std::max(axes.most, mean.characters_per_megapixel + 1000);
  }
  std::string svg = absl::StrFormat(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %g %g' font-family='sans-serif' "
      "font-size='12'>\n<rect width='%g' height='%g' fill='white'/>\n",
      kWidth, kHeight, kWidth, kHeight);
  svg += Grid(axes);
  const std::vector<std::string> families = FamiliesOf(means);
  for (size_t i = 0; i < families.size(); ++i) svg += Line(means, families[i], axes, i);
  return svg + "</svg>\n";
}

}  // namespace fovea::bench
