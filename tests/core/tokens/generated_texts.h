// Well-formed texts of every kind that histories hold too few of.
#ifndef FOVEA_TESTS_CORE_TOKENS_GENERATED_TEXTS_H_
#define FOVEA_TESTS_CORE_TOKENS_GENERATED_TEXTS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace fovea::testing {

// Random Unicode, characters that tokenizers' patterns single out, base64, hex, emoji, JSON, white
// space, long runs. The same seed gives the same texts. All characters are assigned in Unicode 15.
std::vector<std::string> GeneratedTexts(uint64_t seed);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_CORE_TOKENS_GENERATED_TEXTS_H_
