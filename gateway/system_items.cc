#include "gateway/system_items.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/estimate.h"
#include "gateway/json_span.h"

namespace fovea::gateway {
namespace {

absl::string_view Member(absl::string_view message, absl::string_view key) {
  const auto members = ScanObject(message);
  const JsonMember* member = members.ok() ? FindMember(*members, key) : nullptr;
  return member == nullptr ? absl::string_view() : member->value.In(message);
}

// One message with all that they hold, block by block.
std::string Joined(const std::vector<absl::string_view>& items) {
  if (items.size() == 1) return std::string(items.front());
  std::vector<std::string> blocks;
  for (const absl::string_view item : items) {
    const absl::string_view content = Member(item, "content");
    if (content.empty()) continue;
    if (content.front() != '[') {
      blocks.push_back(absl::StrCat(R"({"type":"text","text":)", content, "}"));
    } else if (const auto spans = ScanArray(content, {0, content.size()}); spans.ok()) {
      for (const JsonSpan& span : *spans) blocks.emplace_back(span.In(content));
    }
  }
  return absl::StrCat(R"({"role":"system","content":[)", absl::StrJoin(blocks, ","), "]}");
}

}  // namespace

size_t InsertSystemItems(Wire wire, const std::vector<absl::string_view>& items, size_t at,
                         std::vector<std::string>& messages) {
  if (items.empty()) return at;
  const auto place = [&](size_t index) {
    return messages.begin() + static_cast<std::ptrdiff_t>(index);
  };
  if (wire != Wire::kAnthropic) {
    const std::vector<std::string> texts(items.begin(), items.end());
    messages.insert(place(at), texts.begin(), texts.end());
    return at + items.size();
  }
  while (at < messages.size() && Member(messages[at], "role") == R"("user")") ++at;
  std::vector<absl::string_view> all = items;
  const bool there = at < messages.size() && Member(messages[at], "role") == R"("system")";
  if (there) all.push_back(messages[at]);
  std::string joined = Joined(all);
  if (there) {
    messages[at] = std::move(joined);
  } else {
    messages.insert(place(at), std::move(joined));
  }
  return at + 1;
}

std::string SystemTextOf(const Conversation& conversation, size_t begin, size_t end) {
  std::string text;
  for (size_t i = begin; i < end; ++i) absl::StrAppend(&text, conversation.items[i].system_digest);
  return text;
}

int64_t LaterSystemTokens(const Conversation& conversation, absl::string_view body) {
  int64_t tokens = 0;
  for (size_t i = conversation.head; i < conversation.items.size(); ++i) {
    const Item& item = conversation.items[i];
    if (item.IsSystem()) tokens += EstimateTokens(item.span.In(body));
  }
  return tokens;
}

}  // namespace fovea::gateway
