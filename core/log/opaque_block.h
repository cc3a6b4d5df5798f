// What an opaque block says of itself: whether it is half of a pair, leads on to the block behind
// it, or holds a file.
#ifndef FOVEA_CORE_LOG_OPAQUE_BLOCK_H_
#define FOVEA_CORE_LOG_OPAQUE_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/log/turn.h"

namespace fovea {

struct OpaqueBlock {
  // Some blocks come in pairs, which an API takes only whole: a provider's own tool and its result
  // (anthropic.server_tool_use and anthropic.web_search_tool_result, openai.custom_tool_call and
  // openai.custom_tool_call_output, gemini.part with executableCode and with codeExecutionResult,
  // ...).
  enum class Half : uint8_t { kNone = 0, kCall = 1, kResult = 2 };
  Half half = Half::kNone;
  std::string id;  // of the pair; "" where the API pairs by order
  std::string type;
  // Reasoning: it belongs to the next block of its step.
  bool leads_on = false;
  // Characters of base64 in it: of a file, not of text.
  size_t base64_bytes = 0;
};

// Reads the block's JSON without building it: linear, without recursion. A block that is no JSON
// object says nothing.
OpaqueBlock ReadOpaqueBlock(const OpaquePart& part);

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_OPAQUE_BLOCK_H_
