#include "bench/replay/report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/replay/bars.h"
#include "bench/replay/svg_plot.h"

namespace fovea::replay {
namespace {

using Value = std::function<double(const Row&)>;

// The rows of one reader and budget.
struct Cell {
  std::string reader;
  double share = 0;
  std::vector<Row> rows;
};

std::vector<Cell> Cells(const std::vector<Row>& rows) {
  std::vector<Cell> cells;
  for (const Row& row : rows) {
    auto cell = std::ranges::find_if(cells, [&](const Cell& c) {
      return c.reader == row.reader && c.share == row.budget_share;
    });
    if (cell == cells.end()) {
      cells.push_back({row.reader, row.budget_share});
      cell = cells.end() - 1;
    }
    cell->rows.push_back(row);
  }
  std::ranges::stable_sort(cells, {}, &Cell::share);
  return cells;
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
  return [full, cost](const Row& row) { return row.*cost / full.at(row.session); };
}

std::string Number(double value, int digits) {
  return std::isnan(value) ? "–" : absl::StrFormat("%.*f", digits, value);
}

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

BarChart Chart(const std::vector<Cell>& cells, const std::string& title, const std::string& axis,
               std::vector<std::string> part_names, size_t summed_parts,
               const std::function<std::vector<Value>(const Cell&)>& parts) {
  BarChart chart{.title = title,
                 .axis = axis,
                 .part_names = std::move(part_names),
                 .summed_parts = summed_parts};
  for (const Cell& cell : cells) {
    PlotGroup group{.label = absl::StrFormat("%s, budget %.0f %%", cell.reader, 100 * cell.share)};
    for (const std::string_view strategy : kStrategies) {
      PlotBar bar{.label = std::string(strategy)};
      for (const Value& part : parts(cell)) {
        std::vector<double> values;
        for (const Row& row : cell.rows) {
          if (row.strategy == strategy && !std::isnan(part(row))) values.push_back(part(row));
        }
        double sum = 0;
        for (const double value : values) sum += value;
        bar.parts.push_back(sum / static_cast<double>(values.size()));
      }
      group.bars.push_back(std::move(bar));
    }
    chart.groups.push_back(std::move(group));
  }
  return chart;
}

}  // namespace

std::string Csv(const std::vector<Row>& rows) {
  std::string out =
      "session,session_tokens,reader,budget_share,budget,strategy,cost,cost_at_01,cost_reads,"
      "cost_text,cost_pages,cost_again,requests,refused,over_budget,peak_tokens,mean_tokens,"
      "epoch_changes,prefix_breaks,shown,shown_end,gist,moments,survival,in_text,in_sidecar,"
      "read_from_page,lost_on_page,not_shown,recalls,by_recall,by_search,sidecar_strings,"
      "wrong_strings,text_turns,wrong_texts\n";
  for (const Row& r : rows) {
    absl::StrAppendFormat(&out, "%s,%d,%s,%.2f,%d,%s,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f,%d,%d,%d,%d,",
                          r.session, r.session_tokens, r.reader, r.budget_share, r.budget,
                          r.strategy, r.cost, r.cost_at_01, r.cost_reads, r.cost_text, r.cost_pages,
                          r.cost_again, r.requests, r.refused, r.over_budget, r.peak_tokens);
    absl::StrAppendFormat(&out, "%.1f,%d,%d,%.4f,%.4f,%.4f,%.0f,", r.mean_tokens, r.epochs,
                          r.prefix_breaks, r.shown, r.shown_end, r.gist, r.moments);
    absl::StrAppendFormat(&out, "%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.1f,%.1f,%.1f,", r.survival,
                          r.in_text, r.in_sidecar, r.read_from_page, r.lost_on_page, r.not_shown,
                          r.recalls, r.by_recall, r.by_search);
    absl::StrAppendFormat(&out, "%d,%d,%d,%d\n", r.sidecar_strings, r.wrong_strings, r.text_turns,
                          r.wrong_texts);
  }
  return out;
}

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

std::map<std::string, std::string> Plots(const std::vector<Row>& rows) {
  const std::vector<Cell> cells = Cells(rows);
  std::map<std::string, std::string> plots;
  plots["cost.svg"] = DrawBarChart(Chart(
      cells, "Billed input at the reader's prices", "share of the full history's, mean of sessions",
      {"cached reads", "new text", "new pages", "sent again"}, 4, [](const Cell& cell) {
        std::map<std::string, double> full;
        for (const Row& row : cell.rows) {
          if (row.strategy == kFullHistory) full[row.session] = row.cost;
        }
        std::vector<Value> parts;
        for (const auto part :
             {&Row::cost_reads, &Row::cost_text, &Row::cost_pages, &Row::cost_again}) {
          parts.emplace_back(
              [full, part](const Row& row) { return row.*part / full.at(row.session); });
        }
        return parts;
      }));
  plots["survival.svg"] = DrawBarChart(Chart(
      cells, "Exact strings when the agent writes them", "share of moments, mean of sessions",
      {"in text", "in a sidecar", "read from a page", "lost on a page", "not shown"}, 3,
      [](const Cell&) {
        return std::vector<Value>{
            [](const Row& r) { return r.in_text; }, [](const Row& r) { return r.in_sidecar; },
            [](const Row& r) { return r.read_from_page; },
            [](const Row& r) { return r.lost_on_page; }, [](const Row& r) { return r.not_shown; }};
      }));
  plots["gist.svg"] =
      DrawBarChart(Chart(cells, "The history's characters in the context",
                         "share, last quarter of the requests, mean of sessions",
                         {"as text or read back at 85 % or better", "on pages that are read worse"},
                         1, [](const Cell&) {
                           return std::vector<Value>{[](const Row& r) { return r.gist; },
                                                     [](const Row& r) { return r.shown - r.gist; }};
                         }));
  return plots;
}

}  // namespace fovea::replay
