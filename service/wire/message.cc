#include "service/wire/message.h"

#include "core/base/utf8.h"

namespace fovea::wire {
namespace {

bool IsWhite(char32_t c) {
  if (c < 0x80) return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

}  // namespace

const char kNothingNote[] = "[nothing to show here]";
const char kErrorNote[] = "[the call failed]";

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

size_t TrimmedBytes(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    const size_t start = CharacterStart(text, end - 1);
    const DecodedCharacter last = DecodeUtf8(text, start);
    if (!last.well_formed || start + last.length != end || !IsWhite(last.code_point)) break;
    end = start;
  }
  return end;
}

bool IsBlank(std::string_view text) { return TrimmedBytes(text) == 0; }

}  // namespace fovea::wire
