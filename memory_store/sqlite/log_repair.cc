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

// Notes that are written for a session where its bytes do not tell how many turns are missing, and
// where they do.
constexpr uint64_t kMaxMissing = 100'000;
constexpr uint64_t kMaxKnownMissing = 1'000'000;
constexpr size_t kMaxSaid = 1000;
// No encoded turn is smaller (turn_codec.h): a version and a compressed frame.
constexpr uint64_t kMinTurnBytes = 10;

constexpr char kNotedSql[] = "SELECT last_seq, chain, stored_bytes FROM sessions WHERE row = ?1";
constexpr char kTurnsAsWrittenSql[] =
    "SELECT row, seq, body FROM turns WHERE session = ?1 ORDER BY row";
constexpr char kCountBehindSql[] =
    "SELECT COUNT(*), COALESCE(SUM(seq > ?2), 0) FROM turns WHERE session = ?1 AND seq > 0";
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
    for (const SeqRange& run : missing_) FOVEA_RETURN_IF_ERROR(InsertMissing(run));
    FOVEA_ASSIGN_OR_RETURN(const uint64_t events, NumberEvents());
    FOVEA_RETURN_IF_ERROR(Count(events, commit));
    Say("counters and checksums made again from what is there");
    return std::move(mended_);
  }

 private:
  void Say(absl::string_view what) {
    if (mended_.mended.size() >= kMaxSaid) return;
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
    uint64_t bytes = 0;
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
    if (FindEnd(numbered)) return SetAsideBut(numbered);
    NumberedTurns in_order;
    for (const WrittenTurn& turn : written_) {
      in_order[static_cast<int64_t>(in_order.size()) + 1] = &turn;
    }
    if (FindEnd(in_order) && end_ == in_order.size()) return Renumber(in_order);
    if (rivals.size() == 1) {
      NumberedTurns other = numbered;
      other[rivals.begin()->first] = rivals.begin()->second;
      if (FindEnd(other)) return SetAsideBut(other);
    }
    end_.reset();
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
      noted_bytes_ = query.UnsignedAt(2);
    }
    FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(kTurnsAsWrittenSql));
    query.Int(session_.row);
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
      if (!found) return absl::OkStatus();
      const std::string_view body = query.BlobAt(2);
      written_.push_back({query.IntAt(0), query.IntAt(1), DigestTurn(body), body.size()});
      found_bytes_ += body.size();
    }
  }

  // Sets `end_` to the last turn for which turns 1 to that one are those that were appended. The
  // number that is noted may be what is damaged; chains of two ends do not meet by chance. None but
  // a session without turns ends where it begins, whatever zeros stand in the place of its chain.
  bool FindEnd(const NumberedTurns& turns) {
    end_.reset();
    TurnChain chain;
    uint64_t next = 1;
    const bool empty = noted_last_seq_ == 0 || (written_.empty() && noted_bytes_ == 0);
    if (empty && chain == noted_chain_) end_ = 0;
    for (const auto& [seq, turn] : turns) {
      if (static_cast<uint64_t>(seq) != next) break;
      chain.Add(next, turn->digest);
      if (chain == noted_chain_) end_ = next;
      ++next;
    }
    return end_.has_value();
  }

  absl::Status SetAsideBut(const NumberedTurns& sound) {
    for (const WrittenTurn& turn : written_) {
      const int64_t seq = std::abs(turn.seq);
      const auto kept = sound.find(seq);
      if (kept != sound.end() && kept->second == &turn && static_cast<uint64_t>(seq) <= *end_) {
        continue;
      }
      FOVEA_RETURN_IF_ERROR(SetAside(turn));
    }
    for (const auto& [seq, turn] : sound) {
      if (turn->seq >= 0 || static_cast<uint64_t>(seq) > *end_) continue;
      FOVEA_RETURN_IF_ERROR(Number(*turn, seq));
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
    found_bytes_ -= turn.bytes;
    mended_.turns_changed = true;
    Say("a turn that is not its own, or not known to be, was set aside");
    return absl::OkStatus();
  }

  absl::Status Look() {
    FOVEA_RETURN_IF_ERROR(LookBehindNoted());
    std::vector<uint64_t> far;
    uint64_t next = 1;
    FOVEA_RETURN_IF_ERROR(ScanTurns(
        database_, session_.row, {1, UINT64_MAX},
        [&](uint64_t seq, uint64_t text_bytes, std::string_view body) -> absl::StatusOr<bool> {
          if (!CanMiss(next, seq)) {
            far.push_back(seq);
            return true;
          }
          Miss(next, seq);
          next = seq + 1;
          const absl::StatusOr<Turn> turn = DecodeTurn(body, seq);
          if (!turn.ok()) {
            damaged_.push_back(seq);
          } else if (TurnText(*turn).size() != text_bytes) {
            miscounted_.emplace_back(seq, TurnText(*turn).size());
          }
          return true;
        }));
    if (!far.empty()) FOVEA_RETURN_IF_ERROR(SetAsideFar(far));
    const uint64_t end = end_.value_or(noted_last_seq_);
    if (end >= next && end - next < Lost(kMaxKnownMissing)) Miss(next, end + 1);
    return absl::OkStatus();
  }

  // Of one turn behind the last that is noted, where that leaves room for all, the number is what
  // is damaged.
  absl::Status LookBehindNoted() {
    if (end_) return absl::OkStatus();
    FOVEA_ASSIGN_OR_RETURN(Query query, database_.Prepare(kCountBehindSql));
    FOVEA_RETURN_IF_ERROR(
        query.Int(session_.row).Int(static_cast<int64_t>(noted_last_seq_)).Step().status());
    noted_holds_ = query.UnsignedAt(0) <= noted_last_seq_ && query.UnsignedAt(1) == 1;
    return absl::OkStatus();
  }

  // Turns that can be lost, by the bytes that are.
  uint64_t Lost(uint64_t at_most) const {
    const uint64_t bytes = noted_bytes_ > found_bytes_ ? noted_bytes_ - found_bytes_ : 0;
    return std::min(at_most, bytes / kMinTurnBytes);
  }

  // Whether the turns from `next` on may be missing before `seq`; else its number is damaged. Only
  // what is noted tells of turns up to there.
  bool CanMiss(uint64_t next, uint64_t seq) const {
    const uint64_t gap = seq - next;
    if (gap == 0) return true;
    if (noted_holds_ && seq > noted_last_seq_) return false;
    return gap <= Lost(kMaxKnownMissing) || (seq <= noted_last_seq_ && gap <= kMaxMissing);
  }

  void Miss(uint64_t first, uint64_t end) {
    if (first < end) missing_.push_back({first, end - 1});
  }

  absl::Status SetAsideFar(const std::vector<uint64_t>& far) {
    for (const WrittenTurn& turn : written_) {
      if (turn.seq <= 0 ||
          !std::binary_search(far.begin(), far.end(), static_cast<uint64_t>(turn.seq))) {
        continue;
      }
      FOVEA_RETURN_IF_ERROR(SetAside(turn));
    }
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
    return absl::OkStatus();
  }

  absl::Status ReplaceDamaged(uint64_t seq) {
    {
      FOVEA_ASSIGN_OR_RETURN(Query keep, database_.Prepare(kKeepDamagedSql));
      FOVEA_RETURN_IF_ERROR(keep.Int(session_.row).Unsigned(seq).Run());
    }
    constexpr absl::string_view kWhat = "was damaged on the disk and cannot be read";
    Say(absl::StrCat("turn ", seq, " ", kWhat, "; a note stands in its place"));
    return Write(kReplaceTurnSql, seq, kWhat);
  }
  absl::Status InsertMissing(const SeqRange& run) {
    for (uint64_t seq = run.first; seq <= run.last; ++seq) {
      FOVEA_RETURN_IF_ERROR(Write(kInsertTurnSql, seq, "was lost from the disk"));
    }
    Say(run.first == run.last
            ? absl::StrCat("turn ", run.first,
                           " was lost from the disk; a note stands in its place")
            : absl::StrCat("turns ", run.first, " to ", run.last,
                           " were lost from the disk; notes stand in their places"));
    return absl::OkStatus();
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
  uint64_t noted_bytes_ = 0;
  uint64_t found_bytes_ = 0;  // of the turns that are not set aside
  bool noted_holds_ = false;
  std::optional<uint64_t> end_;           // the last turn, if the chain tells
  std::optional<TurnChain> noted_chain_;  // none if it is damaged
  std::vector<WrittenTurn> written_;      // all turns, by row
  std::vector<uint64_t> damaged_;
  std::vector<std::pair<uint64_t, uint64_t>> miscounted_;  // turns and the bytes of their text
  std::vector<SeqRange> missing_;
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
