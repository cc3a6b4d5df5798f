#include "gateway/read_turns.h"

#include <algorithm>
#include <iterator>

#include "core/base/status_macros.h"
#include "transcripts/anthropic.h"
#include "transcripts/lossless_json.h"
#include "transcripts/openai_chat.h"
#include "transcripts/openai_responses.h"
#include "transcripts/proto/turn_proto.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;
using transcripts::ReadMessage;

bool IsBlank(const Json& item, const char* key) {
  const auto found = item.find(key);
  if (found == item.end() || found->is_null()) return true;
  if (const auto* text = found->get_ptr<const std::string*>(); text != nullptr)
    return text->empty();
  return found->is_array() && found->empty();
}

// An item without any content, which agents send after an answer that was broken off.
bool IsEmpty(Wire wire, const Json& item) {
  if (wire == Wire::kGemini) return IsBlank(item, "parts");
  if (wire == Wire::kOpenAiResponses) return false;
  return IsBlank(item, "content") && IsBlank(item, "tool_calls") &&
         IsBlank(item, "reasoning_content") && IsBlank(item, "function_call") &&
         !item.contains("tool_call_id");
}

}  // namespace

absl::StatusOr<std::vector<v1::Turn>> TurnReader::Read(absl::string_view item) {
  FOVEA_ASSIGN_OR_RETURN(const auto json, transcripts::ParseJson({item.data(), item.size()}));
  if (!json.is_object()) return absl::InvalidArgumentError("not an object");
  std::vector<v1::Turn> turns;
  if (IsEmpty(wire_, json)) return turns;
  absl::StatusOr<ReadMessage> read = absl::InternalError("no such wire");
  switch (wire_) {
    case Wire::kAnthropic:
      read = transcripts::ReadAnthropicMessage(json);
      break;
    case Wire::kOpenAiChat:
      read = transcripts::ReadOpenAiChatMessage(json);
      break;
    case Wire::kOpenAiResponses:
      read = transcripts::ReadOpenAiResponsesItem(json);
      break;
    case Wire::kGemini:
      read = gemini_.ReadContent(json);
      break;
  }
  if (!read.ok()) return read.status();
  for (const Turn& turn : read->turns) TurnToProto(turn, &turns.emplace_back());
  const auto result = std::find_if(turns.rbegin(), turns.rend(), [](const v1::Turn& turn) {
    return turn.role() == v1::ROLE_TOOL;
  });
  if (result != turns.rend()) std::rotate(std::prev(result.base()), result.base(), turns.end());
  return turns;
}

void TurnReader::Skip(absl::string_view item) {
  if (wire_ != Wire::kGemini) return;
  const auto json = transcripts::ParseJson({item.data(), item.size()});
  if (json.ok() && json->is_object()) gemini_.ReadContent(*json).status().IgnoreError();
}

}  // namespace fovea::gateway
