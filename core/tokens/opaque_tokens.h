// What a provider's own block costs where it is sent.
#ifndef FOVEA_CORE_TOKENS_OPAQUE_TOKENS_H_
#define FOVEA_CORE_TOKENS_OPAQUE_TOKENS_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/log/turn.h"

namespace fovea {

// Whether a request to this reader can hold a block of that kind: false if both are of a provider
// that Fovea knows, and not of the same ("anthropic.thinking" never goes to gpt-5.6). `family` is
// the name of the reader's family.
bool MayBeSent(std::string_view family, std::string_view kind);

// The file that a block of Anthropic's or Gemini's carries in base64, and the block without its
// bytes; nothing if it carries none. Such bytes are not billed as text.
struct CarriedFile {
  DocumentPart file;
  std::string rest;
};
std::optional<CarriedFile> FileIn(const OpaquePart& opaque);

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_OPAQUE_TOKENS_H_
