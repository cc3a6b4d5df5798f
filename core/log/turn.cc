#include "core/log/turn.h"

#include <string>
#include <string_view>

#include "core/base/utf8.h"

namespace fovea {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

uint64_t ResultCharacters(const ToolResultPart& result) {
  uint64_t characters = 0;
  for (const auto& item : result.content) {
    if (const auto* text = std::get_if<TextPart>(&item)) characters += CountCharacters(text->text);
  }
  return characters;
}

}  // namespace

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
    if (const auto* own = std::get_if<TextPart>(&part)) {
      text += own->text;
    } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
      for (const auto& item : result->content) {
        if (const auto* inner = std::get_if<TextPart>(&item)) text += inner->text;
      }
    }
  }
  return text;
}

uint64_t CountCharacters(std::string_view text) {
  uint64_t characters = 0;
  size_t at = 0;
  while (at < text.size()) {
    at += DecodeUtf8(text, at).length;
    ++characters;
  }
  return characters;
}

uint64_t TurnCharacters(const Turn& turn) {
  uint64_t characters = 0;
  for (const Part& part : turn.parts) {
    characters += std::visit(
        Overloaded{[](const TextPart& text) { return CountCharacters(text.text); },
                   [](const ToolCallPart& call) {
                     return CountCharacters(call.name) + CountCharacters(call.arguments_json);
                   },
                   [](const ToolResultPart& result) { return ResultCharacters(result); },
                   [](const ImagePart&) -> uint64_t { return 0; },
                   [](const OpaquePart&) -> uint64_t { return 0; }},
        part);
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
