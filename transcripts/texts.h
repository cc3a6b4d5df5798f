// What the providers' shapes have in common.
#ifndef FOVEA_TRANSCRIPTS_TEXTS_H_
#define FOVEA_TRANSCRIPTS_TEXTS_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/log/turn.h"
#include "transcripts/lossless_json.h"

namespace fovea::transcripts {

// The member "type" if `json` is an object that has it as a string; "" otherwise.
std::string TypeOf(const Json& json);

// The text of {"type": "text", "text": "..."} if it has nothing else.
std::optional<std::string> PlainTextBlock(const Json& block);

// A call's arguments: the text of a string exactly, the JSON of any other value on one line, "{}"
// for none.
std::string ArgumentsOf(const Json* arguments);

// A copy of the object without a member.
Json Without(const Json& object, std::string_view name);

// A file of a "data:TYPE;base64,..." URL, or of bare base64 (with no type); none if it is neither.
std::optional<DocumentPart> ReadFileData(std::string_view data);

// A sound from base64; `format` is "wav", "mp3", ... None if it is not base64.
std::optional<AudioPart> ReadSound(std::string_view format, std::string_view base64);

// If the part is within the limits of the public API (proto/fovea/v1/turn.proto). One that is not
// is kept whole.
bool Fits(const DocumentPart& document);
bool Fits(const SearchResultPart& result);
bool Fits(const ToolReferencePart& reference);
bool Fits(const AudioPart& audio);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_TEXTS_H_
