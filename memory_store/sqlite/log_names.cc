#include "memory_store/sqlite/log_names.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/sqlite/log_verify.h"
#include "memory_store/sqlite/session_rows.h"

namespace fovea::sqlite {
namespace {

constexpr size_t kMaxSaid = 1000;
// Entries of an index beyond the sessions that are there: a damaged one may lead in circles.
constexpr uint64_t kMaxEntriesMore = 1'000'000;

// Columns that the index holds, so that the table is not read.
constexpr char kByNameSql[] =
    "SELECT row, tenant, session_id, 0 FROM sessions INDEXED BY sqlite_autoindex_sessions_1";
constexpr char kByCreationSql[] =
    "SELECT row, tenant, session_id, created_us FROM sessions INDEXED BY sessions_by_creation";
constexpr char kCountSql[] = "SELECT COUNT(*) FROM sessions";
constexpr char kNameSql[] = "SELECT tenant, session_id FROM sessions WHERE row = ?1";
constexpr char kSetNameSql[] =
    "UPDATE OR IGNORE sessions SET tenant = ?2, session_id = ?3 WHERE row = ?1";
// Counters and the chain are for MendSession. When it was appended to is lost: it is as young as
// can be, so that no retention takes what was just saved.
constexpr char kComeBackSql[] =
    "INSERT OR IGNORE INTO sessions (row, tenant, session_id, title, metadata_json, created_us,"
    " updated_us, last_seq, event_count, text_bytes, stored_bytes, forked_from, forked_at_seq)"
    " VALUES (?1, ?2, ?3, x'', x'', ?4, CAST(strftime('%s', 'now') AS INTEGER) * 1000000,"
    " (SELECT COALESCE(MAX(seq), 0) FROM turns WHERE session = ?1), 0, 0, 0, x'', 0)";
constexpr char kNumberSql[] =
    "UPDATE OR IGNORE sessions SET row = ?1 WHERE tenant = ?2 AND session_id = ?3";
constexpr char kRemoveSql[] = "DELETE FROM sessions WHERE row = ?1";

struct Name {
  std::string tenant;
  std::string session_id;
  friend bool operator==(const Name& a, const Name& b) {
    return a.tenant == b.tenant && a.session_id == b.session_id;
  }
};

// What is said of a session; nothing where a source does not hold it.
struct Witnesses {
  std::optional<Name> table;
  std::optional<Name> by_name;
  std::optional<Name> by_creation;
  int64_t created_us = 0;
};

class NameMender {
 public:
  NameMender(Database& damaged, Database& salvaged, std::vector<std::string>& said)
      : damaged_(damaged), salvaged_(salvaged), said_(said) {}

  absl::Status Run() {
    {
      FOVEA_ASSIGN_OR_RETURN(Query count, salvaged_.Prepare(kCountSql));
      FOVEA_RETURN_IF_ERROR(count.Step().status());
      max_entries_ = count.UnsignedAt(0) * 2 + kMaxEntriesMore;
    }
    // First which sessions differ anywhere, and then all that is said of those.
    for (const bool note_all : {false, true}) {
      FOVEA_RETURN_IF_ERROR(ReadIndex(kByNameSql, &Witnesses::by_name, note_all));
      FOVEA_RETURN_IF_ERROR(ReadIndex(kByCreationSql, &Witnesses::by_creation, note_all));
    }
    // A name may be another's until that one has its own again.
    std::vector<int64_t> names_taken;
    for (const auto& [row, heard] : differing_) {
      FOVEA_ASSIGN_OR_RETURN(const bool done, Decide(row, heard));
      if (!done) names_taken.push_back(row);
    }
    for (const int64_t row : names_taken) {
      const Witnesses& heard = differing_[row];
      FOVEA_ASSIGN_OR_RETURN(const bool done, Decide(row, heard));
      if (done) continue;
      FOVEA_RETURN_IF_ERROR(heard.table ? Remove(row) : Number(row, *heard.by_name));
    }
    return absl::OkStatus();
  }

 private:
  void Say(std::string what) {
    if (said_.size() < kMaxSaid) said_.push_back(std::move(what));
  }

  // As far as it can be read.
  absl::Status ReadIndex(const char* sql, std::optional<Name> Witnesses::*said, bool note_all) {
    auto entries = damaged_.Prepare(sql);
    if (!entries.ok()) return absl::OkStatus();
    for (uint64_t i = 0; i < max_entries_; ++i) {
      const absl::StatusOr<bool> found = entries->Step();
      if (!found.ok() || !*found) return absl::OkStatus();
      const int64_t row = entries->IntAt(0);
      const Name name = {entries->StringAt(1), entries->StringAt(2)};
      const auto differing = differing_.find(row);
      if (!note_all) {
        if (differing != differing_.end()) continue;
        FOVEA_ASSIGN_OR_RETURN(const std::optional<Name> in_table, InTable(row));
        if (in_table != name) differing_[row].table = in_table;
      } else if (differing != differing_.end()) {
        Witnesses& heard = differing->second;
        // Of two entries of one row, one has another's number.
        if (heard.*said == std::nullopt || heard.table == name) heard.*said = name;
        if (sql == kByCreationSql) heard.created_us = entries->IntAt(3);
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<Name>> InTable(int64_t row) {
    FOVEA_ASSIGN_OR_RETURN(Query query, salvaged_.Prepare(kNameSql));
    FOVEA_ASSIGN_OR_RETURN(const bool found, query.Int(row).Step());
    if (!found) return std::nullopt;
    return Name{query.StringAt(0), query.StringAt(1)};
  }

  // False if the name that it should have is another's now.
  absl::StatusOr<bool> Decide(int64_t row, const Witnesses& heard) {
    const bool indexes_agree = heard.by_name && heard.by_name == heard.by_creation;
    if (!heard.table) {
      if (!indexes_agree) return true;
      // Nobody asks for what was being deleted or imported.
      if (!IsOpenName(heard.by_name->session_id)) return true;
      return ComeBack(row, *heard.by_name, heard.created_us);
    }
    if (heard.table == heard.by_name || heard.table == heard.by_creation) {
      Say(absl::StrCat(Called(row, *heard.table), ": an index had another name for it"));
      return true;
    }
    if (indexes_agree) return Rename(row, *heard.by_name);
    FOVEA_RETURN_IF_ERROR(Remove(row));
    return true;
  }

  static std::string Called(int64_t row, const Name& name) {
    return NameOf({.row = row, .tenant = name.tenant, .session_id = name.session_id});
  }

  absl::StatusOr<bool> ComeBack(int64_t row, const Name& name, int64_t created_us) {
    {
      FOVEA_ASSIGN_OR_RETURN(Query insert, salvaged_.Prepare(kComeBackSql));
      FOVEA_RETURN_IF_ERROR(
          insert.Int(row).Blob(name.tenant).Blob(name.session_id).Int(created_us).Run());
    }
    if (salvaged_.Changes() == 0) return false;
    Say(absl::StrCat(Called(row, name),
                     " was lost from its table and is made again from the indexes, without its "
                     "title and metadata"));
    return true;
  }

  absl::StatusOr<bool> Rename(int64_t row, const Name& name) {
    {
      FOVEA_ASSIGN_OR_RETURN(Query set, salvaged_.Prepare(kSetNameSql));
      FOVEA_RETURN_IF_ERROR(set.Int(row).Blob(name.tenant).Blob(name.session_id).Run());
    }
    if (salvaged_.Changes() == 0) return false;
    Say(absl::StrCat(Called(row, name),
                     ": its tenant or name was damaged and is again what both indexes say"));
    return true;
  }

  // The session of that name has a number under which no index knows it: that is what is damaged.
  absl::Status Number(int64_t row, const Name& name) {
    {
      FOVEA_ASSIGN_OR_RETURN(Query set, salvaged_.Prepare(kNumberSql));
      FOVEA_RETURN_IF_ERROR(set.Int(row).Blob(name.tenant).Blob(name.session_id).Run());
    }
    if (salvaged_.Changes() > 0) {
      Say(absl::StrCat(Called(row, name), ": its number was damaged and is that of both indexes"));
    }
    return absl::OkStatus();
  }

  absl::Status Remove(int64_t row) {
    {
      FOVEA_ASSIGN_OR_RETURN(Query remove, salvaged_.Prepare(kRemoveSql));
      FOVEA_RETURN_IF_ERROR(remove.Int(row).Run());
    }
    if (salvaged_.Changes() > 0) {
      Say(absl::StrCat("session ", row, ": whose it is cannot be told, since the table and the ",
                       "indexes differ; nobody sees it, and its turns are set aside"));
    }
    return absl::OkStatus();
  }

  Database& damaged_;
  Database& salvaged_;
  std::vector<std::string>& said_;
  uint64_t max_entries_ = 0;
  std::map<int64_t, Witnesses> differing_;
};

}  // namespace

absl::Status MendNames(Database& damaged, Database& salvaged, std::vector<std::string>& said) {
  return NameMender(damaged, salvaged, said).Run();
}

}  // namespace fovea::sqlite
