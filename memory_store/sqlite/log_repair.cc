#include "memory_store/sqlite/log_repair.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/log/turn.h"
#include "memory_store/sqlite/log_rows.h"
#include "memory_store/sqlite/log_salvage.h"
#include "memory_store/sqlite/log_verify.h"
#include "memory_store/turn_chain.h"
#include "memory_store/turn_codec.h"

namespace fovea::sqlite {
namespace {

// A counter that says more turns than this are missing is what is damaged.
constexpr uint64_t kMaxMissing = 100'000;

constexpr char kNotedSql[] = "SELECT last_seq, chain FROM sessions WHERE row = ?1";
constexpr char kTurnsAsWrittenSql[] =
    "SELECT row, seq, body FROM turns WHERE session = ?1 ORDER BY row";
constexpr char kKeepRowSql[] =
    "INSERT INTO damaged_turns (session, seq, body)"
    " SELECT session, seq, body FROM turns WHERE row = ?1";
constexpr char kDeleteRowSql[] = "DELETE FROM turns WHERE row = ?1";
constexpr char kNumberRowSql[] = "UPDATE turns SET seq = ?2 WHERE row = ?1";
constexpr char kKeepDamagedSql[] =
    "INSERT INTO damaged_turns (session, seq, body)"
    " SELECT session, seq, body FROM turns WHERE session = ?1 AND seq = ?2";
constexpr char kReplaceTurnSql[] =
    "UPDATE turns SET body = ?3, text_bytes = ?4 WHERE session = ?1 AND seq = ?2";
constexpr char kInsertTurnSql[] =
    "INSERT INTO turns (session, seq, body, text_bytes) VALUES (?1, ?2, ?3, ?4)";
constexpr char kSetTextBytesSql[] =
    "UPDATE turns SET text_bytes = ?3 WHERE session = ?1 AND seq = ?2";
// In the order in which they were written, below all numbers that they may have.
constexpr char kNumberEventsDownSql[] =
    "UPDATE events SET event_index = -4611686018427387904 - (SELECT COUNT(*) FROM events AS earlier"
    " WHERE earlier.session = ?1 AND earlier.row <= events.row) WHERE session = ?1";
constexpr char kNumberEventsUpSql[] =
    "UPDATE events SET event_index = -4611686018427387904 - event_index WHERE session = ?1";
constexpr char kCountEventsSql[] =
    "SELECT COUNT(*), COALESCE(MIN(event_index), 1), COALESCE(MAX(event_index), 0) FROM events"
    " WHERE session = ?1";
constexpr char kSetCountersSql[] =
    "UPDATE sessions SET last_seq = ?2, text_bytes = ?3, stored_bytes = ?4, event_count = ?5,"
    " chain = ?6, commit_number = ?7 WHERE row = ?1";
constexpr char kKeepOrphanTurnsSql[] =
    "INSERT INTO damaged_turns (session, seq, body) SELECT session, seq, body FROM turns"
    " WHERE session NOT IN (SELECT row FROM sessions)";
constexpr char kOrphanTurnsSql[] =
    "DELETE FROM turns WHERE session NOT IN (SELECT row FROM sessions)";
constexpr char kOrphanEventsSql[] =
    "DELETE FROM events WHERE session NOT IN (SELECT row FROM sessions)";
constexpr char kOrphanKeysSql[] =
    "DELETE FROM idempotency_keys WHERE session NOT IN (SELECT row FROM sessions)";

class Mender {
 public:
  Mender(Database& database, const NamedSession& session)
      : database_(database), session_(session) {}

  absl::StatusOr<MendedSession> Run(uint64_t commit) {
    FOVEA_RETURN_IF_ERROR(PutInOrder());
    FOVEA_RETURN_IF_ERROR(Look());
    for (const uint64_t seq : damaged_) FOVEA_RETURN_IF_ERROR(ReplaceDamaged(seq));
    for (const auto& [seq, bytes] : miscounted_) {
      FOVEA_ASSIGN_OR_RETURN(Query set, database_.Prepare(kSetTextBytesSql));
      FOVEA_RETURN_IF_ERROR(set.Int(session_.row).Unsigned(seq).Unsigned(bytes).Run());
    }
    for (const uint64_t seq : missing_) FOVEA_RETURN_IF_ERROR(InsertMissing(seq));
    FOVEA_ASSIGN_OR_RETURN(const uint64_t events, NumberEvents());
    FOVEA_RETURN_IF_ERROR(Count(events, commit));
    Say("counters and checksums made again from what is there");
    return std::move(mended_);
  }

 private:
  void Say(absl::string_view what) {
    mended_.mended.push_back(absl::StrCat(NameOf(session_), ": ", what));
  }
  absl::Status Change(const char* sql) {
    FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(sql));
    return query.Int(session_.row).Run();
  }

  struct WrittenTurn {
    int64_t row = 0;
    int64_t seq = 0;
    TurnDigest digest;
  };
  // By number, and where that is a rival's (log_salvage.h), by the number that it is for.
  using NumberedTurns = std::map<int64_t, const WrittenTurn*>;

  // Which turns are the session's, and where they stand, if the chain that is noted tells: rows
  // whose number was damaged get theirs back, and what is of another session goes. Where it does
  // not tell which of two turns is the right one, both go, since one may be another tenant's.
  absl::Status PutInOrder() {
    FOVEA_RETURN_IF_ERROR(ReadAsWritten());
    NumberedTurns numbered;
    NumberedTurns rivals;
    std::vector<const WrittenTurn*> strays;
    for (const WrittenTurn& turn : written_) {
      if (turn.seq > 0) {
        numbered[turn.seq] = &turn;
      } else if (turn.seq < 0 && turn.seq > kLowestRival) {
        rivals[-turn.seq] = &turn;
      } else {
        strays.push_back(&turn);
      }
    }
    if (GivesChain(numbered)) return SetAsideBut(numbered);
    NumberedTurns in_order;
    for (const WrittenTurn& turn : written_) {
      in_order[static_cast<int64_t>(in_order.size()) + 1] = &turn;
    }
    if (in_order.size() == noted_last_seq_ && GivesChain(in_order)) return Renumber(in_order);
    if (rivals.size() == 1) {
      NumberedTurns other = numbered;
      other[rivals.begin()->first] = rivals.begin()->second;
      if (GivesChain(other)) return SetAsideBut(other);
    }
    for (const auto& [seq, turn] : rivals) {
      FOVEA_RETURN_IF_ERROR(SetAside(*turn));
      const auto first = numbered.find(seq);
      if (first != numbered.end()) FOVEA_RETURN_IF_ERROR(SetAside(*first->second));
    }
    for (const WrittenTurn* turn : strays) FOVEA_RETURN_IF_ERROR(SetAside(*turn));
    return absl::OkStatus();
  }

  absl::Status ReadAsWritten() {
    {
      FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(kNotedSql));
      FOVEA_RETURN_IF_ERROR(query.Int(session_.row).Step().status());
      noted_last_seq_ = query.UnsignedAt(0);
      const absl::StatusOr<TurnChain> chain = TurnChain::FromBytes(query.BlobAt(1));
      if (chain.ok()) noted_chain_ = *chain;
    }
    FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(kTurnsAsWrittenSql));
    query.Int(session_.row);
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
      if (!found) return absl::OkStatus();
      written_.push_back({query.IntAt(0), query.IntAt(1), DigestTurn(query.BlobAt(2))});
    }
  }

  // Whether turns 1 to the last that is noted are those that were appended.
  bool GivesChain(const NumberedTurns& turns) const {
    TurnChain chain;
    uint64_t next = 1;
    for (const auto& [seq, turn] : turns) {
      if (next > noted_last_seq_ || static_cast<uint64_t>(seq) != next) break;
      chain.Add(next++, turn->digest);
    }
    return next == noted_last_seq_ + 1 && chain == noted_chain_;
  }

  absl::Status SetAsideBut(const NumberedTurns& sound) {
    for (const WrittenTurn& turn : written_) {
      const int64_t seq = std::abs(turn.seq);
      const auto kept = sound.find(seq);
      if (kept != sound.end() && kept->second == &turn &&
          static_cast<uint64_t>(seq) <= noted_last_seq_) {
        continue;
      }
      FOVEA_RETURN_IF_ERROR(SetAside(turn));
    }
    for (const auto& [seq, turn] : sound) {
      if (turn->seq < 0) FOVEA_RETURN_IF_ERROR(Number(*turn, seq));
    }
    return absl::OkStatus();
  }

  absl::Status Renumber(const NumberedTurns& in_order) {
    // Out of each other's way first.
    constexpr int64_t kAside = int64_t{1} << 62;
    for (const auto& [seq, turn] : in_order) {
      if (turn->seq != seq) FOVEA_RETURN_IF_ERROR(NumberRow(turn->row, -kAside - seq));
    }
    for (const auto& [seq, turn] : in_order) {
      if (turn->seq != seq) FOVEA_RETURN_IF_ERROR(Number(*turn, seq));
    }
    return absl::OkStatus();
  }

  absl::Status Number(const WrittenTurn& turn, int64_t seq) {
    FOVEA_RETURN_IF_ERROR(NumberRow(turn.row, seq));
    mended_.turns_changed = true;
    Say(absl::StrCat("turn ", seq, " had lost its number and has it again"));
    return absl::OkStatus();
  }
  absl::Status NumberRow(int64_t row, int64_t seq) {
    FOVEA_ASSIGN_OR_RETURN(Query number, database_.Prepare(kNumberRowSql));
    return number.Int(row).Int(seq).Run();
  }

  absl::Status SetAside(const WrittenTurn& turn) {
    {
      FOVEA_ASSIGN_OR_RETURN(Query keep, database_.Prepare(kKeepRowSql));
      FOVEA_RETURN_IF_ERROR(keep.Int(turn.row).Run());
    }
    FOVEA_ASSIGN_OR_RETURN(Query remove, database_.Prepare(kDeleteRowSql));
    FOVEA_RETURN_IF_ERROR(remove.Int(turn.row).Run());
    mended_.turns_changed = true;
    Say("a turn that is not its own, or not known to be, was set aside");
    return absl::OkStatus();
  }

  absl::Status Look() {
    const uint64_t noted = noted_last_seq_;
    uint64_t next = 1;
    FOVEA_RETURN_IF_ERROR(ScanTurns(
        database_, session_.row, {1, UINT64_MAX},
        [&](uint64_t seq, uint64_t text_bytes, std::string_view body) -> absl::StatusOr<bool> {
          FOVEA_RETURN_IF_ERROR(Miss(next, seq));
          next = seq + 1;
          const absl::StatusOr<Turn> turn = DecodeTurn(body, seq);
          if (!turn.ok()) {
            damaged_.push_back(seq);
          } else if (TurnText(*turn).size() != text_bytes) {
            miscounted_.emplace_back(seq, TurnText(*turn).size());
          }
          return true;
        }));
    if (noted >= next && noted - next < kMaxMissing) return Miss(next, noted + 1);
    return absl::OkStatus();
  }

  absl::Status Miss(uint64_t first, uint64_t end) {
    if (end - first > kMaxMissing) {
      return absl::DataLossError(absl::StrCat("turns ", first, " to ", end - 1, " are missing"));
    }
    for (uint64_t seq = first; seq < end; ++seq) missing_.push_back(seq);
    return absl::OkStatus();
  }

  absl::Status Write(const char* sql, uint64_t seq, absl::string_view what) {
    Turn turn;
    turn.role = Role::kUser;
    turn.attributes_json = R"({"fovea_damaged":true})";
    turn.parts.emplace_back(
        TextPart{absl::StrCat("[turn ", seq, " ", what, "; this note was put in its place]")});
    FOVEA_ASSIGN_OR_RETURN(const std::string body, EncodeTurn(turn));
    FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(sql));
    FOVEA_RETURN_IF_ERROR(
        query.Int(session_.row).Unsigned(seq).Blob(body).Unsigned(TurnText(turn).size()).Run());
    mended_.turns_changed = true;
    Say(absl::StrCat("turn ", seq, " ", what, "; a note stands in its place"));
    return absl::OkStatus();
  }

  absl::Status ReplaceDamaged(uint64_t seq) {
    {
      FOVEA_ASSIGN_OR_RETURN(Query keep, database_.Prepare(kKeepDamagedSql));
      FOVEA_RETURN_IF_ERROR(keep.Int(session_.row).Unsigned(seq).Run());
    }
    return Write(kReplaceTurnSql, seq, "was damaged on the disk and cannot be read");
  }
  absl::Status InsertMissing(uint64_t seq) {
    return Write(kInsertTurnSql, seq, "was lost from the disk");
  }

  absl::StatusOr<uint64_t> NumberEvents() {
    uint64_t count = 0;
    {
      FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(kCountEventsSql));
      FOVEA_RETURN_IF_ERROR(query.Int(session_.row).Step().status());
      count = query.UnsignedAt(0);
      if (query.IntAt(1) == 1 && query.UnsignedAt(2) == count) return count;
    }
    // Through negative numbers, so that no two are the same meanwhile.
    FOVEA_RETURN_IF_ERROR(Change(kNumberEventsDownSql));
    FOVEA_RETURN_IF_ERROR(Change(kNumberEventsUpSql));
    Say("events were missing; those that are left are numbered again");
    return count;
  }

  absl::Status Count(uint64_t events, uint64_t commit) {
    uint64_t last_seq = 0;
    uint64_t text_bytes = 0;
    uint64_t stored_bytes = 0;
    TurnChain chain;
    FOVEA_RETURN_IF_ERROR(
        ScanTurns(database_, session_.row, {1, UINT64_MAX},
                  [&](uint64_t seq, uint64_t text, std::string_view body) -> absl::StatusOr<bool> {
                    last_seq = seq;
                    text_bytes += text;
                    stored_bytes += body.size();
                    chain.Add(seq, DigestTurn(body));
                    return true;
                  }));
    const std::string bytes = chain.ToBytes();
    FOVEA_ASSIGN_OR_RETURN(Query set, database_.Prepare(kSetCountersSql));
    set.Int(session_.row).Unsigned(last_seq).Unsigned(text_bytes).Unsigned(stored_bytes);
    return set.Unsigned(events).Blob(bytes).Unsigned(commit).Run();
  }

  Database& database_;
  const NamedSession& session_;
  uint64_t noted_last_seq_ = 0;
  std::optional<TurnChain> noted_chain_;  // none if it is damaged
  std::vector<WrittenTurn> written_;      // all turns, by row
  std::vector<uint64_t> damaged_;
  std::vector<std::pair<uint64_t, uint64_t>> miscounted_;  // turns and the bytes of their text
  std::vector<uint64_t> missing_;
  MendedSession mended_;
};

absl::Status RemoveOrphans(Database& database, const char* sql, absl::string_view what,
                           absl::string_view done, std::vector<std::string>& mended) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(sql));
  FOVEA_RETURN_IF_ERROR(query.Run());
  if (database.Changes() > 0) {
    mended.push_back(
        absl::StrCat(database.Changes(), " ", what, " of sessions that are not there were ", done));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MendedSession> MendSession(Database& database, const NamedSession& session,
                                          uint64_t commit) {
  return Mender(database, session).Run(commit);
}

absl::StatusOr<std::vector<std::string>> MendTables(Database& database) {
  std::vector<std::string> mended;
  {
    FOVEA_ASSIGN_OR_RETURN(Query keep, database.Prepare(kKeepOrphanTurnsSql));
    FOVEA_RETURN_IF_ERROR(keep.Run());
  }
  FOVEA_RETURN_IF_ERROR(RemoveOrphans(database, kOrphanTurnsSql, "turns",
                                      "set aside in the table damaged_turns", mended));
  FOVEA_RETURN_IF_ERROR(RemoveOrphans(database, kOrphanEventsSql, "events", "removed", mended));
  FOVEA_RETURN_IF_ERROR(
      RemoveOrphans(database, kOrphanKeysSql, "idempotency keys", "removed", mended));
  return mended;
}

}  // namespace fovea::sqlite
