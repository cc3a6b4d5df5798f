#include "gateway/truncate.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "gateway/canonical.h"
#include "gateway/estimate.h"
#include "gateway/json_member.h"
#include "gateway/system_items.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;

const Json& ListAt(const Json& object, const char* key) {
  static const Json* const kNone = new Json(Json::array());
  const Json& member = MemberAt(object, key);
  return member.is_array() ? member : *kNone;
}

// The ids of the calls that an item holds, and of those whose results it holds.
struct Calls {
  std::set<std::string> made;
  std::set<std::string> answered;
};

Calls CallsOf(Wire wire, const Json& item) {
  Calls calls;
  const std::string type = TextAt(item, "type");
  switch (wire) {
    case Wire::kAnthropic:
      for (const Json& block : ListAt(item, "content")) {
        const std::string kind = TextAt(block, "type");
        if (kind == "tool_use") calls.made.insert(TextAt(block, "id"));
        if (kind == "tool_result") calls.answered.insert(TextAt(block, "tool_use_id"));
      }
      break;
    case Wire::kOpenAiChat:
      for (const Json& call : ListAt(item, "tool_calls")) calls.made.insert(TextAt(call, "id"));
      // The wire's older form.
      if (item.contains("function_call") && item["function_call"].is_object()) {
        calls.made.insert("");
      }
      if (TextAt(item, "role") == "tool") calls.answered.insert(TextAt(item, "tool_call_id"));
      if (TextAt(item, "role") == "function") calls.answered.insert("");
      break;
    case Wire::kOpenAiResponses:
      if (type == "mcp_approval_request") calls.made.insert(TextAt(item, "id"));
      if (type == "mcp_approval_response") {
        calls.answered.insert(TextAt(item, "approval_request_id"));
      }
      if (!item.contains("call_id")) break;
      if (absl::EndsWith(type, "_call")) calls.made.insert(TextAt(item, "call_id"));
      if (absl::EndsWith(type, "_output")) calls.answered.insert(TextAt(item, "call_id"));
      break;
    case Wire::kGemini:
      // Most have no id: results are those of the last turn with calls.
      for (const Json& part : ListAt(item, "parts")) {
        if (part.contains("functionCall") || part.contains("function_call")) calls.made.insert("");
        if (part.contains("functionResponse") || part.contains("function_response")) {
          calls.answered.insert("");
        }
      }
      break;
  }
  return calls;
}

// Behind the first item of the conversation and, where that holds calls, their results.
absl::StatusOr<size_t> OpeningOf(const Conversation& conversation, absl::string_view body) {
  const auto& items = conversation.items;
  if (conversation.head >= items.size()) return items.size();
  std::set<std::string> open;
  for (size_t i = conversation.head; i < items.size(); ++i) {
    if (items[i].IsSystem()) continue;
    const absl::string_view text = items[i].span.In(body);
    FOVEA_ASSIGN_OR_RETURN(const auto item, transcripts::ParseJson({text.data(), text.size()}));
    const Calls calls = CallsOf(conversation.wire, item);
    for (const std::string& id : calls.answered) open.erase(id);
    open.insert(calls.made.begin(), calls.made.end());
    if (open.empty()) return i + 1;
  }
  return conversation.head + 1;  // they have none
}

}  // namespace

std::string UserText(Wire wire, absl::string_view text) {
  const std::string quoted = nlohmann::json(std::string(text))
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  switch (wire) {
    case Wire::kGemini:
      return absl::StrCat(R"({"role":"user","parts":[{"text":)", quoted, "}]}");
    case Wire::kOpenAiResponses:
      return absl::StrCat(
          R"({"type":"message","role":"user","content":[{"type":"input_text","text":)", quoted,
          "}]}");
    default:
      return absl::StrCat(R"({"role":"user","content":[{"type":"text","text":)", quoted, "}]}");
  }
}

absl::StatusOr<std::string> Truncated(const Conversation& conversation, absl::string_view body,
                                      int64_t max_tokens) {
  const auto& items = conversation.items;
  std::vector<std::string> kept;
  int64_t tokens = LaterSystemTokens(conversation, body);
  FOVEA_ASSIGN_OR_RETURN(const auto behind_first, OpeningOf(conversation, body));
  const size_t opening = behind_first;
  for (size_t i = 0; i < opening; ++i) {
    const absl::string_view text = items[i].span.In(body);
    tokens += EstimateTokens(text);
    kept.emplace_back(text);
  }
  // Backwards, to the oldest place where the conversation may be cut.
  size_t cut = 0;
  int64_t tail = 0;
  std::set<std::string> wanted;  // calls, of results that would be kept
  for (size_t i = items.size(); i > opening; --i) {
    const absl::string_view text = items[i - 1].span.In(body);
    if (items[i - 1].IsSystem()) continue;
    tail += EstimateTokens(text);
    if (tokens + tail > max_tokens) break;
    FOVEA_ASSIGN_OR_RETURN(const auto item, transcripts::ParseJson({text.data(), text.size()}));
    const Calls calls = CallsOf(conversation.wire, item);
    for (const std::string& id : calls.made) wanted.erase(id);
    wanted.insert(calls.answered.begin(), calls.answered.end());
    if (!wanted.empty()) continue;
    size_t previous = i - 2;
    while (previous > conversation.head && items[previous].IsSystem()) --previous;
    const absl::string_view before_text = items[previous].span.In(body);
    FOVEA_ASSIGN_OR_RETURN(const auto before,
                           transcripts::ParseJson({before_text.data(), before_text.size()}));
    const bool step_begins =
        IsModelItem(conversation.wire, item) && !IsModelItem(conversation.wire, before);
    if (step_begins || TextAt(item, "role") == "user") cut = i - 1;
  }
  if (cut == 0)
    return absl::ResourceExhaustedError("the newest messages alone are over the window");
  size_t left_out = 0;
  for (size_t i = opening; i < cut; ++i) left_out += items[i].IsSystem() ? 0 : 1;
  if (left_out > 0) {
    kept.push_back(UserText(conversation.wire,
                            absl::StrCat("[", left_out,
                                         " earlier messages are left out here: "
                                         "the memory that holds them cannot be reached.]")));
  }
  const size_t behind = kept.size();
  for (size_t i = cut; i < items.size(); ++i) kept.emplace_back(items[i].span.In(body));
  std::vector<absl::string_view> system;
  for (size_t i = opening; i < cut; ++i) {
    if (items[i].IsSystem()) system.push_back(items[i].span.In(body));
  }
  InsertSystemItems(conversation.wire, system, behind, kept);
  return absl::StrCat("[", absl::StrJoin(kept, ","), "]");
}

}  // namespace fovea::gateway
