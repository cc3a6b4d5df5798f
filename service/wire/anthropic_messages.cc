// Anthropic Messages: the results of an assistant's calls stand first in the user message right
// behind it, pictures included; leading system turns are a field of their own.
#include "service/wire/anthropic_blocks.h"
#include "service/wire/anthropic_json.h"
#include "service/wire/composer.h"
#include "service/wire/marks.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

constexpr size_t kMaxBreakpoints = 4;
constexpr size_t kMaxPrefixBreakpoints = 3;  // at least one is left for the end of the tail
// So many blocks before a mark the API looks for what it has cached.
constexpr size_t kLookback = 20;

// What the API accepts (docs.anthropic.com/en/api/messages).
constexpr ApiRules kRules = {.call_ids = {.plain = true, .max_bytes = 128},
                             .names = {.max_bytes = 128},
                             .object_arguments = true,
                             .refuses_blank_text = true,
                             .one_system_text = true,
                             .user_begins = true,
                             .results_in_one_message = true,
                             .pictures_in_results = true,
                             .errors_are_text = true,
                             .has_error_field = true,
                             .trims_last = true,
                             .own_block = AnthropicOwnBlock,
                             .document = AnthropicDocument,
                             .search_result = AnthropicSearchResult,
                             .tool_reference = AnthropicToolReference,
                             .settle = AnthropicSettle};

class AnthropicFormat final : public ComposedFormat {
 public:
  AnthropicFormat() : ComposedFormat(kRules) {}

  // Without pages, what every request begins with ends where the prefix does: behind the system
  // text and the task, or behind notes and pins.
  void MarkPrefix(const std::vector<HistoryMessage>& history, Conversation* to) const override {
    to->breakpoints = MarkRungEnds(history, kMaxPrefixBreakpoints, &to->messages);
    if (to->breakpoints == 0) to->breakpoints = MarkBack(1, kLookback, &to->messages);
  }

  void MarkTail(Conversation* to) const override {
    to->breakpoints += MarkBack(kMaxBreakpoints - to->breakpoints, kLookback, &to->messages);
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
