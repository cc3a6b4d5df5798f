#include "service/wire/message_walk.h"

#include "absl/strings/str_cat.h"
#include "core/base/image_size.h"
#include "core/base/utf8.h"

namespace fovea::wire {

std::vector<const Message*> AllMessages(const std::vector<Message>& prefix,
                                        const std::vector<Message>& tail) {
  std::vector<const Message*> all;
  all.reserve(prefix.size() + tail.size());
  for (const Message& message : prefix) all.push_back(&message);
  for (const Message& message : tail) all.push_back(&message);
  return all;
}

absl::Status Broken(size_t message, absl::string_view rule) {
  return absl::InternalError(
      absl::StrCat("the payload's message ", message, " breaks a rule of the API: ", rule));
}

bool IsText(const Block& block) {
  for (const Block& inner : block.content) {
    if (!IsText(inner)) return false;
  }
  return IsWellFormedUtf8(block.text) && IsWellFormedUtf8(block.id) && IsWellFormedUtf8(block.name);
}

bool IsImage(const Block& block) {
  if (block.image.own == nullptr) return block.image.page_id.size() == 64;
  return block.image.page_id.empty() && !ImageMediaType(block.image.own->data).empty();
}

bool IsPlainName(const std::string& name, size_t max_bytes) {
  static constexpr char kPlain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !name.empty() && name.size() <= max_bytes &&
         name.find_first_not_of(kPlain) == std::string::npos;
}

bool IsBraced(const std::string& json) {
  const size_t first = json.find_first_not_of(" \t\r\n");
  const size_t last = json.find_last_not_of(" \t\r\n");
  return first != std::string::npos && json[first] == '{' && json[last] == '}';
}

}  // namespace fovea::wire
