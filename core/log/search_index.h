// Port: search by words over the turns of one session. Implemented by memory_store.
#ifndef FOVEA_CORE_LOG_SEARCH_INDEX_H_
#define FOVEA_CORE_LOG_SEARCH_INDEX_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/log/recall_text.h"
#include "core/log/turn.h"

namespace fovea {

struct SearchHit {
  uint64_t seq = 0;
  Role role = Role::kUser;
  ByteSpan text;  // bytes of the turn's text (core/log/recall_text.h) with the first match
  // Those bytes, about 200 at most, with an ellipsis where the text goes on.
  std::string snippet;
  double score = 0;  // higher is better; comparable only within one answer
};

struct SearchAnswer {
  std::vector<SearchHit> hits;
  uint64_t indexed_through_seq = 0;  // the index follows the log; later turns were not searched
  // Turns before this one were not searched, because the time was up; 1: all were.
  uint64_t searched_from_seq = 1;
};

enum class SearchOrder : uint8_t { kNewestFirst = 1, kRelevance = 2 };

enum class SearchMatch : uint8_t {
  // All words must occur, in any case; a word's beginning with a trailing '*'. In scripts that are
  // written without spaces, and in Korean, a word is found inside longer text. If no turn has the
  // words, turns that hold the query as it stands are found, as with kSubstring.
  kWords = 1,
  // The query as it stands, to the byte, anywhere in a turn's text; control characters count as
  // spaces.
  kSubstring = 2
};

struct SearchQuery {
  std::string text;
  SearchOrder order = SearchOrder::kNewestFirst;
  SearchMatch match = SearchMatch::kWords;
  int limit = 20;  // 1 to 200
  absl::Time deadline = absl::InfiniteFuture();
  std::function<bool()> cancelled;  // empty: never; asked from time to time on the caller's thread
};

// Thread-safe.
class SearchIndex {
 public:
  virtual ~SearchIndex() = default;
  // INVALID_ARGUMENT if the query holds no word, or is of one byte or none for kSubstring;
  // NOT_FOUND if there is no session; DEADLINE_EXCEEDED if the deadline, or the two seconds that
  // any search may take, passed before there was an answer; CANCELLED. Waits briefly for the index
  // to reach the log's end, and says how far it came.
  virtual absl::StatusOr<SearchAnswer> Find(const SessionKey& key, const SearchQuery& query) = 0;

  // By words.
  absl::StatusOr<SearchAnswer> Search(const SessionKey& key, std::string_view words,
                                      SearchOrder order, int limit) {
    return Find(key, {.text = std::string(words), .order = order, .limit = limit});
  }
};

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_SEARCH_INDEX_H_
