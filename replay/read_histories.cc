#include "replay/read_histories.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "replay/printable.h"
#include "transcripts/files/file_name.h"
#include "transcripts/files/line_reader.h"
#include "transcripts/lossless_json.h"
#include "transcripts/transcript.h"

namespace fovea::replay {
namespace {

using Sessions = std::vector<std::unique_ptr<Session>>;

constexpr size_t kMaxNameBytes = 200;

absl::Status At(const std::string& path, const absl::Status& status) {
  return {status.code(), absl::StrCat(path, ": ", status.message())};
}

// A FIFO that nobody writes to would be waited for without end, and a device may have none. What a
// shell gives for <(...) is a pipe, which ends with its writer.
absl::Status CheckKind(const std::string& path) {
  struct stat about = {};
  // What is missing is said when it is opened.
  if (path == "-" || stat(path.c_str(), &about) != 0 || S_ISREG(about.st_mode)) {
    return absl::OkStatus();
  }
  struct statfs place = {};
  if (S_ISFIFO(about.st_mode) && statfs(path.c_str(), &place) == 0 &&
      place.f_type == PIPEFS_MAGIC) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": is no regular file; - reads standard input"));
}

std::string NameOf(const transcripts::Transcript& transcript, const std::string& path) {
  std::string name =
      Printable(transcript.session_id.empty() ? std::filesystem::path(path).filename().string()
                                              : transcript.session_id);
  if (name.size() <= kMaxNameBytes) return name;
  constexpr char kMore[] = "…";
  return absl::StrCat(name.substr(0, CharacterStart(name, kMaxNameBytes - sizeof(kMore) + 1)),
                      kMore);
}

// OK, too, where a file of a folder is of no format or not of `wanted`.
absl::Status ReadFile(const std::string& path, std::optional<transcripts::Format> wanted,
                      bool in_folder, Histories& histories) {
  FOVEA_RETURN_IF_ERROR(CheckKind(path));
  auto lines = transcripts::LineReader::Open(
      path, {.line = transcripts::kMaxJsonBytes, .file = kMaxHistoryBytes});
  if (in_folder && absl::IsNotFound(lines.status())) return absl::OkStatus();  // it went meanwhile
  if (!lines.ok()) return lines.status();
  transcripts::TranscriptReader reader(**lines, {.leave_cut_line = true});
  auto format = wanted.has_value() && !in_folder ? absl::StatusOr<transcripts::Format>(*wanted)
                                                 : reader.Detect();
  // Other files lie beside an agent's sessions.
  if (in_folder && (absl::IsInvalidArgument(format.status()) ||
                    (format.ok() && wanted.has_value() && *format != *wanted))) {
    return absl::OkStatus();
  }
  histories.files.push_back(path);
  if (!format.ok()) return At(path, format.status());
  transcripts::ReadReport report;
  std::vector<std::unique_ptr<Session>>& sessions = histories.sessions;
  const auto take = [&](transcripts::Transcript transcript) {
    for (size_t i = 0; i < transcript.turns.size(); ++i) transcript.turns[i].seq = i + 1;
    if (!transcript.turns.empty()) {
      const std::string name = NameOf(transcript, path);
      sessions.push_back(std::make_unique<Session>(name, std::move(transcript.turns)));
    }
    return absl::OkStatus();
  };
  const size_t before = sessions.size();
  absl::Status status = reader.Read(*format, take, &report);
  if (!status.ok()) {
    sessions.resize(before);
    return At(path, status);
  }
  if (sessions.size() == before) {
    return absl::NotFoundError(absl::StrCat(path, ": holds no turns"));
  }
  if (report.cut_line > 0) {
    histories.left_out.push_back(
        absl::StrCat(path, ", line ", report.cut_line,
                     ": is cut off in the middle; what stands before it is read"));
  }
  return absl::OkStatus();
}

// The files and folders right in a folder; links to folders are not followed, so that there is no
// way around in circles.
absl::Status List(const std::string& folder, std::vector<std::string>& files,
                  std::vector<std::string>& folders) {
  std::error_code error;
  std::filesystem::directory_iterator at(folder, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    std::error_code gone;
    const std::string path = at->path().string();
    if (std::filesystem::is_directory(at->symlink_status(gone))) {
      folders.push_back(path);
    } else if (at->is_regular_file(gone) && transcripts::CouldHoldASession(path)) {
      files.push_back(path);
    }
  }
  if (error) return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
  return absl::OkStatus();
}

// The files below a folder that could hold a session, by name.
absl::StatusOr<std::vector<std::string>> FilesBelow(const std::string& folder,
                                                    std::vector<std::string>& left_out) {
  std::vector<std::string> files;
  std::vector<std::string> folders;
  FOVEA_RETURN_IF_ERROR(List(folder, files, folders));
  while (!folders.empty()) {
    const std::string next = std::move(folders.back());
    folders.pop_back();
    const absl::Status status = List(next, files, folders);
    if (!status.ok()) left_out.emplace_back(status.message());
  }
  std::ranges::sort(files);
  return files;
}

absl::Status ReadFolder(const std::string& folder, std::optional<transcripts::Format> wanted,
                        Histories& histories) {
  const size_t before = histories.sessions.size();
  const size_t left_out = histories.left_out.size();
  FOVEA_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                         FilesBelow(folder, histories.left_out));
  for (const std::string& path : files) {
    absl::Status status = ReadFile(path, wanted, /*in_folder=*/true, histories);
    if (!status.ok()) histories.left_out.emplace_back(status.message());
  }
  if (histories.sessions.size() > before) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat(folder, ": no file below it holds a session",
                   histories.left_out.size() == left_out ? "" : " that can be read; the first: ",
                   histories.left_out.size() == left_out ? "" : histories.left_out[left_out]));
}

// Figures are put together by a session's name.
void TellApart(Sessions& sessions) {
  absl::flat_hash_set<std::string> names;
  for (const auto& session : sessions) {
    const std::string name = session->name;
    for (int i = 2; !names.insert(session->name).second; ++i) {
      session->name = absl::StrCat(name, " (", i, ")");
    }
  }
}

}  // namespace

absl::StatusOr<Histories> ReadHistories(const std::vector<std::string>& paths,
                                        const std::string& format) {
  std::optional<transcripts::Format> wanted;
  if (!format.empty()) {
    FOVEA_ASSIGN_OR_RETURN(wanted, transcripts::FormatByName(format));
  }
  Histories histories;
  for (const std::string& path : paths) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      FOVEA_RETURN_IF_ERROR(ReadFolder(path, wanted, histories));
      continue;
    }
    FOVEA_RETURN_IF_ERROR(ReadFile(path, wanted, /*in_folder=*/false, histories));
  }
  TellApart(histories.sessions);
  return histories;
}

}  // namespace fovea::replay
