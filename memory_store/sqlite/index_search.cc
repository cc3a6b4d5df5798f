#include "memory_store/sqlite/index_search.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "memory_store/absl_view.h"
#include "memory_store/search_text.h"
#include "memory_store/sqlite/index_rows.h"

namespace fovea::sqlite {
namespace {

constexpr char kNewestSql[] =
    "SELECT rowid FROM turns WHERE turns MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC";
constexpr char kReadTextSql[] = "SELECT text, role FROM turns WHERE rowid = ?1";
constexpr char kCountsSql[] =
    "SELECT rowid, match_counts(turns) FROM turns"
    " WHERE turns MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC LIMIT ?4";
constexpr char kFrequencySql[] =
    "SELECT COUNT(*) FROM turns WHERE turns MATCH ?1 AND rowid BETWEEN ?2 AND ?3";
// FTS5's own table of texts: reading it row by row costs no look-up a row.
constexpr char kScanTextsSql[] =
    "SELECT id, c0, c1 FROM turns_content WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC";

constexpr size_t kSnippetBytes = 200;
// What of a text stands before and behind a match where the snippet is cut out.
constexpr size_t kSnippetWindow = 400;
// A text is searched so far for where its snippet begins.
constexpr size_t kMaxSnippetSearch = size_t{256} << 10;
constexpr int kMaxCandidates = 5000;
constexpr double kSaturation = 1.2;     // BM25's k1
constexpr double kLengthWeight = 0.75;  // BM25's b

size_t FindAnyCase(std::string_view text, std::string_view word) {
  const auto at =
      std::search(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
        return absl::ascii_tolower(static_cast<unsigned char>(a)) ==
               absl::ascii_tolower(static_cast<unsigned char>(b));
      });
  return at == text.end() ? std::string_view::npos : static_cast<size_t>(at - text.begin());
}

// Where in the text the first of the words stands; 0 if none does as it is written.
size_t FindFirst(std::string_view text, const std::vector<std::string>& words) {
  text = text.substr(0, kMaxSnippetSearch);
  size_t first = std::string_view::npos;
  for (const std::string& word : words) {
    const std::string_view sought = StdView(absl::StripSuffix(word, "*"));
    if (!sought.empty()) first = std::min(first, FindAnyCase(text, sought));
  }
  return first == std::string_view::npos ? 0 : first;
}

std::string SnippetAt(std::string_view text, size_t match) {
  const size_t begin = CharacterStart(text, match - std::min(match, kSnippetWindow));
  const size_t end = std::min(text.size(), match + kSnippetWindow);
  const std::string marked =
      absl::StrCat(AbslView(text.substr(begin, match - begin)), absl::string_view(&kMatchBegin, 1),
                   AbslView(text.substr(match, end - match)));
  return TrimSnippet(marked, kSnippetBytes);
}

bool HoldsAll(std::string_view text, const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return text.find(word) != std::string_view::npos;
  });
}

// The hit of a turn that matches; none if it lacks a word that must stand in it as it is.
absl::StatusOr<bool> AddHit(Database& database, int64_t rowid, const FtsQuery& query, double score,
                            std::vector<SearchHit>& hits) {
  FOVEA_ASSIGN_OR_RETURN(Query read, database.Prepare(kReadTextSql));
  FOVEA_ASSIGN_OR_RETURN(const bool found, read.Int(rowid).Step());
  if (!found) return absl::DataLossError("a turn vanished from the index");
  const std::string_view text = read.BlobAt(0);
  if (!HoldsAll(text, query.verbatim)) return false;
  hits.push_back({.seq = IndexedSeq(rowid),
                  .role = static_cast<Role>(read.IntAt(1)),
                  .snippet = SnippetAt(text, FindFirst(text, query.words)),
                  .score = score});
  return true;
}

struct Candidate {
  int64_t rowid = 0;
  MatchCounts matches;
  double score = 0;
};

absl::StatusOr<std::vector<Candidate>> FindCandidates(Database& database, int64_t session_row,
                                                      const std::string& match) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kCountsSql));
  query.Text(match).Int(IndexRowId(session_row, 0)).Int(IndexRowId(session_row, kMaxIndexedSeq));
  query.Int(kMaxCandidates);
  std::vector<Candidate> candidates;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return candidates;
    candidates.push_back({query.IntAt(0), ParseMatchCounts(query.BlobAt(1))});
  }
}

// In how many turns of the session each phrase occurs.
absl::StatusOr<std::vector<double>> Frequencies(Database& database, int64_t session_row,
                                                const FtsQuery& query) {
  std::vector<double> frequencies;
  for (const std::string& phrase : query.phrases) {
    FOVEA_ASSIGN_OR_RETURN(Query count, database.Prepare(kFrequencySql));
    count.Text(phrase).Int(IndexRowId(session_row, 0));
    FOVEA_RETURN_IF_ERROR(count.Int(IndexRowId(session_row, kMaxIndexedSeq)).Step().status());
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

// Adds the hit if the text holds the needle.
void AddSubstringHit(uint64_t seq, std::string_view text, int64_t role, std::string_view needle,
                     std::vector<SearchHit>& hits) {
  // What has no bytes has no place either.
  if (text.size() < needle.size()) return;
  const void* at = memmem(text.data(), text.size(), needle.data(), needle.size());
  if (at == nullptr) return;
  const auto match = static_cast<size_t>(static_cast<const char*>(at) - text.data());
  hits.push_back({.seq = seq,
                  .role = static_cast<Role>(role),
                  .snippet = SnippetAt(text, match),
                  .score = static_cast<double>(seq)});
}

}  // namespace

absl::StatusOr<std::vector<SearchHit>> FindNewest(Database& database, const IndexedSession& session,
                                                  const FtsQuery& query, int limit) {
  FOVEA_ASSIGN_OR_RETURN(Query find, database.Prepare(kNewestSql));
  find.Text(query.match).Int(IndexRowId(session.row, 0));
  find.Int(IndexRowId(session.row, kMaxIndexedSeq));
  std::vector<SearchHit> hits;
  while (hits.size() < static_cast<size_t>(limit)) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, find.Step());
    if (!row) break;
    const int64_t rowid = find.IntAt(0);
    FOVEA_RETURN_IF_ERROR(
        AddHit(database, rowid, query, static_cast<double>(IndexedSeq(rowid)), hits).status());
  }
  return hits;
}

absl::StatusOr<std::vector<SearchHit>> FindBest(Database& database, const IndexedSession& session,
                                                const FtsQuery& query, int limit) {
  FOVEA_ASSIGN_OR_RETURN(std::vector<Candidate> candidates,
                         FindCandidates(database, session.row, query.match));
  FOVEA_ASSIGN_OR_RETURN(const std::vector<double> frequencies,
                         Frequencies(database, session.row, query));
  Score(candidates, frequencies, static_cast<double>(session.turns));
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::pair(-a.score, -a.rowid) < std::pair(-b.score, -b.rowid);
  });
  std::vector<SearchHit> hits;
  for (const Candidate& candidate : candidates) {
    if (hits.size() == static_cast<size_t>(limit)) break;
    FOVEA_RETURN_IF_ERROR(AddHit(database, candidate.rowid, query, candidate.score, hits).status());
  }
  return hits;
}

absl::StatusOr<SearchAnswer> FindSubstring(Database& database, const IndexedSession& session,
                                           std::string_view needle, int limit) {
  FOVEA_ASSIGN_OR_RETURN(Query scan, database.Prepare(kScanTextsSql));
  scan.Int(IndexRowId(session.row, 0)).Int(IndexRowId(session.row, kMaxIndexedSeq));
  SearchAnswer answer;
  answer.searched_from_seq = session.turns + 1;
  while (answer.hits.size() < static_cast<size_t>(limit)) {
    const absl::StatusOr<bool> row = scan.Step();
    if (absl::IsCancelled(row.status())) return answer;
    FOVEA_RETURN_IF_ERROR(row.status());
    if (!*row) {
      answer.searched_from_seq = 1;
      return answer;
    }
    answer.searched_from_seq = IndexedSeq(scan.IntAt(0));
    AddSubstringHit(answer.searched_from_seq, scan.BlobAt(1), scan.IntAt(2), needle, answer.hits);
  }
  answer.searched_from_seq = 1;  // as far as anybody asked
  return answer;
}

absl::StatusOr<SearchAnswer> FindSubstringAmong(Database& database, const IndexedSession& session,
                                                std::string_view match, std::string_view needle,
                                                int limit, int max_turns) {
  FOVEA_ASSIGN_OR_RETURN(Query find, database.Prepare(kNewestSql));
  find.Text(match).Int(IndexRowId(session.row, 0)).Int(IndexRowId(session.row, kMaxIndexedSeq));
  SearchAnswer answer;
  for (int turns = 0; turns < max_turns && answer.hits.size() < static_cast<size_t>(limit);
       ++turns) {
    const absl::StatusOr<bool> row = find.Step();
    FOVEA_RETURN_IF_ERROR(row.status());
    if (!*row) break;
    const int64_t rowid = find.IntAt(0);
    FOVEA_ASSIGN_OR_RETURN(Query read, database.Prepare(kReadTextSql));
    FOVEA_ASSIGN_OR_RETURN(const bool found, read.Int(rowid).Step());
    if (!found) return absl::DataLossError("a turn vanished from the index");
    AddSubstringHit(IndexedSeq(rowid), read.BlobAt(0), read.IntAt(1), needle, answer.hits);
  }
  return answer;
}

}  // namespace fovea::sqlite
