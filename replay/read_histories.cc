#include "replay/read_histories.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "transcripts/transcript.h"

namespace fovea::replay {
namespace {

using Sessions = std::vector<std::unique_ptr<Session>>;

absl::Status At(const std::string& path, const absl::Status& status) {
  return {status.code(), absl::StrCat(path, ": ", status.message())};
}

// Plain files come as they are.
absl::StatusOr<std::string> Unpacked(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (file == nullptr) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::string bytes;
  constexpr unsigned kStep = 1 << 20;
  for (;;) {
    const size_t before = bytes.size();
    if (before > kMaxHistoryBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path, ": is over ", kMaxHistoryBytes, " bytes"));
    }
    bytes.resize(before + kStep);
    const int read = gzread(file.get(), bytes.data() + before, kStep);
    if (read < 0) return absl::InvalidArgumentError(absl::StrCat(path, ": is damaged"));
    bytes.resize(before + static_cast<size_t>(read));
    if (read == 0) return bytes;
  }
}

absl::Status ReadFile(const std::string& path, const std::string& bytes, transcripts::Format format,
                      Sessions& sessions) {
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
  const absl::Status status =
      transcripts::ReadTranscripts(bytes, format, transcripts::ReadOptions(), take, &report);
  return status.ok() ? status : At(path, status);
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

absl::Status ReadFolder(const std::string& folder, Sessions& sessions) {
  auto files = FilesBelow(folder);
  if (!files.ok()) return files.status();
  const size_t before = sessions.size();
  for (const std::string& path : *files) {
    auto bytes = Unpacked(path);
    if (!bytes.ok()) return bytes.status();
    auto format = transcripts::DetectFormat(*bytes);
    if (!format.ok()) continue;  // other files lie beside an agent's sessions
    absl::Status status = ReadFile(path, *bytes, *format, sessions);
    if (!status.ok()) return status;
  }
  if (sessions.size() > before) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(folder, ": no file below it holds a session"));
}

}  // namespace

absl::StatusOr<Sessions> ReadHistories(const std::vector<std::string>& paths,
                                       const std::string& format) {
  Sessions sessions;
  for (const std::string& path : paths) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      absl::Status status = ReadFolder(path, sessions);
      if (!status.ok()) return status;
      continue;
    }
    auto bytes = Unpacked(path);
    if (!bytes.ok()) return bytes.status();
    auto found =
        format.empty() ? transcripts::DetectFormat(*bytes) : transcripts::FormatByName(format);
    if (!found.ok()) return At(path, found.status());
    absl::Status status = ReadFile(path, *bytes, *found, sessions);
    if (!status.ok()) return status;
  }
  return sessions;
}

}  // namespace fovea::replay
