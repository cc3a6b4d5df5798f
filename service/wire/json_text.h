// Writing JSON text directly, in a fixed order.
#ifndef FOVEA_SERVICE_WIRE_JSON_TEXT_H_
#define FOVEA_SERVICE_WIRE_JSON_TEXT_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "service/wire/message.h"

namespace fovea::wire {

// PNGs by page id. A page that is missing is one that the client holds.
using PageBytes = absl::flat_hash_map<std::string, std::shared_ptr<const std::string>>;

// Appends `text`, which must be well-formed UTF-8, as a JSON string with its quotes.
void AppendString(std::string_view text, std::string& out);
void AppendBase64(std::string_view bytes, std::string& out);
// True for the JSON text of an object that a strict parser takes, nested at most 64 deep: parsers
// differ in what they take beyond that.
bool IsJsonObject(const std::string& text);

// Appends "data:TYPE;base64,..." or, for a page that is held, "fovea:page/ID"; without quotes.
void AppendImageUrl(const Image& image, const PageBytes& pages, std::string& out);
// OpenAI's settings of how closely an image is looked at: low, high, original, auto.
bool IsDetail(std::string_view resolution);
// The encoded image, or null for a held page; and its media type.
const std::string* ImageBytes(const Image& image, const PageBytes& pages);
std::string_view MediaType(const Image& image);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_JSON_TEXT_H_
