#include "replay/tables.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "replay/cells.h"
#include "replay/report.h"

namespace fovea::replay {
namespace {

constexpr char kLegend[] =
    "cost     what is billed, as a share of sending the full history (cached reads and writes at\n"
    "         the reader's prices); none where requests were refused, which are billed nothing\n"
    "tokens   of a request, in the mean; peak: of the largest\n"
    "shown    of the history's characters, in the last quarter of the requests; gist: those of\n"
    "         them that the reader is expected to read\n"
    "strings  exact strings that the agent wrote again and could read in its context then\n"
    "copies   passages that an edit had to repeat: as text, and as text or readable on a page\n"
    "against truncation (cost at cached reads of 0.1; medians of each session's ratio): what is\n"
    "         billed, passages that are text or readable, and what is shown\n";

struct Column {
  const char* name;
  int width;
  int digits;
  double (*value)(const Row& row);
};

constexpr Column kColumns[] = {
    {"tokens", 9, 0, [](const Row& row) { return row.mean_tokens; }},
    {"peak", 9, 0, [](const Row& row) { return row.peak_tokens; }},
    {"shown", 7, 3, [](const Row& row) { return row.shown; }},
    {"gist", 7, 3, [](const Row& row) { return row.gist; }},
    {"strings", 8, 3, [](const Row& row) { return row.survival; }},
    {"copies", 7, 3, [](const Row& row) { return row.copies_in_text; }},
    {"or read", 8, 3, [](const Row& row) { return row.copies_readable; }},
};

bool Has(const Cell& cell, std::string_view strategy) {
  return std::ranges::any_of(cell.rows, [&](const Row& row) { return row.strategy == strategy; });
}

// The cost against the full history's, then kColumns; medians over the cell's sessions.
std::vector<std::string> Figures(const Cell& cell, std::string_view strategy) {
  std::vector<std::string> figures = {
      Number(MedianOf(cell, strategy, AgainstFull(cell, &Row::cost)), 3)};
  for (const Column& column : kColumns) {
    figures.push_back(Number(MedianOf(cell, strategy, column.value), column.digits));
  }
  return figures;
}

// Fovea against truncation, in the median over the cell's sessions: cost at cached reads of 0.1,
// edit copies, and what is shown.
struct AgainstTruncation {
  double cost = 0;
  double copies = 0;
  double shown = 0;
};

AgainstTruncation Compare(const Cell& cell) {
  const auto median = [&](double Row::*figure) {
    return Median(Paired(cell.rows, kTruncation, [figure](const Row& fovea, const Row& truncation) {
      return Ratio(fovea.*figure, truncation.*figure);
    }));
  };
  return {median(&Row::cost_at_01), median(&Row::copies_readable), median(&Row::shown)};
}

const char* Counted(const Cell& cell) {
  return cell.rows.front().tokens_exact ? "text is counted by the reader's own vocabulary"
                                        : "text is estimated, as no vocabulary counts it";
}

// Where requests did not fit; "" if all did.
std::string MisfitLine(const Cell& cell, std::string_view strategy) {
  int64_t requests = 0;
  int64_t refused = 0;
  int64_t over_budget = 0;
  for (const Row& row : cell.rows) {
    if (row.strategy != strategy) continue;
    requests += row.requests;
    refused += row.refused;
    over_budget += row.over_budget;
  }
  if (refused > 0) {
    return absl::StrCat(std::string(strategy), ": ", refused, " of ", requests,
                        " requests refused, as what must be text is over the budget");
  }
  // The full history knows no budget.
  if (over_budget == 0 || strategy == kFullHistory) return "";
  return absl::StrCat(std::string(strategy), ": ", over_budget, " of ", requests,
                      " requests over the budget");
}

std::vector<std::string> MisfitLines(const Cell& cell) {
  std::vector<std::string> lines;
  for (const std::string_view strategy : kStrategies) {
    std::string line = MisfitLine(cell, strategy);
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::string CompareLine(const Cell& cell) {
  const AgainstTruncation ratios = Compare(cell);
  return absl::StrCat("against truncation: cost ", Number(ratios.cost, 3), ", copies ",
                      Number(ratios.copies, 3), ", shown ", Number(ratios.shown, 2), " times");
}

std::string Escaped(std::string_view text) {
  return absl::StrReplaceAll(std::string(text),
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// A dash is one column wide and three bytes long.
std::string Right(const std::string& text, int width) {
  const int columns = text == "–" ? 1 : static_cast<int>(text.size());
  return std::string(static_cast<size_t>(std::max(0, width - columns)), ' ') + text;
}

void AddHtmlTable(const Cell& cell, std::string& out) {
  absl::StrAppend(&out, "<h2>", Escaped(Heading(cell)), "</h2>\n<p>", Counted(cell),
                  "</p>\n<table><tr><th>strategy</th>", "<th>cost</th>");
  for (const Column& column : kColumns) absl::StrAppend(&out, "<th>", column.name, "</th>");
  out += "</tr>\n";
  for (const std::string_view strategy : kStrategies) {
    if (!Has(cell, strategy)) continue;
    absl::StrAppend(&out, "<tr><td>", std::string(strategy), "</td>");
    for (const std::string& figure : Figures(cell, strategy)) {
      absl::StrAppend(&out, "<td>", figure, "</td>");
    }
    out += "</tr>\n";
  }
  out += "</table>\n";
  if (Has(cell, kFovea) && Has(cell, kTruncation)) {
    absl::StrAppend(&out, "<p>Fovea ", CompareLine(cell), "</p>\n");
  }
  for (const std::string& misfits : MisfitLines(cell)) {
    absl::StrAppend(&out, "<p>", misfits, "</p>\n");
  }
}

void AddHtmlSessions(const std::vector<Row>& rows, std::string& out) {
  out +=
      "<h2>Every session</h2>\n<table><tr><th>session</th><th>reader</th><th>budget</th>"
      "<th>strategy</th><th>requests</th><th>refused</th><th>over budget</th><th>epochs</th>";
  for (const Column& column : kColumns) absl::StrAppend(&out, "<th>", column.name, "</th>");
  out += "</tr>\n";
  for (const Row& row : rows) {
    absl::StrAppend(&out, "<tr><td>", Escaped(row.session), "</td><td>", Escaped(row.reader),
                    "</td><td>", row.budget, "</td><td>", row.strategy, "</td><td>", row.requests,
                    "</td><td>", row.refused, "</td><td>", row.over_budget, "</td><td>", row.epochs,
                    "</td>");
    for (const Column& column : kColumns) {
      absl::StrAppend(&out, "<td>", Number(column.value(row), column.digits), "</td>");
    }
    out += "</tr>\n";
  }
  out += "</table>\n";
}

nlohmann::ordered_json NumberOrNull(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

nlohmann::ordered_json WholeOrNull(double value) {
  if (!std::isfinite(value)) return nullptr;
  return static_cast<int64_t>(value);
}

}  // namespace

std::string TextTable(const std::vector<Row>& rows) {
  std::string out;
  for (const Cell& cell : Cells(rows)) {
    absl::StrAppend(&out, Heading(cell), "\n  ", Counted(cell), "\n",
                    absl::StrFormat("  %-13s%7s", "", "cost"));
    for (const Column& column : kColumns) absl::StrAppend(&out, Right(column.name, column.width));
    out += '\n';
    for (const std::string_view strategy : kStrategies) {
      if (!Has(cell, strategy)) continue;
      absl::StrAppendFormat(&out, "  %-13s", strategy);
      const std::vector<std::string> figures = Figures(cell, strategy);
      absl::StrAppend(&out, Right(figures[0], 7));
      for (size_t i = 0; i < std::size(kColumns); ++i) {
        absl::StrAppend(&out, Right(figures[i + 1], kColumns[i].width));
      }
      out += '\n';
    }
    if (Has(cell, kFovea) && Has(cell, kTruncation)) {
      absl::StrAppend(&out, "  fovea ", CompareLine(cell), "\n");
    }
    for (const std::string& misfits : MisfitLines(cell)) {
      absl::StrAppend(&out, "  ", misfits, "\n");
    }
    out += '\n';
  }
  return out + kLegend;
}

std::string HtmlPage(const std::vector<Row>& rows) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>fovea replay"
      "</title>\n<style>body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:64em;"
      "padding:0 1em;color:#222;background:#fff}table{border-collapse:collapse;margin:1em 0}"
      "td,th{padding:.25em .7em;border-bottom:1px solid #ddd;text-align:right}"
      "td:first-child,th:first-child{text-align:left}pre{background:#f6f6f6;padding:1em;"
      "overflow:auto}svg{max-width:100%;height:auto}</style></head>\n<body><h1>What would this "
      "do to my history?</h1>\n<p>Medians over the sessions.</p>\n";
  for (const Cell& cell : Cells(rows)) AddHtmlTable(cell, out);
  absl::StrAppend(&out, "<pre>", kLegend, "</pre>\n");
  for (const auto& [name, svg] : Plots(rows)) absl::StrAppend(&out, "<figure>", svg, "</figure>\n");
  AddHtmlSessions(rows, out);
  return out + "</body></html>\n";
}

std::string JsonRows(const std::vector<Row>& rows) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json one = {{"session", row.session},
                                  {"session_tokens", row.session_tokens},
                                  {"reader", row.reader},
                                  {"tokens_exact", row.tokens_exact},
                                  {"budget", row.budget},
                                  {"strategy", row.strategy},
                                  {"billed", NumberOrNull(row.cost)},
                                  {"requests", row.requests},
                                  {"refused", row.refused},
                                  {"over_budget", row.over_budget},
                                  {"epochs", row.epochs},
                                  {"mean_tokens", NumberOrNull(row.mean_tokens)},
                                  {"peak_tokens", WholeOrNull(row.peak_tokens)},
                                  {"shown", NumberOrNull(row.shown)},
                                  {"gist", NumberOrNull(row.gist)},
                                  {"exact_strings", row.moments},
                                  {"strings", NumberOrNull(row.survival)},
                                  {"edit_copies", row.edit_copies},
                                  {"copies_in_text", NumberOrNull(row.copies_in_text)},
                                  {"copies_readable", NumberOrNull(row.copies_readable)}};
    all.push_back(std::move(one));
  }
  // A session's name may hold any bytes.
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace fovea::replay
