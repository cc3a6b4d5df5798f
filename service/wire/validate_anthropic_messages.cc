// From Anthropic's API reference, "Messages", and its pages on tool use, vision and caching.
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
    if (!begun_) return Broken(at_, "there must be a message");
    if (EndsWhite(*messages_.back())) return Broken(at_ - 1, "the end must not be white space");
    return breakpoints_ <= 4 ? absl::OkStatus() : Broken(at_, "at most four breakpoints");
  }

 private:
  using Kind = Block::Kind;

  absl::Status CheckMessage(const Message& message) {
    if (message.blocks.empty()) return Broken(at_, "a message must have content");
    for (const Block& block : message.blocks) {
      if (!IsText(block)) return Broken(at_, "text must be UTF-8");
      if (block.breakpoint) ++breakpoints_;
      if (block.breakpoint && block.kind == Kind::kRaw && !block.is_document) {
        return Broken(at_, "no breakpoint on what the model says in blocks of the API's own");
      }
    }
    switch (message.role) {
      case Role::kSystem:
        return CheckSystem(message);
      case Role::kUser:
        return CheckUser(message);
      case Role::kAssistant:
        return CheckAssistant(message);
      case Role::kTool:
        break;
    }
    return Broken(at_, "roles are user and assistant");
  }

  absl::Status CheckSystem(const Message& message) {
    if (begun_) return Broken(at_, "system text stands before all messages");
    for (const Block& block : message.blocks) {
      if (block.kind != Kind::kText || Blank(block)) return Broken(at_, "system holds text only");
    }
    return absl::OkStatus();
  }

  absl::Status CheckUser(const Message& message) {
    begun_ = true;
    size_t i = 0;
    for (; i < waiting_.size(); ++i) {
      const bool answer = i < message.blocks.size() && message.blocks[i].kind == Kind::kResult;
      if (!answer) return Broken(at_, "every call must have its result in the next message, first");
      if (message.blocks[i].id != waiting_[i]) return Broken(at_, "results come in call order");
      absl::Status status = CheckContent(message.blocks[i].content);
      if (status.ok() && message.blocks[i].is_error) status = CheckError(message.blocks[i].content);
      if (!status.ok()) return status;
    }
    waiting_.clear();
    for (; i < message.blocks.size(); ++i) {
      const Block& block = message.blocks[i];
      if (block.kind == Kind::kResult) return Broken(at_, "a result must answer a call before it");
      FOVEA_RETURN_IF_ERROR(CheckContent({block}));
    }
    return absl::OkStatus();
  }

  absl::Status CheckAssistant(const Message& message) {
    if (!begun_) return Broken(at_, "the first message must be the user's");
    if (!waiting_.empty())
      return Broken(at_, "calls must be answered before the assistant goes on");
    std::set<std::string> server_calls;
    for (const Block& block : message.blocks) {
      if (block.kind == Kind::kRaw) {
        FOVEA_RETURN_IF_ERROR(CheckOwn(block, server_calls));
        continue;
      }
      if (block.kind == Kind::kText) {
        if (Blank(block)) return Broken(at_, "text must not be blank");
        continue;
      }
      if (block.kind != Kind::kCall) return Broken(at_, "assistants send texts and calls only");
      if (!IsPlainName(block.id, 200)) return Broken(at_, "ids are letters, digits, _ and -");
      if (!IsPlainName(block.name, 128)) return Broken(at_, "the tool's name is not allowed");
      if (!ids_.insert(block.id).second) return Broken(at_, "ids must differ");
      if (!IsBraced(block.text)) return Broken(at_, "a call's input must be an object");
      waiting_.push_back(block.id);
    }
    if (message.blocks.back().name == "thinking" && message.blocks.back().kind == Kind::kRaw) {
      return Broken(at_, "a message may not end with thinking");
    }
    // A turn that the API paused is gone on with.
    const bool last = at_ + 1 == messages_.size();
    return server_calls.empty() || last
               ? absl::OkStatus()
               : Broken(at_, "a call of the API's own tool has its result in the same message");
  }

  // `calls`: of the API's own tools, without their results yet.
  absl::Status CheckOwn(const Block& block, std::set<std::string>& calls) const {
    if (!IsBraced(block.text)) return Broken(at_, "a block must be an object");
    const bool call = absl::EndsWith(block.name, "tool_use");
    if (!call && !absl::EndsWith(block.name, "tool_result")) return absl::OkStatus();
    const auto json = nlohmann::json::parse(block.text, nullptr, false);
    const auto id = json.find(call ? "id" : "tool_use_id");
    if (id == json.end() || !id->is_string()) return absl::OkStatus();
    if (call) {
      calls.insert(id->get<std::string>());
    } else if (calls.erase(id->get<std::string>()) == 0) {
      return Broken(at_, "a result of the API's own tool stands behind its call");
    }
    return absl::OkStatus();
  }

  absl::Status CheckContent(const std::vector<Block>& blocks) const {
    for (const Block& block : blocks) {
      if (!IsText(block)) return Broken(at_, "text must be UTF-8");
      if (block.kind == Kind::kText && !Blank(block)) continue;
      if (block.kind == Kind::kImage && IsImage(block)) continue;
      if (block.kind == Kind::kRaw && IsBraced(block.text)) continue;
      return Broken(at_, "content is texts that are not blank, pictures and documents");
    }
    return absl::OkStatus();
  }

  absl::Status CheckError(const std::vector<Block>& blocks) const {
    const bool text =
        !blocks.empty() && std::all_of(blocks.begin(), blocks.end(),
                                       [](const Block& b) { return b.kind == Kind::kText; });
    return text ? absl::OkStatus() : Broken(at_, "an error is a text");
  }

  // What an assistant says last.
  static bool EndsWhite(const Message& message) {
    if (message.role != Role::kAssistant || message.blocks.back().kind != Kind::kText) return false;
    const std::string& text = message.blocks.back().text;
    return text.find_last_of(" \t\r\n\v\f") + 1 == text.size();
  }

  static bool Blank(const Block& block) {
    return block.text.find_first_not_of(" \t\r\n\v\f") == std::string::npos;
  }

  const std::vector<const Message*> messages_;
  size_t at_ = 0;
  bool begun_ = false;
  int breakpoints_ = 0;
  std::vector<std::string> waiting_;  // ids of calls that the next message must answer
  std::set<std::string> ids_;
};

}  // namespace

absl::Status ValidateAnthropicMessages(const std::vector<Message>& prefix,
                                       const std::vector<Message>& tail) {
  return Walk(AllMessages(prefix, tail)).Check();
}

}  // namespace fovea::wire
