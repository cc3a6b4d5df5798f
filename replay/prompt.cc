#include "replay/prompt.h"

#include <algorithm>
#include <cstddef>

namespace fovea::replay {

void PrefixCache::Send(const std::vector<Segment>& prompt, int64_t time_us) {
  const bool cold = lifetime_us_ > 0 && time_us > 0 && last_time_us_ > 0 &&
                    time_us - last_time_us_ > lifetime_us_;
  const size_t same =
      static_cast<size_t>(std::ranges::mismatch(last_, prompt).in2 - prompt.begin());
  int64_t tokens = 0;
  for (size_t i = 0; i < prompt.size(); ++i) {
    const Segment& segment = prompt[i];
    tokens += segment.tokens;
    const bool first_time = sent_.insert(segment).second;
    if (i < same && !cold) {
      usage_.cached += segment.tokens;
    } else if (!first_time) {
      usage_.sent_again += segment.tokens;
    } else if (segment.kind == Segment::Kind::kPage) {
      usage_.new_pages += segment.tokens;
    } else {
      usage_.new_text += segment.tokens;
    }
  }
  if (same < last_.size()) ++usage_.prefix_breaks;
  usage_.peak = std::max(usage_.peak, tokens);
  ++usage_.requests;
  last_ = prompt;
  if (time_us > 0) last_time_us_ = time_us;
}

}  // namespace fovea::replay
