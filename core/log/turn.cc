#include "core/log/turn.h"

#include <string>
#include <string_view>

#include "core/base/utf8.h"
#include "core/log/part_text.h"

namespace fovea {

const char* RoleName(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
    case Role::kTool:
      return "tool";
  }
  return "unknown";  // only for a value outside the enumeration
}

std::string TurnText(const Turn& turn) {
  std::string text;
  for (const Part& part : turn.parts) {
    ForEachText(part, [&text](std::string_view own) { text += own; });
  }
  return text;
}

uint64_t CountCharacters(std::string_view text) {
  uint64_t characters = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = AsciiEnd(text, at);
    characters += end - at;
    if (end == text.size()) break;
    at = end + DecodeUtf8(text, end).length;
    ++characters;
  }
  return characters;
}

uint64_t TurnCharacters(const Turn& turn) {
  uint64_t characters = 0;
  for (const Part& part : turn.parts) {
    ForEachText(part, [&](std::string_view text) { characters += CountCharacters(text); });
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      characters += CountCharacters(call->name) + CountCharacters(call->arguments_json);
    }
  }
  return characters;
}

std::vector<const ImagePart*> TurnImages(const Turn& turn) {
  std::vector<const ImagePart*> images;
  for (const Part& part : turn.parts) {
    if (const auto* image = std::get_if<ImagePart>(&part)) images.push_back(image);
    const auto* result = std::get_if<ToolResultPart>(&part);
    if (result == nullptr) continue;
    for (const auto& item : result->content) {
      if (const auto* image = std::get_if<ImagePart>(&item)) images.push_back(image);
    }
  }
  return images;
}

}  // namespace fovea
