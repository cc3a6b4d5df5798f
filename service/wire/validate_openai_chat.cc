// From OpenAI's API reference, "Create chat completion": message types and their errors; and from
// what vLLM's chat_utils.py, Qwen's chat templates and DeepSeek's guides (thinking mode, images)
// add.
#include <set>

#include "core/base/status_macros.h"
#include "service/wire/message_walk.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

// What a server of this API may ask beyond it.
struct Extra {
  bool object_arguments = false;
  bool one_system_message = false;  // and it is the first, and a user's message comes next
};

class Walk {
 public:
  Walk(std::vector<const Message*> messages, Extra extra)
      : messages_(std::move(messages)), extra_(extra) {}

  absl::Status Check() {
    while (at_ < messages_.size()) {
      FOVEA_RETURN_IF_ERROR(CheckMessage());
    }
    return absl::OkStatus();
  }

 private:
  using Kind = Block::Kind;

  absl::Status CheckMessage() {
    const Message& message = *messages_[at_];
    for (const Block& block : message.blocks) {
      if (!IsText(block)) return Broken(at_, "text must be UTF-8");
      if (block.breakpoint) return Broken(at_, "the API has no breakpoints");
    }
    if (message.blocks.empty()) return Broken(at_, "a message must have content");
    switch (message.role) {
      case Role::kSystem:
        return CheckSystem(message);
      case Role::kUser:
        return CheckUser(message);
      case Role::kAssistant:
        return CheckAssistant(message);
      case Role::kTool:
        return Broken(at_, "a tool message must follow an assistant message with its call");
    }
    return Broken(at_, "unknown role");
  }

  absl::Status CheckSystem(const Message& message) {
    if (extra_.one_system_message && at_ > 0) return Broken(at_, "system messages come first");
    for (const Block& block : message.blocks) {
      if (block.kind != Kind::kText) return Broken(at_, "system messages hold text only");
      if (block.text.empty()) return Broken(at_, "text must not be empty");
    }
    ++at_;
    return absl::OkStatus();
  }

  absl::Status CheckUser(const Message& message) {
    for (const Block& block : message.blocks) {
      if (block.kind == Kind::kText) {
        if (block.text.empty()) return Broken(at_, "text must not be empty");
      } else if (block.kind == Kind::kRaw) {
        if (!block.is_document || !IsBraced(block.text)) {
          return Broken(at_, "a user's own content is files and sound");
        }
      } else if (block.kind != Kind::kImage || !IsImage(block)) {
        return Broken(at_, "user messages hold texts, pictures and files");
      }
    }
    ++at_;
    return absl::OkStatus();
  }

  absl::Status CheckAssistant(const Message& message) {
    std::vector<std::string> ids;
    const bool begins = at_ == 0 || messages_[at_ - 1]->role == Role::kSystem;
    if (extra_.one_system_message && begins) return Broken(at_, "a user begins");
    bool says_something = false;
    for (const Block& block : message.blocks) {
      if (block.kind == Block::Kind::kRaw && block.name == "reasoning_content") continue;
      says_something = true;
      if (block.kind == Kind::kText) {
        if (block.text.empty()) return Broken(at_, "text must not be empty");
        continue;
      }
      if (block.kind != Kind::kCall) return Broken(at_, "assistants send texts and calls only");
      if (block.id.empty() || block.id.size() > 40) return Broken(at_, "ids have 1 to 40 bytes");
      if (!ids_.insert(block.id).second) return Broken(at_, "ids must differ");
      if (!IsPlainName(block.name, 64)) return Broken(at_, "the function's name is not allowed");
      if (extra_.object_arguments && !IsBraced(block.text)) {
        return Broken(at_, "a call's arguments must be an object");
      }
      ids.push_back(block.id);
    }
    if (!says_something) return Broken(at_, "a message must have content or calls");
    ++at_;
    return ids.empty() || at_ == messages_.size() ? absl::OkStatus() : CheckAnswers(ids);
  }

  absl::Status CheckAnswers(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
      if (at_ == messages_.size() || messages_[at_]->role != Role::kTool) {
        return Broken(at_, "every call must be answered by a tool message right behind it");
      }
      const std::vector<Block>& blocks = messages_[at_]->blocks;
      if (blocks.size() != 1 || blocks.front().kind != Kind::kResult) {
        return Broken(at_, "a tool message answers one call");
      }
      if (blocks.front().id != id) return Broken(at_, "answers must come in call order");
      for (const Block& block : blocks.front().content) {
        if (block.kind != Kind::kText || !IsText(block)) {
          return Broken(at_, "tool messages hold text only");
        }
      }
      ++at_;
    }
    return absl::OkStatus();
  }

  const std::vector<const Message*> messages_;
  const Extra extra_;
  size_t at_ = 0;
  std::set<std::string> ids_;
};

}  // namespace

absl::Status ValidateOpenAiChat(const std::vector<Message>& prefix,
                                const std::vector<Message>& tail) {
  return Walk(AllMessages(prefix, tail), {}).Check();
}

absl::Status ValidateVllmChat(const std::vector<Message>& prefix,
                              const std::vector<Message>& tail) {
  return Walk(AllMessages(prefix, tail), {.object_arguments = true, .one_system_message = true})
      .Check();
}

absl::Status ValidateDeepSeekChat(const std::vector<Message>& prefix,
                                  const std::vector<Message>& tail) {
  return Walk(AllMessages(prefix, tail), {.object_arguments = true}).Check();
}

}  // namespace fovea::wire
