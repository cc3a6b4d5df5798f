// Small histories for these tests.
#ifndef FOVEA_TESTS_REPLAY_HISTORIES_H_
#define FOVEA_TESTS_REPLAY_HISTORIES_H_

#include <string>
#include <utility>
#include <vector>

#include "core/log/turn.h"

namespace fovea::replay {

inline Turn User(std::string text) {
  return {.role = Role::kUser, .parts = {TextPart{std::move(text)}}};
}
inline Turn Assistant(std::string text) {
  return {.role = Role::kAssistant, .parts = {TextPart{std::move(text)}}};
}
inline Turn Call(std::string arguments) {
  return {.role = Role::kAssistant, .parts = {ToolCallPart{"call", "run", std::move(arguments)}}};
}
inline Turn Result(std::string text) {
  return {.role = Role::kTool, .parts = {ToolResultPart{"call", {TextPart{std::move(text)}}}}};
}

inline std::vector<Turn> Numbered(std::vector<Turn> turns) {
  for (size_t i = 0; i < turns.size(); ++i) turns[i].seq = i + 1;
  return turns;
}

}  // namespace fovea::replay

#endif  // FOVEA_TESTS_REPLAY_HISTORIES_H_
