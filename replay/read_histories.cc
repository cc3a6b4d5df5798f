#include "replay/read_histories.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "transcripts/files/line_reader.h"
#include "transcripts/lossless_json.h"
#include "transcripts/transcript.h"

namespace fovea::replay {
namespace {

using Sessions = std::vector<std::unique_ptr<Session>>;

absl::Status At(const std::string& path, const absl::Status& status) {
  return {status.code(), absl::StrCat(path, ": ", status.message())};
}

// OK, too, where a file of a folder is of no format or not of `wanted`.
absl::Status ReadFile(const std::string& path, std::optional<transcripts::Format> wanted,
                      bool in_folder, Sessions& sessions) {
  auto lines = transcripts::LineReader::Open(
      path, {.line = transcripts::kMaxJsonBytes, .file = kMaxHistoryBytes});
  if (!lines.ok()) return lines.status();
  transcripts::TranscriptReader reader(**lines, transcripts::ReadOptions());
  auto format = wanted.has_value() && !in_folder ? absl::StatusOr<transcripts::Format>(*wanted)
                                                 : reader.Detect();
  // Other files lie beside an agent's sessions.
  if (in_folder && (absl::IsInvalidArgument(format.status()) ||
                    (format.ok() && wanted.has_value() && *format != *wanted))) {
    return absl::OkStatus();
  }
  if (!format.ok()) return At(path, format.status());
  transcripts::ReadReport report;
  const auto take = [&](transcripts::Transcript transcript) {
    for (size_t i = 0; i < transcript.turns.size(); ++i) transcript.turns[i].seq = i + 1;
    const std::string name = transcript.session_id.empty()
                                 ? std::filesystem::path(path).filename().string()
                                 : transcript.session_id;
    if (!transcript.turns.empty()) {
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
  if (sessions.size() > before) return status;
  return absl::NotFoundError(absl::StrCat(path, ": holds no turns"));
}

// The files below a folder, by name.
absl::StatusOr<std::vector<std::string>> FilesBelow(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(folder, error);
  for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    if (at->is_regular_file(error)) files.push_back(at->path().string());
  }
  if (error) return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
  std::ranges::sort(files);
  return files;
}

absl::Status ReadFolder(const std::string& folder, std::optional<transcripts::Format> wanted,
                        Histories& histories) {
  auto files = FilesBelow(folder);
  if (!files.ok()) return files.status();
  const size_t before = histories.sessions.size();
  const size_t left_out = histories.left_out.size();
  for (const std::string& path : *files) {
    absl::Status status = ReadFile(path, wanted, /*in_folder=*/true, histories.sessions);
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
    auto named = transcripts::FormatByName(format);
    if (!named.ok()) return named.status();
    wanted = *named;
  }
  Histories histories;
  for (const std::string& path : paths) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      absl::Status status = ReadFolder(path, wanted, histories);
      if (!status.ok()) return status;
      continue;
    }
    absl::Status status = ReadFile(path, wanted, /*in_folder=*/false, histories.sessions);
    if (!status.ok()) return status;
  }
  TellApart(histories.sessions);
  return histories;
}

}  // namespace fovea::replay
