// What a request sends, and what a provider with a prefix cache bills for a series of them.
#ifndef FOVEA_REPLAY_PROMPT_H_
#define FOVEA_REPLAY_PROMPT_H_

#include <cstdint>
#include <set>
#include <vector>

#include "core/reader/reader_profile.h"

namespace fovea::replay {

// The smallest unit that a cache keeps here: a message, a note or a page.
struct Segment {
  enum class Kind : uint8_t { kTurn = 1, kNote = 2, kPage = 3 };
  Kind kind = Kind::kTurn;
  uint64_t id = 0;  // within the kind: the same id means the same bytes
  int64_t tokens = 0;

  bool operator==(const Segment&) const = default;
  auto operator<=>(const Segment&) const = default;
};

// Tokens by what became of them.
struct Usage {
  int64_t cached = 0;         // behind an unchanged prefix
  int64_t new_text = 0;       // turns and notes that were never sent before
  int64_t new_pages = 0;      // pages that were never sent before
  int64_t sent_again = 0;     // sent before, but behind a change
  int64_t peak = 0;           // of one request
  int64_t requests = 0;       //
  int64_t prefix_breaks = 0;  // requests that do not begin with the whole request before

  int64_t written() const { return new_text + new_pages + sent_again; }
  int64_t total() const { return cached + written(); }
  // In units of an uncached input token.
  double Cost(double read_price, double write_price) const {
    return static_cast<double>(cached) * read_price + static_cast<double>(written()) * write_price;
  }
};

// Bills requests one after the other: what begins like the request before, in whole segments, is
// read from the cache; the rest is written to it. Thread-compatible.
class PrefixCache {
 public:
  explicit PrefixCache(int64_t lifetime_seconds) : lifetime_us_(lifetime_seconds * 1'000'000) {}

  // `time_us` is when the request is sent, 0 if unknown. The cache is cold if more than its
  // lifetime has passed since the last known time; a lifetime of 0 never ends.
  void Send(const std::vector<Segment>& prompt, int64_t time_us);
  const Usage& usage() const { return usage_; }

 private:
  const int64_t lifetime_us_;
  std::vector<Segment> last_;
  int64_t last_time_us_ = 0;
  std::set<Segment> sent_;
  Usage usage_;
};

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_PROMPT_H_
