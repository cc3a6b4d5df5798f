// Runs: consecutive chunks that are drawn together at one rung, whole or as their gist, or that are
// text where a page would not be cheaper.
#ifndef FOVEA_CORE_FORGETTING_RUN_BUILDER_H_
#define FOVEA_CORE_FORGETTING_RUN_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "core/exact/string_uses.h"
#include "core/exact/turn_strings.h"
#include "core/forgetting/call_history.h"
#include "core/log/turn_source.h"
#include "core/page/page.h"
#include "core/reader/reader_profile.h"
#include "core/sheet/sheet_part.h"
#include "core/tokens/token_counter.h"

namespace fovea {

// What a run needs to be built.
struct RunBuilder {
  const ReaderProfile& reader;
  const std::vector<Rung>& ladder;
  const PageRenderer& renderer;
  const TurnSource& turns;
  const TokenCounter& counter;
  const CallHistory& calls;
  const StringUses& uses;
  TurnStrings& turn_strings;
  // From this rung on runs show superseded results by their beginning alone.
  size_t thin_from_rung = 0;
  // Of the legend that a context with pages opens with; 0 where it has one anyway.
  int64_t legend_tokens = 0;
  bool colour_codes = false;  // Policy::show_colour_codes

  // Lays out `run.turns` at `run.rung`, as the gist if `gist`; or, where a page would not be
  // cheaper than its text with the reader's cache writes counted, at the first deeper rung where it
  // is; as text if there is none, or no ladder. Takes turns, rung, text_tokens, characters and
  // origin's chunks and drawn results as given and sets the rest; note and sidecar are left empty
  // (Prefix::WriteNotes).
  absl::StatusOr<SheetPart> Build(SheetPart run, bool gist) const;
};

// Gives a run on pages its sidecar, of at most `max_tokens` by estimate, without what stands
// elsewhere.
void SetSidecar(const TokenCounter& counter, int64_t max_tokens,
                const absl::flat_hash_set<std::string>& elsewhere, SheetPart* run);

// Exact strings take about two bytes a token.
inline constexpr int64_t kSidecarBytesPerToken = 2;
// Of the candidates for a sidecar, as many bytes are kept as it could ever have room for.
inline constexpr size_t kSidecarCandidateBytes = size_t{16} << 10;

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_RUN_BUILDER_H_
