// The sidecar: exact strings that a reader must not guess from a picture, as text beside the pages.
#ifndef FOVEA_CORE_EXACT_SIDECAR_H_
#define FOVEA_CORE_EXACT_SIDECAR_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "core/exact/exact_string.h"
#include "core/exact/string_uses.h"
#include "core/log/turn.h"

namespace fovea {

// Collects exact strings turn by turn, from what a reader reads as text: text parts, result texts
// and the arguments of calls, as they stand there. Thread-compatible. Linear in the text.
class ExactStringCollector {
 public:
  void Add(const Turn& turn);
  // What another collector found in the next turn.
  void Add(const std::vector<ExactString>& strings);
  // Distinct strings, told apart by their text alone, in order of first appearance.
  const std::vector<ExactString>& strings() const& { return strings_; }
  std::vector<ExactString> strings() && { return std::move(strings_); }

 private:
  void AddText(uint64_t seq, std::string_view text);

  std::vector<ExactString> strings_;
  absl::flat_hash_map<std::string, size_t> index_;
};

// Puts the strings in the order in which they deserve a place, the most likely to be needed again
// first. Measured on real agents (docs/forgetting.md): 88 % of the exact strings that an agent
// writes again after long had been written by itself before, so these come first, the often
// and lately used before others; of four places the fourth goes to what it only heard: hashes, ids
// and URLs before paths before numbers, rare kinds, labelled and repeated strings first.
// Deterministic.
void RankExactStrings(const StringUses& uses, std::vector<ExactString>* strings);

// Ranks the strings so, and keeps the first that reach `max_bytes` of text together.
void KeepHighestRanked(const StringUses& uses, size_t max_bytes, std::vector<ExactString>* strings);

struct Sidecar {
  std::string text;                // "" if there is nothing to say
  uint32_t included = 0;           // strings in `text`
  uint32_t omitted = 0;            // that did not fit: for the loss manifest
  std::vector<std::string> holds;  // the strings in `text`
};

// Writes strings of one run of turns as compact text, one line a turn ("#57 path=src/a.cc 4f2a…"),
// in the order given until `max_bytes` of text are used. Those that stand `elsewhere` as text are
// left out and not missed. Each line ends with a newline. Deterministic.
Sidecar WriteSidecar(const std::vector<ExactString>& ranked, size_t max_bytes,
                     const absl::flat_hash_set<std::string>& elsewhere = {});

}  // namespace fovea

#endif  // FOVEA_CORE_EXACT_SIDECAR_H_
