#include "bench/replay/report.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "replay/cells.h"

namespace fovea::replay {
namespace {

void AddBars(const std::vector<Bar>& bars, std::string& out) {
  out +=
      "\n## Against the bars\n\n| bar | wanted | measured | 95 % interval | met "
      "|\n|---|---|---|---|---|\n";
  for (const Bar& bar : bars) {
    absl::StrAppend(&out, "| ", bar.name, " | ", bar.wanted, " | ", bar.measured, " | ",
                    bar.interval.empty() ? "–" : bar.interval, " | ", bar.met ? "yes" : "**no**",
                    " |\n");
  }
}

// What of Fovea's missing strings comes back, over all sessions, readers and budgets.
void AddRecovered(const std::vector<Row>& rows, std::string& out) {
  double missing = 0;
  double by_recall = 0;
  double by_search = 0;
  for (const Row& row : rows) {
    if (row.strategy != kFovea || std::isnan(row.by_recall)) continue;
    missing += row.recalls;
    by_recall += row.by_recall;
    by_search += row.by_search;
  }
  absl::StrAppendFormat(
      &out, "\nOf %.0f strings that Fovea misses, %.0f come back by recall and %.0f by search.\n",
      missing, by_recall, by_search);
}

void AddMedians(const Cell& cell, std::string& out) {
  absl::StrAppendFormat(&out, "\n### %s, budget %.0f %%\n\n", cell.reader, 100 * cell.share);
  out +=
      "| strategy | cost | at reads 0.1 | peak tokens | mean tokens | epoch changes | prefix "
      "breaks "
      "| refused | over budget | shown | gist | survival | recalls | of them by recall | by search "
      "|\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const std::string_view strategy : kStrategies) {
    const auto median = [&](const Value& value) { return MedianOf(cell, strategy, value); };
    absl::StrAppend(
        &out, "| ", std::string(strategy), " | ", Number(median(AgainstFull(cell, &Row::cost)), 3),
        " | ", Number(median(AgainstFull(cell, &Row::cost_at_01)), 3), " | ",
        Number(median([](const Row& r) { return static_cast<double>(r.peak_tokens); }), 0), " | ",
        Number(median([](const Row& r) { return r.mean_tokens; }), 0), " | ",
        Number(median([](const Row& r) { return static_cast<double>(r.epochs); }), 0), " | ",
        Number(median([](const Row& r) { return static_cast<double>(r.prefix_breaks); }), 0),
        " | ");
    absl::StrAppend(
        &out, Number(median([](const Row& r) { return static_cast<double>(r.refused); }), 0), " | ",
        Number(median([](const Row& r) { return static_cast<double>(r.over_budget); }), 0), " | ",
        Number(median([](const Row& r) { return r.shown; }), 3), " | ",
        Number(median([](const Row& r) { return r.gist; }), 3), " | ",
        Number(median([](const Row& r) { return r.survival; }), 3), " | ",
        Number(median([](const Row& r) { return r.recalls; }), 0), " | ",
        Number(median([](const Row& r) { return r.by_recall / r.recalls; }), 3), " | ",
        Number(median([](const Row& r) { return r.by_search / r.recalls; }), 3), " |\n");
  }
}

void AddParts(const std::vector<Cell>& cells, std::string& out) {
  out +=
      "\n## Where Fovea's cost goes, and where the strings are\n\nMeans over sessions. Costs as "
      "shares of Fovea's own; strings as shares of the moments.\n\n| reader | budget | cached "
      "reads | new text | new pages | sent again | in text | sidecar | read from page | lost on "
      "page | not shown |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Cell& cell : cells) {
    absl::StrAppendFormat(&out, "| %s | %.0f %%", cell.reader, 100 * cell.share);
    for (const auto part :
         {&Row::cost_reads, &Row::cost_text, &Row::cost_pages, &Row::cost_again, &Row::in_text,
          &Row::in_sidecar, &Row::read_from_page, &Row::lost_on_page, &Row::not_shown}) {
      const bool is_cost = part == &Row::cost_reads || part == &Row::cost_text ||
                           part == &Row::cost_pages || part == &Row::cost_again;
      double sum = 0;
      double count = 0;
      for (const Row& row : cell.rows) {
        if (row.strategy != kFovea || std::isnan(row.*part)) continue;
        sum += is_cost ? row.*part / row.cost : row.*part;
        count += 1;
      }
      absl::StrAppend(&out, " | ", Number(sum / count, 3));
    }
    out += " |\n";
  }
}

void AddMissing(const std::vector<Cell>& cells, std::string& out) {
  out +=
      "\n## Which strings Fovea misses\n\nOver all sessions: missing strings of all moments. Of "
      "truncation in the last column.\n\n| strings |";
  for (const Cell& cell : cells) {
    absl::StrAppendFormat(&out, " %s, %.0f %% |", cell.reader, 100 * cell.share);
  }
  out += " truncation, " + absl::StrFormat("%.0f %%", 100 * cells.front().share) + " |\n|---|";
  for (size_t i = 0; i <= cells.size(); ++i) out += "---|";
  out += '\n';
  for (size_t i = 0; i < std::size(kMissingNames); ++i) {
    const auto add = [&](const Cell& cell, std::string_view strategy) {
      double moments = 0;
      double missing = 0;
      for (const Row& row : cell.rows) {
        if (row.strategy != strategy || i >= row.missing.size()) continue;
        moments += row.missing[i].first;
        missing += row.missing[i].second;
      }
      absl::StrAppendFormat(&out, " %.0f of %.0f |", missing, moments);
    };
    absl::StrAppend(&out, "| ", std::string(kMissingNames[i]), " |");
    for (const Cell& cell : cells) add(cell, kFovea);
    add(cells.front(), kTruncation);
    out += '\n';
  }
}

void AddSessions(const std::vector<Cell>& cells, std::string& out) {
  out +=
      "\n## Every session: Fovea against truncation\n\n| session | tokens | reader | budget | cost "
      "/ full | cost / truncation | shown | truncation's | gist | truncation's | survival | "
      "truncation's | moments |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Cell& cell : cells) {
    for (const Row& row : cell.rows) {
      if (row.strategy != kFovea) continue;
      const auto of = [&](std::string_view strategy) -> const Row& {
        return *std::ranges::find_if(cell.rows, [&](const Row& other) {
          return other.session == row.session && other.strategy == strategy;
        });
      };
      const Row& cut = of(kTruncation);
      absl::StrAppendFormat(&out, "| %s | %d | %s | %d ", row.session, row.session_tokens,
                            row.reader, row.budget);
      for (const double value : {row.cost / of(kFullHistory).cost, row.cost / cut.cost, row.shown,
                                 cut.shown, row.gist, cut.gist, row.survival, cut.survival}) {
        absl::StrAppend(&out, "| ", Number(value, 3), " ");
      }
      absl::StrAppendFormat(&out, "| %.0f |\n", row.moments);
    }
  }
}

}  // namespace

std::string Markdown(const std::vector<Row>& rows, const std::vector<Bar>& bars,
                     const std::vector<std::string>& notes) {
  std::string out = "# Replay\n\n";
  for (const std::string& note : notes) absl::StrAppend(&out, "- ", note, "\n");
  AddBars(bars, out);
  AddRecovered(rows, out);
  const std::vector<Cell> cells = Cells(rows);
  out += "\n## Medians over sessions\n\nCosts are shares of the full history's.\n";
  for (const Cell& cell : cells) AddMedians(cell, out);
  AddParts(cells, out);
  if (!cells.empty()) AddMissing(cells, out);
  AddSessions(cells, out);
  return out;
}

}  // namespace fovea::replay
