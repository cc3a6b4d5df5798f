#include "core/exact/string_uses.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/exact/exact_scan.h"

namespace fovea {
namespace {

// FNV-1a: the same on every machine. Two strings of one digest share a rank, which harms nothing.
uint64_t DigestOf(std::string_view text) {
  uint64_t digest = 0xCBF29CE484222325;
  for (const char c : text) {
    digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return digest;
}

}  // namespace

void StringUses::Add(const Turn& turn) {
  const size_t most = uses_.size() + kMaxOfTurn;
  ForEachExactText(turn, [&](std::string_view text) {
    ExactScanner scanner(text);
    while (const std::optional<ExactMatch> match = scanner.Next()) {
      const uint64_t digest = DigestOf(match->text);
      if (uses_.size() >= most && !uses_.contains(digest)) continue;
      Use& use = uses_[digest];
      if (use.last_seq == turn.seq) continue;
      ++use.turns;
      if (turn.role == Role::kAssistant) ++use.agent_turns;
      use.last_seq = turn.seq;
    }
  });
  if (uses_.size() > kMaxStrings) Prune();
}

StringUses::Use StringUses::Of(std::string_view text) const {
  const auto found = uses_.find(DigestOf(text));
  return found == uses_.end() ? Use{} : found->second;
}

// Keeps half. By value, so that the table's order does not matter.
void StringUses::Prune() {
  const auto rank = [](const Use& use) { return std::pair(use.agent_turns > 0, use.last_seq); };
  std::vector<std::pair<bool, uint64_t>> ranks;
  ranks.reserve(uses_.size());
  for (const auto& [digest, use] : uses_) ranks.push_back(rank(use));
  const auto middle = ranks.begin() + static_cast<std::ptrdiff_t>(ranks.size() / 2);
  std::ranges::nth_element(ranks, middle);
  absl::erase_if(uses_, [&](const auto& entry) { return rank(entry.second) < *middle; });
}

}  // namespace fovea
