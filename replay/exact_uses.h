// Future use: the exact strings that an agent writes in an action and that stood in an earlier
// turn.
#ifndef FOVEA_REPLAY_EXACT_USES_H_
#define FOVEA_REPLAY_EXACT_USES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/exact/sidecar.h"
#include "core/log/turn.h"

namespace fovea::replay {

// What a reader reads of a turn as text, in order: texts, arguments of calls, texts of results.
std::vector<std::string_view> AllTexts(const Turn& turn);

// Whether the string at byte `at` of the text stands alone: neither a letter nor a digit goes on at
// its ends.
bool StandsAlone(std::string_view text, size_t at, std::string_view string);

// Finds many strings in a text in one pass, where they stand alone: 1234 is not in 12345.
// Thread-compatible; const access is thread-safe.
class StringFinder {
 public:
  // The strings have kMinExactBytes or more (core/exact/exact_scan.h).
  void Add(std::string_view string);
  // Indices, in the order of Add, of the distinct strings in `text`, sorted.
  std::vector<uint32_t> FindIn(std::string_view text) const;

 private:
  std::vector<std::string> strings_;
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> by_start_;  // by the first four bytes
};

// Where a string stands: in a turn, in its tool results or beside them.
struct Occurrence {
  uint64_t seq = 0;
  bool in_results = false;
  bool operator==(const Occurrence&) const = default;
};

struct UsedString {
  std::string text;
  ExactString::Kind kind = ExactString::Kind::kHash;
  std::vector<Occurrence> occurrences;  // in order of turns
};

// One use: the agent wrote the string in turn `seq`, and an earlier turn holds it.
struct Moment {
  uint64_t seq = 0;
  uint32_t string = 0;  // index
};

struct ExactUses {
  std::vector<UsedString> strings;
  StringFinder finder;  // of them all, by the same indices
  std::vector<Moment> moments;
};

// Actions are the arguments of tool calls; if the agent calls no tools, what it says. A string
// counts once a turn. Deterministic.
ExactUses FindExactUses(const std::vector<Turn>& turns);

// Every k-th of the moments, so that at most `most` are left; all if `most` is 0.
std::vector<Moment> Sampled(const std::vector<Moment>& moments, size_t most);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_EXACT_USES_H_
