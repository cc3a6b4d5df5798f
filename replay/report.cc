#include "replay/report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "replay/cells.h"
#include "replay/svg_plot.h"

namespace fovea::replay {
namespace {

BarChart Chart(const std::vector<Cell>& cells, const std::string& title, const std::string& axis,
               std::vector<std::string> part_names, size_t summed_parts,
               const std::function<std::vector<Value>(const Cell&)>& parts) {
  BarChart chart{.title = title,
                 .axis = axis,
                 .part_names = std::move(part_names),
                 .summed_parts = summed_parts};
  for (const Cell& cell : cells) {
    PlotGroup group{.label = Heading(cell)};
    for (const std::string_view strategy : kStrategies) {
      if (std::ranges::none_of(cell.rows, [&](const Row& r) { return r.strategy == strategy; })) {
        continue;
      }
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
      "read_from_page,lost_on_page,not_shown,edit_copies,copies_in_text,copies_readable,recalls,"
      "by_recall,by_search,sidecar_strings,"
      "wrong_strings,text_turns,wrong_texts\n";
  for (const Row& r : rows) {
    absl::StrAppendFormat(&out, "%s,%d,%s,%.2f,%d,%s,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f,%d,%d,%d,%d,",
                          r.session, r.session_tokens, r.reader, r.budget_share, r.budget,
                          r.strategy, r.cost, r.cost_at_01, r.cost_reads, r.cost_text, r.cost_pages,
                          r.cost_again, r.requests, r.refused, r.over_budget, r.peak_tokens);
    absl::StrAppendFormat(&out, "%.1f,%d,%d,%.4f,%.4f,%.4f,%.0f,", r.mean_tokens, r.epochs,
                          r.prefix_breaks, r.shown, r.shown_end, r.gist, r.moments);
    absl::StrAppendFormat(&out, "%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.0f,%.4f,%.4f,%.1f,%.1f,%.1f,",
                          r.survival, r.in_text, r.in_sidecar, r.read_from_page, r.lost_on_page,
                          r.not_shown, r.edit_copies, r.copies_in_text, r.copies_readable,
                          r.recalls, r.by_recall, r.by_search);
    absl::StrAppendFormat(&out, "%d,%d,%d,%d\n", r.sidecar_strings, r.wrong_strings, r.text_turns,
                          r.wrong_texts);
  }
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
