// How much of the history's text a context shows.
#ifndef FOVEA_CORE_CONTEXT_CHARACTERS_H_
#define FOVEA_CORE_CONTEXT_CHARACTERS_H_

#include <cstdint>

#include "core/sheet/sheet.h"

namespace fovea {

// Of the characters of all turns; each counts once.
struct CharacterCounts {
  uint64_t text = 0;
  uint64_t pages = 0;
  uint64_t elided = 0;
  uint64_t latent = 0;
};

CharacterCounts CountCharacters(const Sheet& sheet);

}  // namespace fovea

#endif  // FOVEA_CORE_CONTEXT_CHARACTERS_H_
