#include "replay/report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
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
      size_t counted = 0;  // rows with a figure: all parts have one, or none has
      size_t rows = 0;
      for (const Value& part : parts(cell)) {
        std::vector<double> values;
        rows = 0;
        for (const Row& row : cell.rows) {
          if (row.strategy != strategy) continue;
          ++rows;
          if (const double value = part(row); std::isfinite(value)) values.push_back(value);
        }
        double sum = 0;
        for (const double value : values) sum += value;
        bar.parts.push_back(Ratio(sum, static_cast<double>(values.size())));
        counted = values.size();
      }
      if (counted > 0 && counted < rows) {
        bar.note = absl::StrCat("of ", counted, " of ", rows, " sessions");
      }
      group.bars.push_back(std::move(bar));
    }
    chart.groups.push_back(std::move(group));
  }
  return chart;
}

// RFC 4180: where it must be, in quotes, and quotes twice.
std::string Quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  return absl::StrCat("\"", absl::StrReplaceAll(std::string(text), {{"\"", "\"\""}}), "\"");
}

struct Figure {
  const char* name;
  int digits;
  double (*of)(const Row& row);
};

template <auto kMember>
double Of(const Row& row) {
  return static_cast<double>(row.*kMember);
}

constexpr Figure kFigures[] = {
    {"billed", 1, Of<&Row::cost>},
    {"billed_at_01", 1, Of<&Row::cost_at_01>},
    {"billed_reads", 1, Of<&Row::cost_reads>},
    {"billed_text", 1, Of<&Row::cost_text>},
    {"billed_pages", 1, Of<&Row::cost_pages>},
    {"billed_again", 1, Of<&Row::cost_again>},
    {"tokens_exact", 0, Of<&Row::tokens_exact>},
    {"requests", 0, Of<&Row::requests>},
    {"refused", 0, Of<&Row::refused>},
    {"over_budget", 0, Of<&Row::over_budget>},
    {"peak_tokens", 0, Of<&Row::peak_tokens>},
    {"mean_tokens", 1, Of<&Row::mean_tokens>},
    {"epochs", 0, Of<&Row::epochs>},
    {"prefix_breaks", 0, Of<&Row::prefix_breaks>},
    {"shown", 4, Of<&Row::shown>},
    {"shown_end", 4, Of<&Row::shown_end>},
    {"gist", 4, Of<&Row::gist>},
    {"exact_strings", 0, Of<&Row::moments>},
    {"strings", 4, Of<&Row::survival>},
    {"in_text", 4, Of<&Row::in_text>},
    {"in_sidecar", 4, Of<&Row::in_sidecar>},
    {"read_from_page", 4, Of<&Row::read_from_page>},
    {"lost_on_page", 4, Of<&Row::lost_on_page>},
    {"not_shown", 4, Of<&Row::not_shown>},
    {"edit_copies", 0, Of<&Row::edit_copies>},
    {"copies_in_text", 4, Of<&Row::copies_in_text>},
    {"copies_readable", 4, Of<&Row::copies_readable>},
    {"recalls", 1, Of<&Row::recalls>},
    {"by_recall", 1, Of<&Row::by_recall>},
    {"by_search", 1, Of<&Row::by_search>},
    {"sidecar_strings", 0, Of<&Row::sidecar_strings>},
    {"wrong_strings", 0, Of<&Row::wrong_strings>},
    {"text_turns", 0, Of<&Row::text_turns>},
    {"wrong_texts", 0, Of<&Row::wrong_texts>},
};

}  // namespace

std::string Csv(const std::vector<Row>& rows) {
  std::string out = "session,session_tokens,reader,budget_share,budget,strategy";
  for (const Figure& figure : kFigures) absl::StrAppend(&out, ",", figure.name);
  out += '\n';
  for (const Row& row : rows) {
    absl::StrAppend(&out, Quoted(row.session), ",", row.session_tokens, ",", Quoted(row.reader),
                    absl::StrFormat(",%.2f,", row.budget_share), row.budget, ",", row.strategy);
    for (const Figure& figure : kFigures) {
      const double value = figure.of(row);
      out += ',';
      if (std::isfinite(value)) absl::StrAppendFormat(&out, "%.*f", figure.digits, value);
    }
    out += '\n';
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
              [full, part](const Row& row) { return Ratio(row.*part, full.at(row.session)); });
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
