#include "replay/lookups.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "replay/replay.h"

namespace fovea::replay {
namespace {

double Share(size_t part, size_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

void Add(const Session& session, Lookups& lookups) {
  std::vector<int64_t> before = {0};  // the text before each turn, by seq - 1
  for (const Turn& turn : session.turns) {
    if (turn.role == Role::kAssistant) ++lookups.calls;
    before.push_back(before.back() + TextTokens(turn));
  }
  lookups.tokens += before.back();
  for (const Moment& moment : session.uses.moments) {
    const UsedString& used = session.uses.strings[moment.string];
    uint64_t last = 0;
    for (const Occurrence& occurrence : used.occurrences) {
      if (occurrence.seq < moment.seq) last = occurrence.seq;
    }
    const int64_t distance = before[moment.seq - 1] - before[last];
    lookups.distances.push_back(distance);
    if (distance <= Lookups::kFarTokens) continue;
    ++lookups.far;
    if (HasWritten(session, used, moment.seq)) ++lookups.far_own;
  }
}

}  // namespace

double Lookups::PerCall() const { return Share(distances.size(), calls); }
double Lookups::TokensPerCall() const {
  return calls == 0 ? 0 : static_cast<double>(tokens) / static_cast<double>(calls);
}
double Lookups::Beyond(int64_t distance) const {
  const auto further = std::ranges::upper_bound(distances, distance);
  return Share(static_cast<size_t>(distances.end() - further), distances.size());
}

Lookups LookupsOf(const std::vector<std::unique_ptr<Session>>& sessions) {
  Lookups lookups;
  for (const auto& session : sessions) Add(*session, lookups);
  std::ranges::sort(lookups.distances);
  return lookups;
}

std::string Describe(const Lookups& lookups) {
  std::string out = absl::StrFormat(
      "%.2f look-ups a call, %.0f tokens of text a call; of the look-ups over more than %d tokens "
      "%.0f %% are of strings that the agent had written before; share further than",
      lookups.PerCall(), lookups.TokensPerCall(), Lookups::kFarTokens,
      100 * Share(lookups.far_own, lookups.far));
  for (int64_t tokens = 500; tokens <= 256'000; tokens *= 2) {
    absl::StrAppend(&out, absl::StrFormat("%s %d tokens: %.1f %%", tokens == 500 ? "" : ",", tokens,
                                          100 * lookups.Beyond(tokens)));
  }
  return out;
}

}  // namespace fovea::replay
