#include "memory_store/sqlite/sqlite_search_index.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "memory_store/search_text.h"
#include "memory_store/sqlite/fts.h"
#include "memory_store/sqlite/index_rows.h"
#include "memory_store/sqlite/index_search.h"
#include "memory_store/turn_codec.h"

namespace fovea::sqlite {
namespace {

constexpr int kMaxHits = 200;
constexpr size_t kMaxQueryBytes = 4096;
// Where turns have the words, so many more are read for the query as it stands.
constexpr int kMaxBesideWords = 500;
// However long the caller would wait.
constexpr absl::Duration kMaxTime = absl::Milliseconds(1800);

absl::Status CheckQuery(const SearchQuery& query) {
  if (query.limit < 1 || query.limit > kMaxHits) {
    return absl::InvalidArgumentError("a search gives 1 to 200 hits");
  }
  if (query.text.size() > kMaxQueryBytes) {
    return absl::InvalidArgumentError("a query has at most 4,096 bytes");
  }
  if (query.match == SearchMatch::kSubstring && query.text.size() < 2) {
    return absl::InvalidArgumentError("a substring has at least 2 bytes");
  }
  return absl::OkStatus();
}

// Of a query that may be cut out of a text: its first word may lack its beginning, and its last its
// end. "" if nothing is left.
std::string InnerWords(const FtsQuery& query) {
  if (query.phrases.size() < 2) return "";
  std::string match;
  for (size_t i = 1; i < query.phrases.size(); ++i) absl::StrAppend(&match, query.phrases[i], " ");
  const bool has_star = query.phrases.back().back() == '*';
  return absl::StrCat(match, has_star ? "" : "*");
}

// Adds those of `more` that are not among the hits: in their place by age, or behind those that
// have the words, where the order is by relevance.
void AddOthers(const std::vector<SearchHit>& more, const SearchQuery& query,
               std::vector<SearchHit>& hits) {
  const size_t had = hits.size();
  const bool by_relevance = query.order == SearchOrder::kRelevance;
  const double last = hits.empty() ? 1 : hits.back().score;
  for (const SearchHit& hit : more) {
    const auto same = [&hit](const SearchHit& known) { return known.seq == hit.seq; };
    if (std::any_of(hits.begin(), hits.begin() + static_cast<ptrdiff_t>(had), same)) continue;
    hits.push_back(hit);
    if (by_relevance && had > 0) hits.back().score = last / 2;
  }
  if (!by_relevance) {
    std::sort(hits.begin(), hits.end(),
              [](const SearchHit& a, const SearchHit& b) { return a.seq > b.seq; });
  }
  hits.resize(std::min(hits.size(), static_cast<size_t>(query.limit)));
}

// The turns with the query's words, and those that hold it to the byte though a word of it is cut
// off: they are one search to who copied it out of a text.
absl::StatusOr<SearchAnswer> FindWords(Database& database, const IndexedSession& session,
                                       const FtsQuery& words, const SearchQuery& query) {
  SearchAnswer answer;
  FOVEA_ASSIGN_OR_RETURN(answer.hits, query.order == SearchOrder::kRelevance
                                          ? FindBest(database, session, words, query.limit)
                                          : FindNewest(database, session, words, query.limit));
  const std::string needle = OneLine(query.text);
  if (needle.size() < 2 || answer.hits.size() == static_cast<size_t>(query.limit)) return answer;
  if (const std::string inner = InnerWords(words); !inner.empty()) {
    const bool found_words = !answer.hits.empty();
    const absl::StatusOr<SearchAnswer> exact =
        FindSubstringAmong(database, session, inner, needle, query.limit,
                           found_words ? kMaxBesideWords : std::numeric_limits<int>::max());
    if (exact.ok()) AddOthers(exact->hits, query, answer.hits);
    // What the words found is an answer, however long the rest would take.
    if (!exact.ok() && !(found_words && absl::IsCancelled(exact.status()))) return exact.status();
  }
  if (!answer.hits.empty()) return answer;
  return FindSubstring(database, session, needle, query.limit);
}

absl::StatusOr<SearchAnswer> FindIn(Database& database, const IndexedSession& session,
                                    const FtsQuery& words, const SearchQuery& query) {
  SearchAnswer answer;
  FOVEA_RETURN_IF_ERROR(database.ReadTransaction([&]() -> absl::Status {
    FOVEA_ASSIGN_OR_RETURN(answer,
                           query.match == SearchMatch::kSubstring
                               ? FindSubstring(database, session, OneLine(query.text), query.limit)
                               : FindWords(database, session, words, query));
    return absl::OkStatus();
  }));
  return answer;
}

// Points a hit at the bytes of its turn's text, from which it then has its snippet.
absl::Status PlaceHit(LogTail& log, int64_t session_row, SearchHit& hit) {
  FOVEA_ASSIGN_OR_RETURN(const std::vector<StoredTurn> stored,
                         log.ReadStored(session_row, hit.seq, 1));
  if (stored.empty() || stored.front().seq != hit.seq) {
    return absl::DataLossError("the index holds a turn that the log has not");
  }
  FOVEA_ASSIGN_OR_RETURN(const Turn turn, DecodeTurn(stored.front().body, hit.seq));
  const RecallText recall = RecallTextOf(turn);
  std::string_view shown = hit.snippet;
  const bool cut_before = shown.starts_with(kEllipsis);
  if (cut_before) shown.remove_prefix(kEllipsis.size());
  const bool cut_behind = shown.ends_with(kEllipsis);
  if (cut_behind) shown.remove_suffix(kEllipsis.size());
  const std::optional<ByteSpan> span = FindInText(recall, shown);
  if (!span.has_value()) return absl::DataLossError("the index shows what a turn does not hold");
  hit.text = *span;
  const std::string_view text = recall.text;
  hit.snippet.assign(cut_before ? kEllipsis : "");
  hit.snippet += text.substr(span->begin, span->end - span->begin);
  if (cut_behind) hit.snippet += kEllipsis;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteSearchIndex>> SqliteSearchIndex::Open(
    SearchIndexOptions options, LogTail* log) {
  const DatabaseOptions file = {.path = options.path,
                                .vfs = "",
                                .synchronous = DatabaseOptions::Synchronous::kNormal,
                                .secure_delete = true,
                                .prepare = RegisterFts};
  FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         OpenCache(file, kIndexSchema, options.store_id));
  FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<ReadPool> readers,
                         ReadPool::Open(file, std::max(1, options.readers)));
  std::unique_ptr<Indexer> indexer = Indexer::Start(std::move(database), options.path, log);
  return std::unique_ptr<SqliteSearchIndex>(
      new SqliteSearchIndex(std::move(options), log, std::move(indexer), std::move(readers)));
}

absl::StatusOr<SearchAnswer> SqliteSearchIndex::Find(const SessionKey& key,
                                                     const SearchQuery& query) {
  FOVEA_RETURN_IF_ERROR(CheckQuery(query));
  const absl::Status late = absl::DeadlineExceededError(
      "the search took too long: ask for more words, or longer beginnings");
  if (absl::Now() >= query.deadline) return late;
  absl::Time end = std::min(query.deadline, absl::Now() + kMaxTime);
  FtsQuery words;
  if (query.match == SearchMatch::kWords) {
    const auto database = readers_->BorrowBefore(end);
    if (!database) return late;
    FOVEA_ASSIGN_OR_RETURN(words, ParseFtsQuery(**database, OneLine(query.text)));
  }
  FOVEA_ASSIGN_OR_RETURN(const SessionHead head, log_->Head(key));
  const uint64_t indexed = indexer_->WaitFor(head.row, head.last_seq,
                                             std::min(query.deadline, absl::Now() + options_.wait));
  if (indexed == 0) return SearchAnswer();
  // What it waited for the index is not the search's own time.
  end = std::min(query.deadline, absl::Now() + kMaxTime);
  const auto database = readers_->BorrowBefore(end);
  if (!database) return late;
  bool cancelled = false;
  const auto stop = [&] {
    cancelled = cancelled || (query.cancelled && query.cancelled());
    return cancelled || absl::Now() >= end;
  };
  const Database::Watch watch(**database, stop);
  absl::StatusOr<SearchAnswer> answer = FindIn(**database, {head.row, indexed}, words, query);
  if (absl::IsDataLoss(answer.status())) {
    MarkForDiscard(options_.path);
    indexer_->BeginAgain();
    return absl::UnavailableError("the search index is damaged: it is built again");
  }
  if (cancelled) return absl::CancelledError("nobody waits for the search any more");
  if (absl::IsCancelled(answer.status())) return late;
  FOVEA_RETURN_IF_ERROR(answer.status());
  answer->indexed_through_seq = indexed;
  for (SearchHit& hit : answer->hits) FOVEA_RETURN_IF_ERROR(PlaceHit(*log_, head.row, hit));
  return answer;
}

}  // namespace fovea::sqlite
