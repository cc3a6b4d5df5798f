// The figures of one session, reader, budget and strategy.
#ifndef FOVEA_REPLAY_ROW_H_
#define FOVEA_REPLAY_ROW_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea::replay {

struct Row {
  std::string session;
  int64_t session_tokens = 0;  // o200k-like
  std::string reader;
  bool tokens_exact = false;  // text is counted by the reader's own vocabulary, else estimated
  double budget_share = 0;
  int64_t budget = 0;  // of the reader's tokens
  std::string strategy;
  // What is billed at the reader's prices, in uncached input tokens. What is refused is billed
  // nothing, so that a session with refused requests has no cost to compare: NaN.
  double cost = 0;
  double cost_at_01 = 0;  // at cached reads of 0.1
  double cost_reads = 0;  // the parts of `cost`: cached reads, ...
  double cost_text = 0;   // ... text sent for the first time, ...
  double cost_pages = 0;  // ... pages sent for the first time, ...
  double cost_again = 0;  // ... and what had been sent but was no longer cached
  int64_t requests = 0;
  int64_t refused = 0;
  int64_t over_budget = 0;
  double peak_tokens = 0;  // of a request that was served; NaN, as the mean, if none was
  double mean_tokens = 0;
  int64_t prefix_breaks = 0;
  int64_t epochs = 0;  // how often what stands before the newest turns changed between two requests
                       // that were served
  double shown = 0;    // NaN, as shown_end and gist, without requests
  double shown_end = 0;
  double gist = 0;
  double moments = 0;
  double survival = 0;  // NaN without moments
  double in_text = 0;   // shares of the moments
  double in_sidecar = 0;
  double read_from_page = 0;
  double lost_on_page = 0;
  double not_shown = 0;
  double recalls = 0;          // missing strings
  double edit_copies = 0;      // passages that edits repeat
  double copies_in_text = 0;   // shares of them: as text in the context of the edit's request, ...
  double copies_readable = 0;  // ... or there by chance, on a page too; NaN without edit copies
  // Of the missing strings, those that a recall by turn returns, and those that a search by words
  // finds; NaN if nobody asked.
  double by_recall = 0;
  double by_search = 0;
  // In all contexts of the session: sidecar strings and turns as text, and those of them that are
  // not the log's.
  int64_t sidecar_strings = 0;
  int64_t wrong_strings = 0;
  int64_t text_turns = 0;
  int64_t wrong_texts = 0;
  std::string first_wrong;
  // Missing strings by what they are, as pairs of moments and missing ones.
  std::vector<std::pair<double, double>> missing;  // by kMissingNames
};

constexpr std::string_view kMissingNames[] = {
    "hash",           "uuid",       "url",
    "path",           "number",     "identifier",
    "version",        "error code", "written by the agent before",
    "only read by it"};

constexpr std::string_view kFullHistory = "full history";
constexpr std::string_view kTruncation = "truncation";
constexpr std::string_view kMasking = "masking";
constexpr std::string_view kGrid = "50-turn grid";
constexpr std::string_view kFovea = "fovea";
constexpr std::string_view kStrategies[] = {kFullHistory, kTruncation, kMasking, kGrid, kFovea};

// The median, the mean of the middle two of an even number; values that are not numbers are left
// out; NaN if none is left.
double Median(std::vector<double> values);

// `a` and `b` of the same session, reader and budget: `value(fovea, other)`, for each pair.
std::vector<double> Paired(const std::vector<Row>& rows, std::string_view strategy,
                           const std::function<double(const Row& fovea, const Row& other)>& value);

// `of` for each of `to`; NaN where there is nothing to divide by.
double Ratio(double of, double to);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_ROW_H_
