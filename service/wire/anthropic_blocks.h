// Blocks of Anthropic's own: documents, search results, tool references, and what else its model
// says.
#ifndef FOVEA_SERVICE_WIRE_ANTHROPIC_BLOCKS_H_
#define FOVEA_SERVICE_WIRE_ANTHROPIC_BLOCKS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "core/log/turn.h"
#include "service/wire/conversation.h"
#include "service/wire/message.h"

namespace fovea::wire {

// Nothing if the API does not take the part, from a turn of that role.
std::optional<Block> AnthropicOwnBlock(const OpaquePart& part, Role role,
                                       const ReaderTraits& reader);
// PDFs, by bytes or address; texts; and pictures by address.
std::optional<Block> AnthropicDocument(const DocumentPart& part, const ReaderTraits& reader);
std::optional<Block> AnthropicSearchResult(const SearchResultPart& part);
Block AnthropicToolReference(const ToolReferencePart& part);

// Takes out what may not end a message: thinking that leads to nothing. Gives how many.
uint32_t AnthropicSettle(std::vector<Block>* blocks, Conversation* conversation);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_ANTHROPIC_BLOCKS_H_
