#include "memory_store/sqlite/file_guard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/sqlite/file_size.h"

namespace fovea::sqlite {
namespace {

// https://www.sqlite.org/fileformat.html, section 4.
constexpr uint64_t kWalHeaderBytes = 32;
constexpr uint64_t kFrameHeaderBytes = 24;

absl::Status CheckLength(const std::string& path, uint64_t found, uint64_t left) {
  if (found >= left) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      path, " has ", found, " bytes, but ", left,
      " were written: somebody cut it, and what is written now would be lost. Stop the server; "
      "turns may be lost already, and a backup has them"));
}

}  // namespace

FileGuard::FileGuard(const std::string& path, uint64_t page_bytes)
    : page_bytes_(page_bytes),
      database_{.path = path, .bytes = FileBytes(path)},
      wal_{.path = absl::StrCat(path, "-wal"), .bytes = FileBytes(absl::StrCat(path, "-wal"))} {}

absl::Status FileGuard::CheckLengths() const {
  FOVEA_RETURN_IF_ERROR(CheckLength(database_.path, FileBytes(database_.path), DatabaseNeeds()));
  return CheckLength(wal_.path, FileBytes(wal_.path), wal_.bytes);
}

uint64_t FileGuard::DatabaseNeeds() const {
  return std::min<uint64_t>(database_.bytes, shrinks_to_);
}

void FileGuard::WillShrinkTo(uint64_t database_bytes) {
  if (database_bytes < DatabaseNeeds()) shrinks_to_ = database_bytes;
}

absl::Status FileGuard::Check() const {
  const uint64_t before = changes_;
  if (before % 2 != 0) return absl::OkStatus();
  absl::Status status = CheckLengths();
  // What was written meanwhile has a length of its own.
  return changes_ == before ? status : absl::OkStatus();
}

absl::Status FileGuard::Begin() {
  FOVEA_RETURN_IF_ERROR(CheckLengths());
  ++changes_;
  return absl::OkStatus();
}

absl::Status FileGuard::End(int wal_pages) {
  const uint64_t database = FileBytes(database_.path);
  const uint64_t wal = FileBytes(wal_.path);
  // A checkpoint may empty it; a commit holds what it says.
  const auto pages = static_cast<uint64_t>(wal_pages);
  const uint64_t needed =
      pages == 0 ? 0 : kWalHeaderBytes + pages * (kFrameHeaderBytes + page_bytes_);
  const absl::Status database_status = CheckLength(database_.path, database, DatabaseNeeds());
  const absl::Status wal_status = CheckLength(wal_.path, wal, needed);
  if (database_status.ok() && database < database_.bytes) {
    database_.bytes = database;
    shrinks_to_ = UINT64_MAX;
  }
  database_.bytes = std::max<uint64_t>(database, database_.bytes);
  wal_.bytes = std::max(wal, needed);
  ++changes_;
  return database_status.ok() ? wal_status : database_status;
}

}  // namespace fovea::sqlite
