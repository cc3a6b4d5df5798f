// Whether what a context says exactly is what the log holds.
#ifndef FOVEA_REPLAY_SERVED_CLAIMS_H_
#define FOVEA_REPLAY_SERVED_CLAIMS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/context/context.h"
#include "core/log/turn.h"

namespace fovea::replay {

struct Claims {
  int64_t strings = 0;        // in sidecars
  int64_t wrong_strings = 0;  // that do not stand so in the turn that they name
  int64_t texts = 0;          // turns that are served as text
  int64_t wrong_texts = 0;    // that are not the log's, byte for byte
  std::string first_wrong;    // what was served; "" if all is right

  Claims& operator+=(const Claims& other);
};

// Checks the contexts of one session by their texts alone: it knows the log and nothing of the
// planner. Thread-compatible.
class ClaimChecker {
 public:
  // `log` outlives the checker.
  explicit ClaimChecker(const std::vector<Turn>& log) : log_(log) {}

  // Turns of head and tail are equal to the log's. In the history, "#57 tool" begins the text of
  // turn 57, which others may follow, whole or with the count of what is left out in its place; a
  // sidecar is lines "#57 label=value value"; what is in
  // brackets is Fovea's own voice. Anything else counts as a wrong text.
  Claims Check(const Context& context);

 private:
  Claims CheckNote(const std::string& note) const;
  void CheckTurns(std::string_view note, Claims& claims) const;
  void CheckSidecarLine(std::string_view line, Claims& claims) const;
  const Turn* Find(uint64_t seq) const;

  const std::vector<Turn>& log_;
  absl::flat_hash_map<std::string, Claims> checked_;  // by note: most are served again and again
};

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_SERVED_CLAIMS_H_
