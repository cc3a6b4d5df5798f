// Where a provider is told that it may cache.
#ifndef FOVEA_SERVICE_WIRE_MARKS_H_
#define FOVEA_SERVICE_WIRE_MARKS_H_

#include <cstddef>
#include <vector>

#include "core/context/context.h"
#include "service/wire/conversation.h"
#include "service/wire/message.h"

namespace fovea::wire {

// Marks the ends of at most `most` rungs in the messages that `history` became, which are the last:
// the deepest first, because they move least, and the last of all, because it covers all. Gives how
// many it marked.
size_t MarkRungEnds(const std::vector<HistoryMessage>& history, size_t most,
                    std::vector<Message>* messages);

// Marks the last block of the messages that may have a mark, and, `most` allowing, others before it
// so that no two are more than `apart` blocks apart: a cache is looked for only so far back. Gives
// how many it marked.
size_t MarkBack(size_t most, size_t apart, std::vector<Message>* messages);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_MARKS_H_
