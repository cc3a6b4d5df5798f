#include "service/wire/conversation.h"

#include <algorithm>

namespace fovea::wire {

ReaderTraits TraitsOf(const ReaderProfile& reader) {
  return {.takes_images = reader.image_rule.kind != ImageTokenRule::Kind::kNone,
          .picture = PictureLimitsOf(reader),
          .many_images = static_cast<size_t>(reader.limits.many_images),
          .many_images_side_px = reader.limits.many_images_side_px,
          .max_breakpoints = reader.cache.max_breakpoints,
          .max_images = static_cast<size_t>(reader.limits.max_images),
          .dialect = DialectOf(reader)};
}

std::optional<Role> Conversation::CountedRole() const {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (message->role == Role::kUser) return Role::kUser;
    const bool calls = std::ranges::any_of(
        message->blocks, [](const Block& block) { return block.kind == Block::Kind::kCall; });
    if (message->role == Role::kAssistant && !calls) return Role::kAssistant;
  }
  return counted_role;
}

WireLoss& Conversation::LossOf(uint64_t seq) {
  auto loss = std::ranges::lower_bound(losses, seq, {}, &WireLoss::seq);
  if (loss == losses.end() || loss->seq != seq) loss = losses.insert(loss, {.seq = seq});
  return *loss;
}

}  // namespace fovea::wire
