// Words for SQLite's full-text index (FTS5).
#ifndef FOVEA_MEMORY_STORE_SQLITE_FTS_H_
#define FOVEA_MEMORY_STORE_SQLITE_FTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "memory_store/sqlite/database.h"

namespace fovea::sqlite {

// More words than this in a query are refused.
inline constexpr size_t kMaxQueryWords = 64;

struct FtsQuery {
  std::string match;                 // for MATCH: all phrases must occur
  std::vector<std::string> phrases;  // for MATCH: one for each word of the query that holds letters
  // Words in dense scripts, whose marks the index does not keep: a hit must hold them as they are.
  std::vector<std::string> verbatim;
  std::vector<std::string> words;  // the query's, as they stand
};

// Cuts `text` at white space. A word is what the index's own tokenizer makes of it ("foo-bar" is
// the phrase "foo bar"), so that nothing in it is taken for query syntax; a trailing '*' asks for
// words that begin so. INVALID_ARGUMENT if no word holds a letter or digit, or there are too many.
absl::StatusOr<FtsQuery> ParseFtsQuery(Database& database, std::string_view text);

// Adds the index's tokenizer, `fovea` (unicode61 without diacritics, cut by dense_script.h), and
// the auxiliary function match_counts(table), which gives a blob for ParseMatchCounts on a row that
// matches. To be done on every connection that uses the index.
absl::Status RegisterFts(Database& database);

struct MatchCounts {
  int64_t tokens = 0;           // in the row
  std::vector<int64_t> counts;  // of each phrase
};
MatchCounts ParseMatchCounts(std::string_view blob);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_FTS_H_
