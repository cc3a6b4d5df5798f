// From OpenAI's API reference, "Create a model response": the items of `input`, and its guides on
// reasoning items and prompt caching.
#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "service/wire/message_walk.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

class Walk {
 public:
  explicit Walk(std::vector<const Message*> messages) : messages_(std::move(messages)) {}

  absl::Status Check() {
    for (; at_ < messages_.size(); ++at_) {
      FOVEA_RETURN_IF_ERROR(CheckMessage(*messages_[at_]));
    }
    // The newest calls wait for the client's results, or have all of theirs.
    if (answered_ && !waiting_.empty()) return Broken(at_, "a call has no output");
    const bool newest = !messages_.empty() && messages_.back()->role == Role::kAssistant;
    if (!own_calls_.empty() && !newest) return Broken(at_, "a call of an item has no output");
    return breakpoints_ <= kMaxBreakpoints ? absl::OkStatus()
                                           : Broken(at_, "at most four breakpoints are written");
  }

 private:
  using Kind = Block::Kind;
  static constexpr int kMaxBreakpoints = 4;
  static constexpr size_t kMaxIdBytes = 64;

  absl::Status CheckMessage(const Message& message) {
    if (message.blocks.empty()) return Broken(at_, "a message must have content");
    for (const Block& block : message.blocks) {
      if (!IsText(block)) return Broken(at_, "text must be UTF-8");
      if (!block.breakpoint) continue;
      ++breakpoints_;
      const bool input = message.role == Role::kUser || message.role == Role::kSystem;
      if (!input || (block.kind != Kind::kText && block.kind != Kind::kImage)) {
        return Broken(at_, "breakpoints stand on input texts and pictures only");
      }
    }
    if (message.role == Role::kTool) return CheckOutput(message);
    if (!waiting_.empty()) return Broken(at_, "every call must have its output right behind it");
    answered_ = false;
    if (message.role == Role::kAssistant) return CheckAssistant(message);
    for (const Block& block : message.blocks) {
      if (block.kind != Kind::kRaw || block.is_document) continue;
      FOVEA_RETURN_IF_ERROR(CheckItem(block, /*followed=*/true));
    }
    return CheckContent(message.blocks, message.role == Role::kUser);
  }

  absl::Status CheckAssistant(const Message& message) {
    for (size_t i = 0; i < message.blocks.size(); ++i) {
      const Block& block = message.blocks[i];
      absl::Status status = absl::OkStatus();
      if (block.kind == Kind::kRaw) {
        status = CheckItem(block, i + 1 < message.blocks.size());
      } else if (block.kind == Kind::kCall) {
        status = CheckCall(block);
      } else if (block.kind != Kind::kText || block.text.empty()) {
        status = Broken(at_, "assistants send texts and calls only");
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status CheckItem(const Block& block, bool followed) {
    if (!IsBraced(block.text)) return Broken(at_, "an item must be an object");
    if (block.name == "reasoning" && !followed) {
      return Broken(at_, "reasoning must stand before the item that it belongs to");
    }
    if (block.id.size() > kMaxIdBytes) return Broken(at_, "ids have at most 64 bytes");
    if (!block.id.empty() && !items_.insert(block.id).second) {
      return Broken(at_, "an item may not come twice");
    }
    return CheckPair(block);
  }

  // Items that come in pairs: the output names its call.
  absl::Status CheckPair(const Block& block) {
    const bool output = absl::EndsWith(block.name, "_call_output");
    if (!output && !absl::EndsWith(block.name, "_call")) return absl::OkStatus();
    const auto json = nlohmann::json::parse(block.text, nullptr, false);
    const auto id = json.find("call_id");
    if (id == json.end() || !id->is_string()) return absl::OkStatus();
    if (!output) {
      own_calls_.insert(id->get<std::string>());
    } else if (own_calls_.erase(id->get<std::string>()) == 0) {
      return Broken(at_, "an output must answer an item before it");
    }
    return absl::OkStatus();
  }

  absl::Status CheckCall(const Block& block) {
    if (block.id.empty() || block.id.size() > kMaxIdBytes) {
      return Broken(at_, "ids have 1 to 64 bytes");
    }
    if (!calls_.insert(block.id).second) return Broken(at_, "ids must differ");
    if (!IsPlainName(block.name, 64)) return Broken(at_, "the function's name is not allowed");
    waiting_.push_back(block.id);
    return absl::OkStatus();
  }

  absl::Status CheckOutput(const Message& message) {
    const Block& result = message.blocks.front();
    if (message.blocks.size() != 1 || result.kind != Kind::kResult) {
      return Broken(at_, "an output answers one call");
    }
    if (waiting_.empty() || waiting_.front() != result.id) {
      return Broken(at_, "an output must answer a call before it, in order");
    }
    waiting_.erase(waiting_.begin());
    answered_ = true;
    return CheckContent(result.content, /*pictures=*/true);
  }

  absl::Status CheckContent(const std::vector<Block>& blocks, bool pictures) const {
    const bool fine = std::all_of(blocks.begin(), blocks.end(), [&](const Block& block) {
      return (block.kind == Kind::kText && !block.text.empty()) ||
             (pictures && block.kind == Kind::kImage && IsImage(block)) ||
             (pictures && block.kind == Kind::kRaw && IsBraced(block.text));
    });
    return fine ? absl::OkStatus()
                : Broken(at_, "content is texts that are not empty, and a user's pictures");
  }

  const std::vector<const Message*> messages_;
  size_t at_ = 0;
  int breakpoints_ = 0;
  std::vector<std::string> waiting_;  // ids of calls that outputs must answer next
  bool answered_ = false;             // some of them were
  std::set<std::string> calls_;
  std::set<std::string> items_;
  std::set<std::string> own_calls_;  // of items in pairs, without an output yet
};

}  // namespace

absl::Status ValidateOpenAiResponses(const std::vector<Message>& prefix,
                                     const std::vector<Message>& tail) {
  return Walk(AllMessages(prefix, tail)).Check();
}

}  // namespace fovea::wire
