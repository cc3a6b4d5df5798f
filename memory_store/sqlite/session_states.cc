#include "memory_store/sqlite/session_states.h"

#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/sqlite/log_verify.h"

namespace fovea::sqlite {
namespace {

// A damaged state may be of any type, which compares as it likes.
constexpr char kListNotPlainSql[] =
    "SELECT row, tenant, session_id, CASE TYPEOF(state) WHEN 'integer' THEN state ELSE -1 END,"
    " final_id FROM sessions WHERE state IS NOT 0 OR session_id < x'01'"
    " ORDER BY row";
constexpr char kOpenSql[] = "UPDATE sessions SET state = 0, final_id = x'' WHERE row = ?1";
constexpr char kRemoveSql[] = "DELETE FROM sessions WHERE row = ?1";

enum class Form { kOpen, kStaged, kDeleting, kWasOpen, kWasHidden, kUnknown };

Form FormOf(int64_t row, std::string_view name, int64_t state, std::string_view final_name) {
  constexpr auto kOpen = static_cast<int64_t>(SessionRow::State::kOpen);
  constexpr auto kStaged = static_cast<int64_t>(SessionRow::State::kStaged);
  constexpr auto kDeleting = static_cast<int64_t>(SessionRow::State::kDeleting);
  if (IsOpenName(name)) {
    return state == kOpen ? Form::kOpen : Form::kWasOpen;
  }
  if (name == HiddenName(row)) {
    if (state == kStaged && IsOpenName(final_name)) return Form::kStaged;
    if (state == kDeleting && final_name.empty()) return Form::kDeleting;
    return Form::kWasHidden;
  }
  return state == kOpen ? Form::kOpen : Form::kUnknown;
}

// Of all sessions but those that are plainly open.
absl::Status ForEach(Database& database,
                     absl::FunctionRef<void(Form form, NamedSession session)> take) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kListNotPlainSql));
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return absl::OkStatus();
    NamedSession session = {query.IntAt(0), query.StringAt(1), query.StringAt(2)};
    const Form form = FormOf(session.row, session.session_id, query.IntAt(3), query.BlobAt(4));
    take(form, std::move(session));
  }
}

absl::Status Change(Database& database, const char* sql, int64_t row) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(sql));
  return query.Int(row).Run();
}

}  // namespace

absl::StatusOr<std::vector<int64_t>> ListUnfinished(Database& database) {
  std::vector<int64_t> rows;
  FOVEA_RETURN_IF_ERROR(ForEach(database, [&](Form form, const NamedSession& session) {
    if (form == Form::kStaged || form == Form::kDeleting) rows.push_back(session.row);
  }));
  return rows;
}

absl::StatusOr<std::vector<int64_t>> ListHidden(Database& database) {
  std::vector<int64_t> rows;
  FOVEA_RETURN_IF_ERROR(ForEach(database, [&](Form form, const NamedSession& session) {
    if (form == Form::kDeleting) rows.push_back(session.row);
  }));
  return rows;
}

absl::StatusOr<std::vector<UnsoundState>> ListUnsoundStates(Database& database) {
  std::vector<UnsoundState> unsound;
  FOVEA_RETURN_IF_ERROR(ForEach(database, [&](Form form, NamedSession session) {
    switch (form) {
      case Form::kOpen:
      case Form::kStaged:
      case Form::kDeleting:
        return;
      case Form::kWasOpen:
        unsound.push_back({std::move(session), UnsoundState::Was::kOpen});
        return;
      case Form::kWasHidden:
        unsound.push_back({std::move(session), UnsoundState::Was::kErased});
        return;
      case Form::kUnknown:
        unsound.push_back({std::move(session), UnsoundState::Was::kUnknown});
        return;
    }
  }));
  return unsound;
}

std::string Describe(const UnsoundState& unsound) {
  switch (unsound.was) {
    case UnsoundState::Was::kOpen:
      return absl::StrCat(
          NameOf(unsound.session),
          ": its state is damaged, so that nobody finds it; nothing of it was removed");
    case UnsoundState::Was::kErased:
      return absl::StrCat("session ", unsound.session.row,
                          ", which was deleted or not wholly imported: its state is damaged, so "
                          "that it was not erased");
    case UnsoundState::Was::kUnknown:
      break;
  }
  return absl::StrCat("session ", unsound.session.row, ": its state and its name are damaged");
}

absl::StatusOr<MendedStates> MendStates(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(const std::vector<UnsoundState> unsound, ListUnsoundStates(database));
  MendedStates mended;
  for (const UnsoundState& state : unsound) {
    const int64_t row = state.session.row;
    switch (state.was) {
      case UnsoundState::Was::kOpen:
        FOVEA_RETURN_IF_ERROR(Change(database, kOpenSql, row));
        mended.opened.push_back(row);
        mended.mended.push_back(
            absl::StrCat(NameOf(state.session), ": its state was damaged; it is open again"));
        break;
      case UnsoundState::Was::kErased:
        FOVEA_RETURN_IF_ERROR(HideSession(database, row));
        mended.mended.push_back(
            absl::StrCat("session ", row, ", which was deleted or not wholly imported, is erased"));
        break;
      case UnsoundState::Was::kUnknown:
        FOVEA_RETURN_IF_ERROR(Change(database, kRemoveSql, row));
        mended.mended.push_back(
            absl::StrCat("session ", row, ": what it was cannot be told; its turns are set aside"));
        break;
    }
  }
  return mended;
}

}  // namespace fovea::sqlite
