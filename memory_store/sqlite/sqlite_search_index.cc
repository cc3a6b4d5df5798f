#include "memory_store/sqlite/sqlite_search_index.h"

#include <algorithm>
#include <vector>

#include "absl/time/clock.h"
#include "memory_store/search_text.h"
#include "memory_store/sqlite/fts.h"
#include "memory_store/sqlite/index_rows.h"
#include "memory_store/sqlite/status_macros.h"

namespace fovea::sqlite {
namespace {

constexpr int kMaxHits = 200;

absl::StatusOr<std::vector<SearchHit>> Find(Database& database, const IndexedSession& session,
                                            const FtsQuery& query, SearchOrder order, int limit) {
  std::vector<SearchHit> hits;
  STORE_RETURN_IF_ERROR(database.ReadTransaction([&]() -> absl::Status {
    STORE_ASSIGN_OR_RETURN(hits, order == SearchOrder::kRelevance
                                     ? FindBest(database, session, query, limit)
                                     : FindNewest(database, session, query, limit));
    return absl::OkStatus();
  }));
  return hits;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteSearchIndex>> SqliteSearchIndex::Open(
    SearchIndexOptions options, LogTail* log) {
  const DatabaseOptions file = {.path = options.path,
                                .vfs = "",
                                .synchronous = DatabaseOptions::Synchronous::kNormal,
                                .secure_delete = true};
  STORE_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         OpenCache(file, kIndexSchema, options.store_id));
  STORE_ASSIGN_OR_RETURN(std::unique_ptr<ReadPool> readers,
                         ReadPool::Open(file, std::max(1, options.readers), RegisterMatchCounts));
  std::unique_ptr<Indexer> indexer = Indexer::Start(std::move(database), options.path, log);
  return std::unique_ptr<SqliteSearchIndex>(
      new SqliteSearchIndex(std::move(options), log, std::move(indexer), std::move(readers)));
}

absl::StatusOr<SearchAnswer> SqliteSearchIndex::Search(const SessionKey& key,
                                                       std::string_view query, SearchOrder order,
                                                       int limit) {
  if (limit < 1 || limit > kMaxHits) {
    return absl::InvalidArgumentError("a search gives 1 to 200 hits");
  }
  FtsQuery words;
  {
    const ReadPool::Lease database = readers_->Borrow();
    STORE_ASSIGN_OR_RETURN(words, ParseFtsQuery(*database, OneLine(query)));
  }
  STORE_ASSIGN_OR_RETURN(const SessionHead head, log_->Head(key));
  SearchAnswer answer;
  answer.indexed_through_seq =
      indexer_->WaitFor(head.row, head.last_seq, absl::Now() + options_.wait);
  if (answer.indexed_through_seq == 0) return answer;
  const ReadPool::Lease database = readers_->Borrow();
  absl::StatusOr<std::vector<SearchHit>> hits =
      Find(*database, {head.row, answer.indexed_through_seq}, words, order, limit);
  if (absl::IsDataLoss(hits.status())) {
    MarkForDiscard(options_.path);
    return absl::UnavailableError("the search index is damaged");
  }
  STORE_RETURN_IF_ERROR(hits.status());
  answer.hits = *std::move(hits);
  return answer;
}

}  // namespace fovea::sqlite
