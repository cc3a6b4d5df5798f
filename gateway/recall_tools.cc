#include "gateway/recall_tools.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/json_span.h"

namespace fovea::gateway {
namespace {

// The list of declarations that a list of Gemini's tools begins with; the other tools beside it
// (Google's search) are no functions.
std::optional<JsonSpan> Declarations(absl::string_view text, JsonSpan list) {
  const auto tools = ScanArray(text, list);
  if (!tools.ok()) return std::nullopt;
  for (const JsonSpan& tool : *tools) {
    const auto members = ScanObject(tool.In(text));
    if (!members.ok()) continue;
    for (const char* key : {"functionDeclarations", "function_declarations"}) {
      const JsonMember* found = FindMember(*members, key);
      if (found == nullptr) continue;
      return JsonSpan{tool.begin + found->value.begin, tool.begin + found->value.end};
    }
  }
  return std::nullopt;
}

// "[A,B]" and "[C,D]" are "[A,B,C,D]".
std::optional<std::string> Joined(absl::string_view list, absl::string_view more) {
  const size_t end = list.rfind(']');
  const size_t begin = more.find('[');
  if (end == absl::string_view::npos || begin == absl::string_view::npos) return std::nullopt;
  return absl::StrCat(list.substr(0, end), ",", more.substr(begin + 1));
}

}  // namespace

std::optional<std::string> WithRecallTools(Wire wire, absl::string_view body,
                                           absl::string_view recall_tools) {
  const auto members = ScanObject(body);
  if (!members.ok()) return std::nullopt;
  const JsonMember* own = FindMember(*members, "tools");
  if (own == nullptr) return std::nullopt;
  JsonSpan list = own->value;
  // A tool of the agent's own with one of these names is the agent's.
  for (const char* name : {"\"recall\"", "\"search\""}) {
    if (absl::StrContains(list.In(body), name)) return std::nullopt;
  }
  absl::string_view more = recall_tools;
  if (wire == Wire::kGemini) {
    const auto declared = Declarations(body, list);
    const auto added = Declarations(recall_tools, {0, recall_tools.size()});
    if (!declared.has_value() || !added.has_value()) return std::nullopt;
    list = *declared;
    more = added->In(recall_tools);
  }
  const auto items = ScanArray(body, list);
  if (!items.ok() || items->empty()) return std::nullopt;
  const auto joined = Joined(list.In(body), more);
  if (!joined.has_value()) return std::nullopt;
  return Replaced(body, list, *joined);
}

}  // namespace fovea::gateway
