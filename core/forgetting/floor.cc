#include "core/forgetting/floor.h"

#include <algorithm>
#include <cstddef>

#include "core/forgetting/tail.h"
#include "core/voice/notes.h"

namespace fovea {

absl::StatusOr<int64_t> FloorOf(const Setting& setting, Plan& plan, uint64_t first) {
  using Section = Sheet::Section;
  const TokenCounter& counter = setting.counter();
  int64_t floor = plan.sheet.totals(Section::kHead).tokens;
  const bool any_older = plan.sheet.latent() != nullptr || !plan.sheet.runs().empty() ||
                         plan.tail_chunk < plan.chunks.size();
  if (any_older) {
    const SeqRange last = {plan.last_seq, plan.last_seq};
    floor += TokenCounter::kMessageTokens + counter.Text(LatentNote(plan.last_seq, last, ""));
  }
  const auto end_of_pins = plan.pinned.lower_bound(first);
  if (plan.pinned.begin() != end_of_pins) floor += TokenCounter::kMessageTokens;
  for (auto pin = plan.pinned.begin(); pin != end_of_pins; ++pin) floor += pin->second.tokens;
  // What has left the tail already.
  for (size_t i = plan.tail_chunk; i-- > 0 && plan.chunks[i].turns.first >= first;) {
    floor += plan.chunks[i].text_tokens;
  }
  const Sheet::Parts& tail = plan.sheet.tail();
  for (size_t i = tail.size(); i-- > 0 && tail[i].turns.first >= first;) {
    absl::Status status;
    plan.sheet.Change(Section::kTail, i,
                      [&](SheetPart& turn) { status = FindFloor(setting, turn); });
    if (!status.ok()) return status;
    floor += std::min(tail[i].tokens - tail[i].unanswered_tokens, tail[i].floor_tokens) +
             tail[i].unanswered_tokens;
  }
  return floor;
}

}  // namespace fovea
