#include "gateway/recall_tools.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/json_span.h"
#include "gateway/relay.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {
namespace {

// The value of `object`'s member, as text of JSON; "" where there is none.
absl::string_view ValueOf(absl::string_view object, absl::string_view key) {
  const auto members = ScanObject(object);
  if (!members.ok()) return "";
  const JsonMember* found = FindMember(*members, key);
  return found == nullptr ? "" : found->value.In(object);
}

// Whether the object's `name` is one of the gateway's tools', however it is escaped.
bool IsNamedAsOurs(absl::string_view object) {
  const absl::string_view text = ValueOf(object, "name");
  const auto name = transcripts::ParseJson({text.data(), text.size()});
  return name.ok() && name->is_string() && Relay::IsOurs(name->get<std::string>());
}

// Tools are named beside their parameters, or in an object with them: that of a function, those of
// a namespace, Gemini's declarations.
bool IsOrHoldsOurs(absl::string_view tool) {
  if (IsNamedAsOurs(tool)) return true;
  for (const char* key : {"function", "custom"}) {
    if (IsNamedAsOurs(ValueOf(tool, key))) return true;
  }
  for (const char* key : {"tools", "functionDeclarations", "function_declarations"}) {
    for (const absl::string_view inner : ItemsOf(ValueOf(tool, key))) {
      if (IsNamedAsOurs(inner)) return true;
    }
  }
  return false;
}

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

// Where the functions are declared; none where there is no such list.
std::optional<JsonSpan> FunctionsOf(Wire wire, absl::string_view body) {
  const auto members = ScanObject(body);
  if (!members.ok()) return std::nullopt;
  const JsonMember* own = FindMember(*members, "tools");
  if (own == nullptr) return std::nullopt;
  return wire == Wire::kGemini ? Declarations(body, own->value)
                               : std::optional<JsonSpan>(own->value);
}

// "[A,B]" and "[C,D]" are "[A,B,C,D]".
std::optional<std::string> Joined(absl::string_view list, absl::string_view more) {
  const size_t end = list.rfind(']');
  const size_t begin = more.find('[');
  if (end == absl::string_view::npos || begin == absl::string_view::npos) return std::nullopt;
  return absl::StrCat(list.substr(0, end), ",", more.substr(begin + 1));
}

bool IsOverOne(absl::string_view number) {
  double value = 0;
  return absl::SimpleAtod(number, &value) && value > 1;
}

// Whether the model is to give several answers to choose from: no conversation goes on from them.
bool AsksForSeveralAnswers(Wire wire, absl::string_view body) {
  if (wire == Wire::kOpenAiChat) return IsOverOne(ValueOf(body, "n"));
  if (wire != Wire::kGemini) return false;
  for (const char* settings : {"generationConfig", "generation_config"}) {
    for (const char* key : {"candidateCount", "candidate_count"}) {
      if (IsOverOne(ValueOf(ValueOf(body, settings), key))) return true;
    }
  }
  return false;
}

}  // namespace

std::optional<std::string> WithRecallTools(Wire wire, absl::string_view body,
                                           absl::string_view recall_tools) {
  if (AsksForSeveralAnswers(wire, body)) return std::nullopt;
  // A tool of the agent's own with one of these names is the agent's.
  for (const absl::string_view tool : ItemsOf(ValueOf(body, "tools"))) {
    if (IsOrHoldsOurs(tool)) return std::nullopt;
  }
  const auto list = FunctionsOf(wire, body);
  if (!list.has_value()) return std::nullopt;
  absl::string_view more = recall_tools;
  if (wire == Wire::kGemini) {
    const auto added = Declarations(recall_tools, {0, recall_tools.size()});
    if (!added.has_value()) return std::nullopt;
    more = added->In(recall_tools);
  }
  const auto items = ScanArray(body, *list);
  if (!items.ok() || items->empty()) return std::nullopt;
  const auto joined = Joined(list->In(body), more);
  if (!joined.has_value()) return std::nullopt;
  return Replaced(body, *list, *joined);
}

std::string WithoutRecallTools(Wire wire, absl::string_view body) {
  const auto list = FunctionsOf(wire, body);
  if (!list.has_value()) return std::string(body);
  std::vector<absl::string_view> kept;
  for (const absl::string_view tool : ItemsOf(list->In(body))) {
    if (!IsOrHoldsOurs(tool)) kept.push_back(tool);
  }
  return Replaced(body, *list, absl::StrCat("[", absl::StrJoin(kept, ","), "]"));
}

}  // namespace fovea::gateway
