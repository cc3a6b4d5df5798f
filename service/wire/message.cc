#include "service/wire/message.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"

namespace fovea::wire {

const char kEmptyNote[] = "(empty)";

Block TextBlock(const std::string& text) {
  return {.kind = Block::Kind::kText, .text = MakeWellFormed(text)};
}

Block PageBlock(const PlannedPage& page) {
  return {.kind = Block::Kind::kImage,
          .image = {.page_id = page.page_id, .resolution = page.resolution}};
}

Block OwnImageBlock(const TurnPtr& owner, const ImagePart& image) {
  return {.kind = Block::Kind::kImage, .image = {.owner = owner, .own = &image}};
}

std::string ImageNote(const ImagePart& image) {
  return absl::StrCat("[image: ", image.media_type, ", ", image.data.size(), " bytes]");
}

bool IsBlank(const std::string& text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isspace);
}

}  // namespace fovea::wire
