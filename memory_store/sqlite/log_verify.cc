#include "memory_store/sqlite/log_verify.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/log/turn.h"
#include "memory_store/absl_view.h"
#include "memory_store/sqlite/log_rows.h"
#include "memory_store/sqlite/session_states.h"
#include "memory_store/turn_codec.h"

namespace fovea::sqlite {
namespace {

constexpr size_t kMaxProblems = 1000;

constexpr char kIntegrityCheckSql[] = "PRAGMA integrity_check(100)";
constexpr char kCountersSql[] =
    "SELECT last_seq, event_count, text_bytes, stored_bytes, chain FROM sessions WHERE row = ?1"
    " AND state < 2";
constexpr char kSumEventsSql[] =
    "SELECT COUNT(*), COALESCE(MIN(event_index), 1), COALESCE(MAX(event_index), 0) FROM events"
    " WHERE session = ?1";
constexpr char kOrphansSql[] =
    "SELECT 'turns', session FROM turns WHERE session NOT IN (SELECT row FROM sessions)"
    " UNION SELECT 'events', session FROM events WHERE session NOT IN (SELECT row FROM sessions)"
    " UNION SELECT 'idempotency keys', session FROM idempotency_keys"
    " WHERE session NOT IN (SELECT row FROM sessions) ORDER BY 1, 2";

struct Counters {
  uint64_t last_seq = 0;
  uint64_t events = 0;
  uint64_t text_bytes = 0;
  uint64_t stored_bytes = 0;
  TurnChain chain;
};

class Verifier {
 public:
  Verifier(Database& database, UnsoundParts* unsound) : database_(database), unsound_(unsound) {}

  absl::StatusOr<VerifyReport> Run() {
    FOVEA_RETURN_IF_ERROR(Note(CheckFile(), "file"));
    if (unsound_ != nullptr) unsound_->file = problems_ > 0;
    {
      FOVEA_ASSIGN_OR_RETURN(const std::vector<UnsoundState> states, ListUnsoundStates(database_));
      for (const UnsoundState& state : states) Problem(Describe(state));
      if (unsound_ != nullptr) unsound_->states = !states.empty();
    }
    FOVEA_ASSIGN_OR_RETURN(const std::vector<NamedSession> sessions, ListNames(database_));
    for (const NamedSession& session : sessions) {
      name_ = NameOf(session);
      const size_t before = problems_;
      FOVEA_RETURN_IF_ERROR(
          Note(database_.ReadTransaction([&] { return CheckSession(session.row); }), name_));
      if (unsound_ != nullptr && problems_ > before) unsound_->sessions.push_back(session);
    }
    const size_t before = problems_;
    FOVEA_RETURN_IF_ERROR(Note(CheckOrphans(), "orphans"));
    if (unsound_ != nullptr) unsound_->orphans = problems_ > before;
    return std::move(report_);
  }

 private:
  void Problem(std::string text) {
    ++problems_;
    if (report_.problems.size() < kMaxProblems) report_.problems.push_back(std::move(text));
  }
  // That the connection was told to stop is no problem of the file's.
  absl::Status Note(const absl::Status& status, absl::string_view where) {
    if (absl::IsCancelled(status)) return status;
    if (!status.ok()) Problem(absl::StrCat(where, ": ", status.message()));
    return absl::OkStatus();
  }
  void Compare(absl::string_view what, uint64_t noted, uint64_t found) {
    if (noted == found) return;
    Problem(absl::StrCat(name_, ": ", what, " is noted as ", noted, ", but is ", found));
  }

  absl::Status CheckFile() {
    FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(kIntegrityCheckSql));
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) return absl::OkStatus();
      if (query.BlobAt(0) != "ok") Problem(absl::StrCat("file: ", AbslView(query.BlobAt(0))));
    }
  }

  absl::Status CheckSession(int64_t row) {
    Counters noted;
    {
      FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(kCountersSql));
      FOVEA_ASSIGN_OR_RETURN(const bool found, query.Int(row).Step());
      if (!found) return absl::OkStatus();  // deleted since it was listed
      noted = {query.UnsignedAt(0), query.UnsignedAt(1), query.UnsignedAt(2), query.UnsignedAt(3),
               TurnChain::FromBytes(query.BlobAt(4)).value_or(TurnChain())};
    }
    ++report_.sessions;
    FOVEA_ASSIGN_OR_RETURN(const Counters found, CountTurns(row));
    Compare("the last turn", noted.last_seq, found.last_seq);
    Compare("bytes of text", noted.text_bytes, found.text_bytes);
    Compare("stored bytes", noted.stored_bytes, found.stored_bytes);
    if (noted.chain != found.chain) {
      Problem(absl::StrCat(name_, ": its turns are not those that were appended: their checksums ",
                           "do not give the one that is noted"));
    }
    return CheckEvents(row, noted.events);
  }

  absl::StatusOr<Counters> CountTurns(int64_t row) {
    Counters found;
    FOVEA_RETURN_IF_ERROR(ScanTurns(
        database_, row, {0, UINT64_MAX},
        [&](uint64_t seq, uint64_t text_bytes, std::string_view body) -> absl::StatusOr<bool> {
          ++report_.turns;
          if (seq != found.last_seq + 1) {
            Problem(absl::StrCat(name_, ": turn ", seq, " follows ", found.last_seq));
          }
          found.last_seq = seq;
          found.text_bytes += text_bytes;
          found.stored_bytes += body.size();
          found.chain.Add(seq, DigestTurn(body));
          const absl::StatusOr<Turn> turn = DecodeTurn(body, seq);
          if (!turn.ok()) {
            Problem(absl::StrCat(name_, ": ", turn.status().message()));
          } else {
            Compare(absl::StrCat("text of turn ", seq), text_bytes, TurnText(*turn).size());
          }
          return true;
        }));
    return found;
  }

  absl::Status CheckEvents(int64_t row, uint64_t noted) {
    FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(kSumEventsSql));
    FOVEA_RETURN_IF_ERROR(query.Int(row).Step().status());
    Compare("the number of events", noted, query.UnsignedAt(0));
    Compare("the first event", 1, query.UnsignedAt(1));
    Compare("the last event", noted, query.UnsignedAt(2));
    return absl::OkStatus();
  }

  absl::Status CheckOrphans() {
    FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(kOrphansSql));
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) return absl::OkStatus();
      Problem(absl::StrCat(AbslView(query.BlobAt(0)), " of session ", query.IntAt(1),
                           ", which is not there"));
    }
  }

  Database& database_;
  UnsoundParts* const unsound_;
  size_t problems_ = 0;
  std::string name_;  // of the session that is looked at
  VerifyReport report_;
};

}  // namespace

absl::StatusOr<VerifyReport> VerifyLog(Database& database, UnsoundParts* unsound) {
  return Verifier(database, unsound).Run();
}

std::string NameOf(const NamedSession& session) {
  return absl::StrCat("session ", absl::CHexEscape(session.session_id), " of tenant ",
                      absl::CHexEscape(session.tenant));
}

}  // namespace fovea::sqlite
