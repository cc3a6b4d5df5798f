// The one rule by which text fades under pressure. The planner applies it to runs, the cost model
// to a session as a fluid.
#ifndef FOVEA_CORE_FORGETTING_FADE_H_
#define FOVEA_CORE_FORGETTING_FADE_H_

#include <cstddef>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"

namespace fovea {

// The position whose oldest text moves one further. `tokens` are what is served of each position's
// text: of the rungs, sharpest first, then of the gist. `oldest` gives the tokens of the oldest
// text at a position that may move; nothing where there is none.
//
// First a rung that is full against the next one is thinned, the sharpest such. Then the deepest
// rung that keeps `reserve` tokens gives; the gist waits, for what leaves it is not shown any more.
// At last whatever there is, the deepest first.
std::optional<size_t> NextToFade(absl::Span<const double> tokens, double reserve,
                                 absl::FunctionRef<std::optional<double>(size_t)> oldest);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_FADE_H_
