#include "tests/service/wire_support.h"

#include <utility>

#include "tests/service/wild_history.h"
#include "tests/support/pictures.h"

namespace fovea::testing {

Turn Make(Role role, std::vector<Part> parts) { return {.role = role, .parts = std::move(parts)}; }

Part Text(std::string text) { return TextPart{std::move(text)}; }

Part Call(std::string id, std::string arguments) {
  return ToolCallPart{std::move(id), "bash", std::move(arguments)};
}

Part Result(std::string id, std::string text) {
  return ToolResultPart{.call_id = std::move(id), .content = {TextPart{std::move(text)}}};
}

ImagePart Picture() { return {.media_type = "image/jpeg", .data = JpegHeader()}; }

Context TailOf(std::vector<Turn> turns) {
  for (size_t i = 0; i < turns.size(); ++i) turns[i].seq = i + 1;
  return {.tail = ServeAll(turns, false)};
}

absl::StatusOr<wire::PageBytes> NoPages(const std::vector<const PlannedPage*>&) {
  return wire::PageBytes();
}

std::string Written(const Context& context, wire::PayloadFormat format,
                    const wire::ReaderTraits& reader) {
  wire::PayloadWriter writer(1 << 20);
  auto payload =
      writer.Write(context, {.state_id = 1, .format = format, .reader = reader, .load = NoPages});
  return payload.ok() ? payload->bytes : payload.status().ToString();
}

std::string Without(std::string text, const std::string& part) {
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part)) {
    text.erase(at, part.size());
  }
  return text;
}

}  // namespace fovea::testing
