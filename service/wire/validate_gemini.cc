// From Google's Gemini API reference, "generateContent" and Content, and its guides on function
// calling, thought signatures, images and media resolution.
#include <algorithm>
#include <set>

#include "core/base/image_size.h"
#include "core/base/status_macros.h"
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
    return absl::OkStatus();
  }

 private:
  using Kind = Block::Kind;

  absl::Status CheckMessage(const Message& message) {
    if (message.blocks.empty()) return Broken(at_, "a content must have parts");
    for (const Block& block : message.blocks) {
      if (!IsText(block)) return Broken(at_, "text must be UTF-8");
      if (block.breakpoint) return Broken(at_, "the API has no breakpoints");
    }
    switch (message.role) {
      case Role::kSystem:
        return at_ == 0 ? CheckParts(message.blocks, 0, /*pictures=*/false)
                        : Broken(at_, "the system instruction stands before all contents");
      case Role::kUser:
        return CheckUser(message);
      case Role::kAssistant:
        return CheckModel(message);
      case Role::kTool:
        break;
    }
    return Broken(at_, "roles are user and model");
  }

  absl::Status CheckUser(const Message& message) {
    size_t i = 0;
    for (; i < waiting_.size(); ++i) {
      const bool answer = i < message.blocks.size() && message.blocks[i].kind == Kind::kResult;
      if (!answer) return Broken(at_, "as many responses as calls, right behind the calls");
      const Block& result = message.blocks[i];
      if (result.id != waiting_[i]->id || result.name != waiting_[i]->name) {
        return Broken(at_, "responses have their calls' ids and names, in call order");
      }
      FOVEA_RETURN_IF_ERROR(CheckParts(result.content, 0, /*pictures=*/false));
    }
    waiting_.clear();
    from_model_ = false;
    begun_ = true;
    return CheckParts(message.blocks, i, /*pictures=*/true);
  }

  absl::Status CheckModel(const Message& message) {
    if (!begun_) return Broken(at_, "the first content must be the user's");
    if (from_model_) return Broken(at_, "contents of the model do not follow one another");
    from_model_ = true;
    for (const Block& block : message.blocks) {
      if (block.kind == Kind::kRaw && IsBraced(block.text)) continue;
      if (block.kind == Kind::kText && !block.text.empty()) continue;
      if (block.kind != Kind::kCall) return Broken(at_, "the model sends texts and calls only");
      if (block.id.empty() || !ids_.insert(block.id).second) return Broken(at_, "ids must differ");
      const bool begins = !block.name.empty() && block.name[0] != '-' && block.name[0] != '.' &&
                          block.name[0] != ':' && (block.name[0] < '0' || block.name[0] > '9');
      std::string name = block.name;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return c == '.' || c == ':'; }, '_');
      if (!begins || !IsPlainName(name, 128)) {
        return Broken(at_, "the function's name is not allowed");
      }
      if (!IsBraced(block.text)) return Broken(at_, "a call's arguments must be an object");
      waiting_.push_back(&block);
    }
    return absl::OkStatus();
  }

  absl::Status CheckParts(const std::vector<Block>& blocks, size_t from, bool pictures) const {
    for (size_t i = from; i < blocks.size(); ++i) {
      const Block& block = blocks[i];
      if (block.kind == Kind::kText && !block.text.empty()) continue;
      const bool gif =
          block.image.own != nullptr && ImageMediaType(block.image.own->data) == "image/gif";
      if (pictures && block.kind == Kind::kImage && IsImage(block) && !gif) continue;
      if (pictures && block.kind == Kind::kRaw && block.is_document && IsBraced(block.text)) {
        continue;
      }
      return Broken(at_, "parts are texts that are not empty, and the user's PNG, JPEG or WebP");
    }
    return absl::OkStatus();
  }

  const std::vector<const Message*> messages_;
  size_t at_ = 0;
  bool begun_ = false;
  bool from_model_ = false;
  std::vector<const Block*> waiting_;  // calls that the next content must answer
  std::set<std::string> ids_;
};

}  // namespace

absl::Status ValidateGemini(const std::vector<Message>& prefix, const std::vector<Message>& tail) {
  return Walk(AllMessages(prefix, tail)).Check();
}

}  // namespace fovea::wire
