#include "bench/service/history_file.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/support/gzip_file.h"

namespace fovea::bench {
namespace {

using Json = nlohmann::json;

std::string StringOf(const Json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

v1::Role RoleOf(const std::string& name) {
  if (name == "system") return v1::ROLE_SYSTEM;
  if (name == "assistant") return v1::ROLE_ASSISTANT;
  return name == "tool" ? v1::ROLE_TOOL : v1::ROLE_USER;
}

v1::Turn TurnOf(const Json& line) {
  v1::Turn turn;
  turn.set_role(RoleOf(StringOf(line, "role")));
  const std::string text = StringOf(line, "text");
  if (turn.role() == v1::ROLE_TOOL) {
    v1::ToolResultPart* result = turn.add_parts()->mutable_tool_result();
    result->set_call_id(StringOf(line, "tool_call_id"));
    result->add_content()->mutable_text()->set_text(text);
    return turn;
  }
  if (!text.empty()) turn.add_parts()->mutable_text()->set_text(text);
  if (turn.role() != v1::ROLE_ASSISTANT || !line.contains("tool_calls")) return turn;
  for (const Json& item : line["tool_calls"]) {
    v1::ToolCallPart* call = turn.add_parts()->mutable_tool_call();
    call->set_call_id(StringOf(item, "id"));
    call->set_name(StringOf(item, "name"));
    call->set_arguments_json(StringOf(item, "args"));
  }
  return turn;
}

}  // namespace

absl::StatusOr<std::vector<v1::Turn>> ReadLongestSession(const std::string& file) {
  const std::string text = testing::ReadGzipFile(file);
  Json longest;
  size_t bytes = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > bytes) {
      Json line = Json::parse(text.begin() + static_cast<long>(begin),
                              text.begin() + static_cast<long>(end), nullptr, false);
      if (!line.is_object() || !line.contains("turns")) {
        return absl::InvalidArgumentError(absl::StrCat(file, ": a line is not a session"));
      }
      longest = std::move(line);
      bytes = end - begin;
    }
    begin = end + 1;
  }
  if (bytes == 0) return absl::NotFoundError(absl::StrCat(file, ": no session"));
  std::vector<v1::Turn> turns;
  for (const Json& turn : longest["turns"]) turns.push_back(TurnOf(turn));
  return turns;
}

}  // namespace fovea::bench
