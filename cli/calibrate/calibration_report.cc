#include "cli/calibrate/calibration_report.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/formats/console.h"
#include "cli/formats/json.h"

namespace fovea::cli {
namespace {

using Kind = ExactString::Kind;

constexpr size_t kColumn = 9;

std::string Percent(const Count& count) {
  return count.all == 0 ? "–" : absl::StrFormat("%.1f %%", count.Share() * 100);
}

std::string OutOf(const Count& count) {
  return count.all == 0 ? "–" : absl::StrCat(count.right, "/", count.all);
}

void PrintNotes(const std::vector<Cell>& cells, std::ostream& out) {
  KindResult all;
  for (const Cell& cell : cells) {
    for (const KindResult& kind : cell.kinds) all += kind;
  }
  const auto note = [&](int answers, const char* what) {
    if (answers > 0) out << "  " << answers << " of " << all.probes << " answers " << what << '\n';
  };
  note(all.empty, "were empty");
  note(all.refused, "were refusals");
  note(all.other_text, "were another text");
  note(all.echoed, "repeated the instruction");
  note(all.cut, "were cut at the endpoint's longest answer: pages with less text may score better");
}

}  // namespace

void PrintCells(const std::vector<Cell>& cells, const std::vector<size_t>& rungs,
                std::ostream& out) {
  out << "Characters read, by kind of text; exact strings read of those there were; –: not "
         "asked\n\n"
         "  line  px/char";
  for (const ProbeKind kind : kProbeKinds) out << Padded(Name(kind), kColumn);
  out << Padded("mixed", kColumn) << Padded("hex", kColumn) << Padded("idents", kColumn)
      << Padded("numbers", kColumn) << Padded("paths", kColumn) << "  rung\n";
  for (size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    const ProbeScore mixed = cell.Mixed().score;
    out << absl::StrFormat("%3d px %8.1f", cell.line_pitch_px, cell.pixels_per_character);
    for (const KindResult& kind : cell.kinds) {
      out << Padded(Percent(kind.score.characters), kColumn);
    }
    out << Padded(Percent(mixed.characters), kColumn);
    for (const Kind kind : {Kind::kHex, Kind::kIdentifier, Kind::kNumber, Kind::kPath}) {
      out << Padded(OutOf(mixed.Exacts(kind)), kColumn);
    }
    out << (std::find(rungs.begin(), rungs.end(), i) != rungs.end() ? "  yes" : "") << '\n';
  }
  PrintNotes(cells, out);
  out << '\n';
}

Json CellsJson(const std::vector<Cell>& cells) {
  const auto count = [](const Count& c) { return Json{{"right", c.right}, {"all", c.all}}; };
  Json list = Json::array();
  for (const Cell& cell : cells) {
    Json kinds = Json::object();
    for (const ProbeKind kind : kProbeKinds) {
      const KindResult& result = cell[kind];
      kinds[Name(kind)] = Json{{"probes", result.probes},
                               {"characters", count(result.score.characters)},
                               {"hex", count(result.score.Exacts(Kind::kHex))},
                               {"identifiers", count(result.score.Exacts(Kind::kIdentifier))},
                               {"numbers", count(result.score.Exacts(Kind::kNumber))},
                               {"paths", count(result.score.Exacts(Kind::kPath))},
                               {"empty", result.empty},
                               {"refused", result.refused},
                               {"echoed", result.echoed},
                               {"other_text", result.other_text},
                               {"cut", result.cut}};
    }
    list.push_back(Json{{"line_pitch_px", cell.line_pitch_px},
                        {"pixels_per_character", cell.pixels_per_character},
                        {"kinds", std::move(kinds)}});
  }
  return list;
}

}  // namespace fovea::cli
