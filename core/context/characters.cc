#include "core/context/characters.h"

namespace fovea {
namespace {

void AddRun(const SheetPart& run, CharacterCounts& counts) {
  (run.on_pages ? counts.pages : counts.text) += run.characters - run.elided_characters;
  counts.elided += run.elided_characters;
}

void AddTailTurn(const SheetPart& turn, CharacterCounts& counts) {
  const uint64_t on_pages = turn.on_pages ? turn.result_characters : 0;
  counts.pages += on_pages;
  counts.text += turn.characters - on_pages;
}

// A pinned turn is text, wherever its chunk is.
void AddPin(const SheetPart& pin, const SheetPart* home, CharacterCounts& counts) {
  counts.text += pin.characters;
  if (home == nullptr || home->place.is_latent()) {
    counts.latent -= pin.characters;
    return;
  }
  const uint64_t elided = home->ElidedOf(pin.turns.first);
  (home->on_pages ? counts.pages : counts.text) -= pin.characters - elided;
  counts.elided -= elided;
}

}  // namespace

CharacterCounts CountCharacters(const Sheet& sheet) {
  CharacterCounts counts;
  for (const SheetPart& turn : sheet.head()) counts.text += turn.characters;
  if (sheet.latent() != nullptr) counts.latent = sheet.latent()->characters;
  for (const SheetPart& run : sheet.runs()) AddRun(run, counts);
  for (const SheetPart& turn : sheet.tail()) AddTailTurn(turn, counts);
  for (const SheetPart& pin : sheet.pins()) AddPin(pin, sheet.HomeOf(pin.turns.first), counts);
  return counts;
}

}  // namespace fovea
