#include "memory_store/sqlite/index_rows.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "memory_store/search_text.h"
#include "memory_store/sqlite/status_macros.h"

namespace fovea::sqlite {
namespace {

// A turn's rowid is its session's row and its seq: FTS5 then finds a session's newest turns, and
// nothing of other sessions, by a range of rowids. fts.cc has the same tokenizer.
constexpr char kCreateSql[] = R"sql(
PRAGMA application_id = 1179604553;
PRAGMA user_version = 1;
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('oldest_reader', 1);
CREATE TABLE progress (session INTEGER PRIMARY KEY, through_seq INTEGER NOT NULL);
CREATE VIRTUAL TABLE turns USING fts5 (
  text, role UNINDEXED, tokenize = 'unicode61 remove_diacritics 2'
);
)sql";

constexpr char kInsertTurnSql[] = "INSERT INTO turns (rowid, text, role) VALUES (?1, ?2, ?3)";
constexpr char kDeleteTurnsSql[] = "DELETE FROM turns WHERE rowid BETWEEN ?1 AND ?2";
constexpr char kSetProgressSql[] =
    "INSERT OR REPLACE INTO progress (session, through_seq) VALUES (?1, ?2)";
constexpr char kListProgressSql[] = "SELECT session, through_seq FROM progress ORDER BY session";
constexpr char kDeleteProgressSql[] = "DELETE FROM progress WHERE session = ?1";
constexpr char kBeginMergeSql[] = "INSERT INTO turns (turns, rank) VALUES ('merge', -200)";
constexpr char kContinueMergeSql[] = "INSERT INTO turns (turns, rank) VALUES ('merge', 200)";

constexpr char kFindNewestSql[] =
    "SELECT rowid, role, snippet(turns, 0, char(1), char(2), '\xE2\x80\xA6', 32) FROM turns"
    " WHERE turns MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC LIMIT ?4";
constexpr char kFindOneSql[] =
    "SELECT rowid, role, snippet(turns, 0, char(1), char(2), '\xE2\x80\xA6', 32) FROM turns"
    " WHERE turns MATCH ?1 AND rowid = ?2";
constexpr char kCountsSql[] =
    "SELECT rowid, match_counts(turns) FROM turns"
    " WHERE turns MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid";
constexpr char kFrequencySql[] =
    "SELECT COUNT(*) FROM turns WHERE turns MATCH ?1 AND rowid BETWEEN ?2 AND ?3";

constexpr size_t kSnippetBytes = 200;
constexpr double kSaturation = 1.2;     // BM25's k1
constexpr double kLengthWeight = 0.75;  // BM25's b

int64_t RowId(int64_t session_row, uint64_t seq) {
  return static_cast<int64_t>((static_cast<uint64_t>(session_row) << 32) | seq);
}
uint64_t SeqOf(int64_t rowid) { return static_cast<uint64_t>(rowid) & kMaxIndexedSeq; }

SearchHit ToHit(const Query& query) {
  SearchHit hit;
  hit.seq = SeqOf(query.IntAt(0));
  hit.role = static_cast<Role>(query.IntAt(1));
  hit.snippet = TrimSnippet(query.BlobAt(2), kSnippetBytes);
  return hit;
}

struct Candidate {
  uint64_t seq = 0;
  MatchCounts matches;
  double score = 0;
};

absl::StatusOr<std::vector<Candidate>> FindCandidates(Database& database, int64_t session_row,
                                                      const std::string& match) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kCountsSql));
  query.Text(match).Int(RowId(session_row, 0)).Int(RowId(session_row, kMaxIndexedSeq));
  std::vector<Candidate> candidates;
  while (true) {
    STORE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return candidates;
    candidates.push_back({SeqOf(query.IntAt(0)), ParseMatchCounts(query.BlobAt(1))});
  }
}

// In how many turns of the session each phrase occurs.
absl::StatusOr<std::vector<double>> Frequencies(Database& database, int64_t session_row,
                                                const FtsQuery& query, size_t candidates) {
  if (query.phrases.size() == 1) return std::vector<double>{static_cast<double>(candidates)};
  std::vector<double> frequencies;
  for (const std::string& phrase : query.phrases) {
    STORE_ASSIGN_OR_RETURN(Query count, database.Prepare(kFrequencySql));
    count.Text(phrase).Int(RowId(session_row, 0)).Int(RowId(session_row, kMaxIndexedSeq));
    STORE_RETURN_IF_ERROR(count.Step().status());
    frequencies.push_back(static_cast<double>(count.IntAt(0)));
  }
  return frequencies;
}

// The usual length is taken from the candidates: the session's own would have to be kept up to
// date.
void Score(std::vector<Candidate>& candidates, const std::vector<double>& frequencies,
           double turns) {
  double tokens = 0;
  for (const Candidate& candidate : candidates) {
    tokens += static_cast<double>(candidate.matches.tokens);
  }
  const double usual = std::max(1.0, tokens / static_cast<double>(candidates.size()));
  for (Candidate& candidate : candidates) {
    const double length = static_cast<double>(candidate.matches.tokens) / usual;
    const size_t phrases = std::min(frequencies.size(), candidate.matches.counts.size());
    for (size_t i = 0; i < phrases; ++i) {
      const auto count = static_cast<double>(candidate.matches.counts[i]);
      const double rarity =
          std::log(1 + std::max(0.0, turns - frequencies[i] + 0.5) / (frequencies[i] + 0.5));
      candidate.score += rarity * count * (kSaturation + 1) /
                         (count + kSaturation * (1 - kLengthWeight + kLengthWeight * length));
    }
  }
}

absl::StatusOr<SearchHit> FindOne(Database& database, int64_t session_row, const std::string& match,
                                  const Candidate& candidate) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kFindOneSql));
  STORE_ASSIGN_OR_RETURN(const bool found,
                         query.Text(match).Int(RowId(session_row, candidate.seq)).Step());
  if (!found) return absl::DataLossError("a turn vanished from the index");
  SearchHit hit = ToHit(query);
  hit.score = candidate.score;
  return hit;
}

}  // namespace

const Schema kIndexSchema = {
    .what = "search index", .application = 1179604553, .version = 1, .create_sql = kCreateSql};

absl::Status InsertIndexedTurn(Database& database, int64_t session_row, const Turn& turn) {
  const std::string text = SearchText(turn);
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kInsertTurnSql));
  query.Int(RowId(session_row, turn.seq)).Text(text).Int(static_cast<int64_t>(turn.role));
  return query.Run();
}

absl::Status SetProgress(Database& database, int64_t session_row, uint64_t through_seq) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kSetProgressSql));
  return query.Int(session_row).Unsigned(through_seq).Run();
}

absl::StatusOr<std::vector<SessionHead>> ListProgress(Database& database) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kListProgressSql));
  std::vector<SessionHead> sessions;
  while (true) {
    STORE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return sessions;
    sessions.push_back({.row = query.IntAt(0), .last_seq = query.UnsignedAt(1)});
  }
}

absl::Status DeleteIndexedSession(Database& database, int64_t session_row) {
  STORE_ASSIGN_OR_RETURN(Query turns, database.Prepare(kDeleteTurnsSql));
  turns.Int(RowId(session_row, 0)).Int(RowId(session_row, kMaxIndexedSeq));
  STORE_RETURN_IF_ERROR(turns.Run());
  STORE_ASSIGN_OR_RETURN(Query progress, database.Prepare(kDeleteProgressSql));
  return progress.Int(session_row).Run();
}

absl::Status BeginMerge(Database& database) { return database.Execute(kBeginMergeSql); }

absl::StatusOr<bool> ContinueMerge(Database& database) {
  const int64_t before = database.TotalChanges();
  STORE_RETURN_IF_ERROR(database.Execute(kContinueMergeSql));
  // FTS5 says so: fewer than two changes mean that it did nothing.
  return database.TotalChanges() - before >= 2;
}

absl::StatusOr<std::vector<SearchHit>> FindNewest(Database& database, const IndexedSession& session,
                                                  const FtsQuery& query, int limit) {
  STORE_ASSIGN_OR_RETURN(Query find, database.Prepare(kFindNewestSql));
  find.Text(query.match).Int(RowId(session.row, 0)).Int(RowId(session.row, kMaxIndexedSeq));
  find.Int(limit);
  std::vector<SearchHit> hits;
  while (true) {
    STORE_ASSIGN_OR_RETURN(const bool row, find.Step());
    if (!row) return hits;
    hits.push_back(ToHit(find));
    hits.back().score = static_cast<double>(hits.back().seq);
  }
}

absl::StatusOr<std::vector<SearchHit>> FindBest(Database& database, const IndexedSession& session,
                                                const FtsQuery& query, int limit) {
  STORE_ASSIGN_OR_RETURN(std::vector<Candidate> candidates,
                         FindCandidates(database, session.row, query.match));
  STORE_ASSIGN_OR_RETURN(const std::vector<double> frequencies,
                         Frequencies(database, session.row, query, candidates.size()));
  Score(candidates, frequencies, static_cast<double>(session.turns));
  const size_t count = std::min(candidates.size(), static_cast<size_t>(limit));
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<ptrdiff_t>(count),
                    candidates.end(), [](const Candidate& a, const Candidate& b) {
                      return std::pair(-a.score, ~a.seq) < std::pair(-b.score, ~b.seq);
                    });
  std::vector<SearchHit> hits;
  for (size_t i = 0; i < count; ++i) {
    STORE_ASSIGN_OR_RETURN(SearchHit hit,
                           FindOne(database, session.row, query.match, candidates[i]));
    hits.push_back(std::move(hit));
  }
  return hits;
}

}  // namespace fovea::sqlite
