// Names of models as providers, resellers and routers spell them.
#ifndef FOVEA_CORE_READER_MODEL_ID_H_
#define FOVEA_CORE_READER_MODEL_ID_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {

// The spelling that names are compared in: small letters, with hyphens for spaces, dots and low
// lines. "Claude Opus 4.8" is "claude-opus-4-8".
std::string PlainModelId(std::string_view id);

// The id in PlainModelId's spelling, with ever less of what routers and resellers put before it:
// "openrouter/anthropic/claude-opus-5", "models/gemini-3-flash", "us.anthropic.claude-opus-5-v1:0",
// an ARN. The first is the whole id. At most 16.
std::vector<std::string> ModelIdForms(std::string_view id);

// Whether `form` (one of ModelIdForms) is the model `plain` (of PlainModelId), with whatever stands
// behind it: a date, a size, a revision, a setting ("-20250929", "-sol", ":free", "@default",
// "[1m]"). A further part of the version is another model: "claude-opus-5-5" is not
// "claude-opus-5".
bool IsModel(std::string_view form, std::string_view plain);

// How far two spellings are from each other: insertions, deletions and replacements between their
// first 64 bytes.
size_t SpellingDistance(std::string_view a, std::string_view b);

}  // namespace fovea

#endif  // FOVEA_CORE_READER_MODEL_ID_H_
