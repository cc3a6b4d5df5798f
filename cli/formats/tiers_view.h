// The memory-tier view: how a session looks to a reader, from the sharp present to the faded past.
#ifndef FOVEA_CLI_FORMATS_TIERS_VIEW_H_
#define FOVEA_CLI_FORMATS_TIERS_VIEW_H_

#include <string>
#include <vector>

#include "fovea/v1/context.pb.h"

namespace fovea::cli {

struct TiersViewOptions {
  std::string session;
  std::string reader;
  std::string nearest_reader = {};  // of a name that no reader has, the most similar one; or ""
  // The reader's optical rungs, sharpest first: they set the shades. Rungs of the summary that are
  // not here count as deeper than all of these.
  std::vector<std::string> ladder;
  int columns = 80;     // of the terminal; at least 40
  bool colour = false;  // blocks in colours of the 256-colour palette
};

// The view as text, lines ended by newlines. Pure.
std::string RenderTiers(const v1::ContextSummary& summary, const TiersViewOptions& options);

// The history from its oldest to its newest character as one bar of `columns` blocks, each rung in
// its shade, at least one block wide. Empty for an empty history.
std::string HistoryBar(const v1::ContextSummary& summary, const TiersViewOptions& options,
                       int columns);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_TIERS_VIEW_H_
