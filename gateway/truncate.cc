#include "gateway/truncate.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/canonical.h"
#include "gateway/estimate.h"
#include "gateway/system_items.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;

// What a user said, rather than what a tool gave.
bool IsUsersWords(Wire wire, const Json& item) {
  if (!item.contains("role") || item["role"] != "user") return false;
  const char* key = wire == Wire::kGemini ? "parts" : "content";
  if (!item.contains(key) || !item[key].is_array()) return true;
  for (const Json& part : item[key]) {
    if (!part.is_object()) continue;
    if (part.contains("functionResponse")) return false;
    if (part.contains("type") && part["type"] == "tool_result") return false;
  }
  return true;
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
  const size_t opening = conversation.head < items.size() ? conversation.head + 1 : items.size();
  for (size_t i = 0; i < opening; ++i) {
    const absl::string_view text = items[i].span.In(body);
    tokens += EstimateTokens(text);
    kept.emplace_back(text);
  }
  // Backwards, to the oldest place where the conversation may be cut.
  size_t cut = 0;
  int64_t tail = 0;
  for (size_t i = items.size(); i > opening; --i) {
    const absl::string_view text = items[i - 1].span.In(body);
    if (items[i - 1].IsSystem()) continue;
    tail += EstimateTokens(text);
    if (tokens + tail > max_tokens) break;
    const auto item = transcripts::ParseJson({text.data(), text.size()});
    if (!item.ok()) return item.status();
    size_t previous = i - 2;
    while (previous > conversation.head && items[previous].IsSystem()) --previous;
    const absl::string_view before_text = items[previous].span.In(body);
    const auto before = transcripts::ParseJson({before_text.data(), before_text.size()});
    if (!before.ok()) return before.status();
    const bool step_begins =
        IsModelItem(conversation.wire, *item) && !IsModelItem(conversation.wire, *before);
    if (step_begins || IsUsersWords(conversation.wire, *item)) cut = i - 1;
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
