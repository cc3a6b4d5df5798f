// Anthropic Messages: the results of an assistant's calls stand first in the user message right
// behind it, pictures included; leading system turns are a field of their own.
#include <optional>

#include "absl/strings/match.h"
#include "core/base/bounded_json.h"
#include "nlohmann/json.hpp"
#include "service/wire/anthropic_json.h"
#include "service/wire/composer.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

constexpr size_t kMaxPrefixBreakpoints = 3;  // and one at the end of the tail

// What users may send beside texts and pictures is documents; what assistants say in texts and
// calls is written from those.
std::optional<Block> OwnBlock(const OpaquePart& part, Role role) {
  if (!absl::StartsWith(part.kind, "anthropic.") || !IsJsonObject(part.data)) return std::nullopt;
  const auto json = ParseBoundedJson(part.data);
  if (json.is_discarded()) return std::nullopt;
  const auto type = json.find("type");
  if (type == json.end() || !type->is_string()) return std::nullopt;
  const bool document = *type == "document" || *type == "search_result";
  const bool written =
      *type == "text" || *type == "image" || *type == "tool_use" || *type == "tool_result";
  const bool allowed = role == Role::kAssistant ? !document && !written : document;
  if (!allowed) return std::nullopt;
  return Block{.kind = Block::Kind::kRaw, .text = part.data};
}

// What the API accepts (docs.anthropic.com/en/api/messages).
constexpr ApiRules kRules = {.call_ids = {.plain = true, .max_bytes = 128},
                             .max_name_bytes = 64,
                             .object_arguments = true,
                             .refuses_blank_text = true,
                             .one_system_text = true,
                             .user_begins = true,
                             .results_in_one_message = true,
                             .pictures_in_results = true,
                             .errors_are_text = true,
                             .trims_last = true,
                             .own_block = OwnBlock};

class AnthropicFormat final : public ComposedFormat {
 public:
  AnthropicFormat() : ComposedFormat(kRules) {}

  void MarkPrefix(const std::vector<HistoryMessage>& history, Conversation* to) const override {
    MarkRungEnds(history, kMaxPrefixBreakpoints, &to->messages);
  }

  void MarkTail(Conversation* to) const override {
    if (!to->messages.empty()) MarkEnd(&to->messages.back());
  }

  absl::Status Validate(const std::vector<Message>& prefix,
                        const std::vector<Message>& tail) const override {
    return ValidateAnthropicMessages(prefix, tail);
  }

  void WritePrefix(const std::vector<Message>& prefix, const PageBytes& pages,
                   std::string* out) const override {
    WriteAnthropicPrefix(prefix, pages, *out);
  }

  void WriteTail(const std::vector<Message>& prefix, const std::vector<Message>& tail,
                 const PageBytes& pages, std::string* out) const override {
    WriteAnthropicTail(prefix, tail, pages, *out);
  }
};

}  // namespace

std::unique_ptr<JsonFormat> AnthropicMessages() { return std::make_unique<AnthropicFormat>(); }

}  // namespace fovea::wire
