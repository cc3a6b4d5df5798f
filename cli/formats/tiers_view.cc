#include "cli/formats/tiers_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/formats/console.h"

namespace fovea::cli {
namespace {

constexpr std::string_view kVerbatim = "verbatim";
constexpr std::string_view kLatent = "latent";
constexpr int kIndent = 2;
constexpr int kBudgetBarColumns = 32;
// Of the 256-colour palette, from what is text to what is only recallable: colours that can be read
// on dark ground and on light.
constexpr std::array<int, 6> kFade = {33, 37, 72, 136, 131, 96};

// 0 for text, 1 for what is only recallable, between them the rungs of the ladder.
double Depth(const std::string& rung, const TiersViewOptions& options) {
  if (rung == kVerbatim) return 0;
  if (rung == kLatent) return 1;
  const auto found = std::find(options.ladder.begin(), options.ladder.end(), rung);
  const double place = static_cast<double>(found - options.ladder.begin());
  const double rungs = static_cast<double>(options.ladder.size()) + (found == options.ladder.end());
  return (place + 1) / (rungs + 1);
}

// A block for places where there is no colour: one for each of the first rungs, the last for all
// deeper ones.
constexpr std::array<std::string_view, 5> kShades = {"▓", "▒", "░", "∷", "∶"};
constexpr std::string_view kGist = "gist";

std::string_view Shade(const std::string& rung, const TiersViewOptions& options) {
  if (rung == kVerbatim) return "█";
  if (rung == kLatent) return "·";
  if (rung == kGist) return "≡";
  const auto found = std::find(options.ladder.begin(), options.ladder.end(), rung);
  const auto place = static_cast<size_t>(found - options.ladder.begin());
  return kShades[std::min(place, kShades.size() - 1)];
}

std::string Block(const std::string& rung, const TiersViewOptions& options, int count) {
  std::string blocks;
  const std::string_view shade = Shade(rung, options);
  for (int i = 0; i < count; ++i) blocks += shade;
  if (!options.colour || count == 0) return blocks;
  const double depth = Depth(rung, options);
  const int colour = kFade[static_cast<size_t>(depth * (kFade.size() - 1))];
  return absl::StrCat("\x1b[38;5;", colour, "m", blocks, "\x1b[0m");
}

// How many of `columns` blocks each rung gets: its share of the characters, at least one.
std::vector<int> Widths(const v1::ContextSummary& summary, int columns) {
  uint64_t total = 0;
  for (const v1::RungShare& rung : summary.rungs()) total += rung.characters();
  std::vector<int> widths;
  int used = 0;
  for (const v1::RungShare& rung : summary.rungs()) {
    const double share =
        total == 0 ? 0 : static_cast<double>(rung.characters()) / static_cast<double>(total);
    widths.push_back(std::max(1, static_cast<int>(share * columns)));
    used += widths.back();
  }
  if (widths.empty()) return widths;
  // The widest takes what rounding left over, or gives what it took.
  const auto widest = std::max_element(widths.begin(), widths.end());
  *widest = std::max(1, *widest + columns - used);
  return widths;
}

struct Column {
  std::string_view title;
  bool left;
};
constexpr std::array<Column, 9> kColumns = {{{"rung", true},
                                             {"turns", false},
                                             {"sequence", false},
                                             {"as text", false},
                                             {"served", false},
                                             {"smaller", false},
                                             {"pages", false},
                                             {"legible", false},
                                             {"evidence", true}}};
// Indices of columns, the most dispensable first: evidence, legible, smaller, as text, pages.
constexpr std::array<size_t, 5> kDroppedFirst = {8, 7, 5, 3, 6};
constexpr int kNarrowest = 40;
using Row = std::array<std::string, kColumns.size()>;

std::string Ratio(int64_t text_tokens, int64_t tokens) {
  if (tokens <= 0 || text_tokens <= 0) return "–";
  return absl::StrFormat("%.1f×", static_cast<double>(text_tokens) / static_cast<double>(tokens));
}

Row RowOf(const v1::RungShare& rung) {
  const bool drawn = rung.rung() != kVerbatim && rung.rung() != kLatent;
  return {rung.rung(),
          Grouped(static_cast<int64_t>(rung.turns())),
          absl::StrCat(rung.first_seq(), "–", rung.last_seq()),
          Grouped(rung.text_tokens()),
          Grouped(rung.tokens()),
          Ratio(rung.text_tokens(), rung.tokens()),
          drawn ? Grouped(rung.pages()) : "–",
          rung.rung() == kLatent ? "recall" : absl::StrFormat("%.1f %%", rung.legibility() * 100),
          drawn                      ? rung.evidence()
          : rung.rung() == kVerbatim ? "exact"
                                     : "–"};
}

Row TotalOf(const v1::ContextSummary& summary) {
  int64_t text_tokens = 0;
  int64_t tokens = 0;
  uint64_t turns = 0;
  uint32_t pages = 0;
  for (const v1::RungShare& rung : summary.rungs()) {
    text_tokens += rung.text_tokens();
    tokens += rung.tokens();
    turns += rung.turns();
    pages += rung.pages();
  }
  return {"all",
          Grouped(static_cast<int64_t>(turns)),
          "",
          Grouped(text_tokens),
          Grouped(tokens),
          Ratio(text_tokens, tokens),
          Grouped(pages),
          "",
          ""};
}

// The newest rung first: the reader looks from the present into the past.
std::string Table(const v1::ContextSummary& summary, const TiersViewOptions& options) {
  std::vector<Row> rows;
  for (const v1::RungShare& rung : summary.rungs()) rows.insert(rows.begin(), RowOf(rung));
  rows.push_back(TotalOf(summary));
  std::array<size_t, kColumns.size()> widths{};
  size_t total_width = kIndent + 2;
  for (size_t i = 0; i < kColumns.size(); ++i) {
    widths[i] = DisplayWidth(kColumns[i].title);
    for (const Row& row : rows) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    total_width += widths[i] + 2;
  }
  // A narrow terminal gets the columns that matter most.
  std::array<bool, kColumns.size()> hidden{};
  for (const size_t column : kDroppedFirst) {
    if (total_width <= static_cast<size_t>(std::max(options.columns, kNarrowest))) break;
    hidden[column] = true;
    total_width -= widths[column] + 2;
  }
  std::string text;
  const auto add_line = [&](const std::string& mark, const auto& cell) {
    std::string line = absl::StrCat(std::string(kIndent, ' '), mark);
    for (size_t i = 0; i < kColumns.size(); ++i) {
      if (hidden[i]) continue;
      absl::StrAppend(&line, "  ", Padded(cell(i), widths[i], kColumns[i].left));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  };
  add_line("  ", [](size_t i) { return kColumns[i].title; });
  for (size_t row = 0; row < rows.size(); ++row) {
    const bool total = row + 1 == rows.size();
    add_line(total ? "  " : Block(rows[row][0], options, 2),
             [&](size_t i) { return std::string_view(rows[row][i]); });
  }
  return text;
}

std::string BudgetLine(const v1::ContextSummary& summary) {
  const double share = summary.budget() <= 0 ? 0
                                             : static_cast<double>(summary.tokens()) /
                                                   static_cast<double>(summary.budget());
  std::string bar;
  for (int i = 0; i < kBudgetBarColumns; ++i) bar += i < share * kBudgetBarColumns ? "━" : "─";
  return absl::StrFormat("%s %s of %s tokens (%.0f %%%s)", bar, Grouped(summary.tokens()),
                         Grouped(summary.budget()), share * 100,
                         summary.tokens_exact() ? "" : ", estimated on the safe side");
}

std::string EpochLine(const v1::ContextSummary& summary) {
  if (summary.epoch() == 0) return "epoch 0: everything is text";
  return absl::StrCat("epoch ", summary.epoch(), " since turn ", summary.epoch_since_seq(), ": ",
                      summary.epoch_reason());
}

std::string ReaderLine(const v1::ContextSummary& summary, const TiersViewOptions& options) {
  if (summary.reader().empty() || summary.reader() == options.reader) return "";
  return absl::StrCat("no reader is named ", options.reader, ": it gets text, as ",
                      summary.reader(), ", until it is calibrated",
                      options.nearest_reader.empty() ? "" : "; did you mean ",
                      options.nearest_reader, options.nearest_reader.empty() ? "" : "?");
}

std::string CostLine(const v1::ContextSummary& summary) {
  if (!summary.has_cost()) return "";
  const v1::ContextCost& cost = summary.cost();
  const auto of = [](double tokens, double usd) {
    std::string text = Grouped(std::llround(tokens));
    if (usd > 0) absl::StrAppend(&text, absl::StrFormat(" ($%.4f)", usd));
    return text;
  };
  return absl::StrCat("next request: ", Grouped(cost.cached_tokens()), " tokens from the cache, ",
                      Grouped(cost.written_tokens()), " written",
                      cost.cache_is_cold() ? " (the cache is cold)" : "", ": as dear as ",
                      of(cost.now(), cost.now_usd()), " input tokens; each after it ",
                      of(cost.next(), cost.next_usd()));
}

std::string PinLine(const v1::ContextSummary& summary) {
  if (summary.pinned().empty()) return "";
  return absl::StrCat("pinned: ", absl::StrJoin(summary.pinned(), ", ",
                                                [](std::string* out, const v1::SeqRange& range) {
                                                  absl::StrAppend(out, "#", range.first());
                                                  if (range.last() != range.first()) {
                                                    absl::StrAppend(out, "–#", range.last());
                                                  }
                                                }));
}

std::string LossLine(const v1::ContextSummary& summary) {
  const v1::CharacterCounts& counts = summary.characters();
  const uint64_t total = counts.text() + counts.pages() + counts.elided() + counts.latent();
  if (total == 0) return "";
  const auto percent = [total](uint64_t part) {
    return absl::StrFormat("%.1f %%",
                           100.0 * static_cast<double>(part) / static_cast<double>(total));
  };
  return absl::StrCat("of ", Grouped(static_cast<int64_t>(total)),
                      " characters: ", percent(counts.text()), " as text, ",
                      percent(counts.pages()), " on pages, ", percent(counts.elided()), " elided, ",
                      percent(counts.latent()), " latent");
}

}  // namespace

std::string HistoryBar(const v1::ContextSummary& summary, const TiersViewOptions& options,
                       int columns) {
  const std::vector<int> widths = Widths(summary, columns);
  std::string bar;
  for (int i = 0; i < summary.rungs_size(); ++i) {
    bar += Block(summary.rungs(i).rung(), options, widths[static_cast<size_t>(i)]);
  }
  return bar;
}

std::string RenderTiers(const v1::ContextSummary& summary, const TiersViewOptions& options) {
  const std::string indent(kIndent, ' ');
  const int columns = std::max(options.columns, 40) - 2 * kIndent;
  std::string text = absl::StrCat(indent, options.session, " as ", options.reader,
                                  " sees it at turn ", summary.as_of_seq(), "\n\n");
  if (const std::string bar = HistoryBar(summary, options, columns); !bar.empty()) {
    const std::string newest = "newest";
    absl::StrAppend(&text, indent, bar, "\n", indent,
                    Padded("oldest", static_cast<size_t>(columns) - newest.size(), true), newest,
                    "\n\n", Table(summary, options), "\n");
  }
  absl::StrAppend(&text, indent, BudgetLine(summary), "\n");
  for (const std::string& line : {ReaderLine(summary, options), EpochLine(summary),
                                  LossLine(summary), CostLine(summary), PinLine(summary)}) {
    if (!line.empty()) absl::StrAppend(&text, indent, line, "\n");
  }
  return text;
}

}  // namespace fovea::cli
