// What of a turn is left out where only its gist is drawn: the middle of what is long, never the
// ends, and never a user's short word.
#ifndef FOVEA_CORE_PAGE_ELISION_H_
#define FOVEA_CORE_PAGE_ELISION_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/log/turn.h"

namespace fovea {

// A part of a turn in the log.
struct PartKey {
  uint64_t seq = 0;
  uint32_t part = 0;  // index in Turn::parts
  auto operator<=>(const PartKey&) const = default;
};

// What is left out of a stretch of turns. By default nothing is.
struct Elision {
  // The middle of every long text, result and call's arguments, and every picture. Tool output is
  // cut shortest; an error keeps its end, and what a user said is cut only where it is a document.
  bool bulk = false;
  // All but the beginning of these tool results: later turns have them again. Sorted.
  std::vector<PartKey> superseded;

  bool empty() const { return !bulk && superseded.empty(); }
  bool operator==(const Elision&) const = default;
};

// The two ends of a text that are kept, in code points.
struct KeptEnds {
  size_t first = 0;
  size_t last = 0;
};

// The bytes of a text that are left out: [begin, end), on the borders of code points.
struct ElidedMiddle {
  size_t begin = 0;
  size_t end = 0;
  uint64_t characters = 0;  // code points between them
};

// The ends that are kept of the part `part` of the turn; nothing if it stays whole however long.
// A result's texts count one by one.
std::optional<KeptEnds> EndsKept(const Turn& turn, size_t part, const Elision& elision);

// Where the text is cut so that at least the ends are kept, at a space or a line's end where one is
// near. Nothing if what could be left out would be too little to be worth its note. Linear.
std::optional<ElidedMiddle> MiddleOf(std::string_view text, const KeptEnds& ends);

// Code points that the elision leaves out of the turn.
uint64_t ElidedCharacters(const Turn& turn, const Elision& elision);

// What stands in the place of a middle: "… 12,345 characters left out: recall #57 …".
std::string ElisionNote(uint64_t seq, uint64_t characters);

}  // namespace fovea

#endif  // FOVEA_CORE_PAGE_ELISION_H_
