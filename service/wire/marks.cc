#include "service/wire/marks.h"

namespace fovea::wire {
namespace {

bool MayBeMarked(const Block& block) {
  return block.kind != Block::Kind::kRaw || block.is_document;
}

}  // namespace

size_t MarkBack(size_t most, size_t apart, std::vector<Message>* messages) {
  size_t marked = 0;
  size_t since = 0;            // blocks from the last mark to the one at hand
  Block* candidate = nullptr;  // for the next mark: as far from the last as it may be
  size_t candidate_since = 0;
  for (auto message = messages->rbegin(); message != messages->rend(); ++message) {
    for (auto block = message->blocks.rbegin(); block != message->blocks.rend(); ++block) {
      if (marked == most) return marked;
      ++since;
      const bool may = MayBeMarked(*block);
      if (may && (since <= apart || candidate == nullptr)) {
        candidate = &*block;
        candidate_since = since;
      }
      if (candidate == nullptr || (marked > 0 && since < apart)) continue;
      candidate->breakpoint = true;
      ++marked;
      since -= candidate_since;
      candidate = nullptr;
    }
  }
  return marked;
}

size_t MarkRungEnds(const std::vector<HistoryMessage>& history, size_t most,
                    std::vector<Message>* messages) {
  const size_t first = messages->size() - history.size();
  std::vector<size_t> ends;
  for (size_t i = 0; i < history.size(); ++i) {
    if (history[i].rung_end) ends.push_back(first + i);
  }
  if (most == 0) return 0;
  if (ends.size() > most) ends.erase(ends.begin() + static_cast<long>(most) - 1, ends.end() - 1);
  for (const size_t end : ends) {
    for (auto block = (*messages)[end].blocks.rbegin();; ++block) {
      if (!MayBeMarked(*block)) continue;
      block->breakpoint = true;
      break;
    }
  }
  return ends.size();
}

}  // namespace fovea::wire
