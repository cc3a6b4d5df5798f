// Edit copies: passages that an edit must repeat letter by letter and that an earlier turn holds.
#ifndef FOVEA_REPLAY_EDIT_COPIES_H_
#define FOVEA_REPLAY_EDIT_COPIES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/log/turn.h"
#include "replay/exact_uses.h"

namespace fovea::replay {

// The old text of one edit call.
struct EditCopy {
  uint64_t seq = 0;                 // of the turn that makes the call
  std::string passage;              // NormalPassage of it
  std::vector<Occurrence> sources;  // earlier turns that hold it, in order
};

// Passages of fewer bytes are not counted: they are looked up, not copied.
inline constexpr size_t kMinPassageBytes = 40;

// White space within a line as one space, without the line numbers that tools print before a line,
// and without white space at both ends.
std::string NormalPassage(std::string_view text);

// Whether a page's text holds the passage, both as NormalPassage gives them: as it is, or as a
// string of JSON, which is how the arguments of a call stand on a page.
bool HoldsPassage(std::string_view page, std::string_view passage);

// The edits of the session whose old text an earlier turn holds, in its texts, its results or the
// string values of its calls' arguments. An edit is a call with an argument named old_string,
// old_str, oldText or search. Deterministic.
std::vector<EditCopy> FindEditCopies(const std::vector<Turn>& turns);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_EDIT_COPIES_H_
