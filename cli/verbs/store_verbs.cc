// The verbs that keep a whole store: backup, restore-store, repair, retain.
#include <openssl/evp.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/client.h"
#include "cli/formats/line_file.h"
#include "cli/formats/message_json.h"
#include "cli/formats/output_file.h"
#include "cli/numbers.h"
#include "cli/status.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/admin.pb.h"

namespace fovea::cli {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;

std::string Count(uint64_t number) { return Grouped(static_cast<int64_t>(number)); }

class Sha256 {
 public:
  Sha256() { EVP_DigestInit_ex(state_.get(), EVP_sha256(), nullptr); }
  void Update(std::string_view bytes) {
    EVP_DigestUpdate(state_.get(), bytes.data(), bytes.size());
  }
  // 32 bytes; nothing may follow.
  std::string Digest() {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    EVP_DigestFinal_ex(state_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
    digest.resize(size);
    return digest;
  }

 private:
  struct Freer {
    void operator()(EVP_MD_CTX* state) const { EVP_MD_CTX_free(state); }
  };
  const std::unique_ptr<EVP_MD_CTX, Freer> state_{EVP_MD_CTX_new()};
};

struct FileOptions {
  std::string file;
};

// Writes the backup's bytes, and compares them with the header.
absl::StatusOr<v1::BackupChunk::Header> ReceiveBackup(const Environment& environment,
                                                      std::ostream& out, const std::string& name) {
  // Nothing comes before the server has copied the store and read the copy whole.
  FOVEA_ASSIGN_OR_RETURN(
      auto stream,
      environment.client.Start(admin::kBackupStore, v1::BackupStoreRequest(), Pace::kUnlimited));
  ProgressBar progress(environment.console, "bytes");
  v1::BackupChunk chunk;
  v1::BackupChunk::Header header;
  Sha256 digest;
  uint64_t bytes = 0;
  while (stream.Read(&chunk)) {
    if (chunk.has_header()) {
      header = chunk.header();
      continue;
    }
    digest.Update(chunk.data());
    bytes += chunk.data().size();
    out.write(chunk.data().data(), static_cast<std::streamsize>(chunk.data().size()));
    if (!out) stream.Cancel();
    progress.Update(bytes, static_cast<double>(bytes) / static_cast<double>(header.bytes() + 1),
                    "backup");
  }
  const absl::Status status = stream.Finish();
  FOVEA_RETURN_IF_ERROR(OutputStatus(out, name));
  if (!status.ok()) return status;
  if (bytes != header.bytes() || digest.Digest() != header.sha256()) {
    return absl::DataLossError("the backup arrived damaged");
  }
  return header;
}

absl::Status RunBackup(const Environment& environment, const FileOptions& options) {
  if (options.file == "-") {
    if (environment.console.terminal) {
      return WrongUsage(absl::InvalidArgumentError("a backup is nothing that a terminal can show"));
    }
    return ReceiveBackup(environment, environment.console.Exact(), "standard output").status();
  }
  FOVEA_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file,
                         OutputFile::Open(options.file, OutputFile::For::kOwner));
  FOVEA_ASSIGN_OR_RETURN(const v1::BackupChunk::Header header,
                         ReceiveBackup(environment, file->stream(), options.file));
  FOVEA_RETURN_IF_ERROR(file->Finish(/*sync=*/true));
  if (environment.json) {
    environment.PrintJson({{"file", JsonOf(options.file)},
                           {"sessions", header.sessions()},
                           {"turns", header.turns()},
                           {"bytes", header.bytes()}});
  } else {
    environment.console.out << options.file << ": " << Count(header.sessions()) << " sessions, "
                            << Count(header.turns()) << " turns, " << Count(header.bytes())
                            << " bytes, read and checked\n";
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::BackupChunk> HeaderOf(const std::string& path) {
  // It is read twice.
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error)) {
    return absl::InvalidArgumentError(path + " is not a regular file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return ErrnoStatus(path);
  Sha256 digest;
  uint64_t bytes = 0;
  std::string data(kChunkBytes, '\0');
  while (file.read(data.data(), static_cast<std::streamsize>(data.size())) || file.gcount() > 0) {
    const auto count = static_cast<size_t>(file.gcount());
    digest.Update(std::string_view(data).substr(0, count));
    bytes += count;
  }
  if (file.bad()) return ErrnoStatus(path);
  v1::BackupChunk chunk;
  chunk.mutable_header()->set_bytes(bytes);
  chunk.mutable_header()->set_sha256(digest.Digest());
  return chunk;
}

// A stream that the server closed is no error here: Finish tells why.
absl::Status SendBackup(const std::string& path, uint64_t bytes, Upload<v1::BackupChunk>& stream,
                        ProgressBar& progress) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return ErrnoStatus(path);
  std::string data(kChunkBytes, '\0');
  uint64_t sent = 0;
  while (file.read(data.data(), static_cast<std::streamsize>(data.size())) || file.gcount() > 0) {
    v1::BackupChunk chunk;
    chunk.set_data(data.data(), static_cast<size_t>(file.gcount()));
    if (!stream.Write(chunk)) return absl::OkStatus();
    sent += chunk.data().size();
    progress.Update(sent, static_cast<double>(sent) / static_cast<double>(bytes + 1), path);
  }
  return file.bad() ? ErrnoStatus(path) : absl::OkStatus();
}

absl::Status RunRestoreStore(const Environment& environment, const FileOptions& options) {
  FOVEA_ASSIGN_OR_RETURN(const v1::BackupChunk header, HeaderOf(options.file));
  v1::RestoreStoreResponse report;
  FOVEA_ASSIGN_OR_RETURN(auto stream,
                         environment.client.Start(admin::kRestoreStore, &report, Pace::kUnlimited));
  ProgressBar progress(environment.console, "bytes");
  absl::Status sent;
  if (stream.Write(header)) {
    sent = SendBackup(options.file, header.header().bytes(), stream, progress);
  }
  const absl::Status status = stream.Finish(std::move(sent));
  progress.Wipe();
  if (!status.ok()) return status;
  if (environment.json) {
    environment.PrintJson(MessageToJson(report));
    return absl::OkStatus();
  }
  environment.console.out << "restored " << Count(report.sessions()) << " sessions, "
                          << Count(report.turns()) << " turns\n";
  for (const v1::StoreSession& session : report.skipped()) {
    environment.console.out << "left as it is: " << OneLine(session.session_id(), 200)
                            << " of tenant " << OneLine(session.tenant(), 200) << '\n';
  }
  return absl::OkStatus();
}

struct NoOptions {};

absl::Status RunRepair(const Environment& environment, const NoOptions&) {
  FOVEA_ASSIGN_OR_RETURN(
      const v1::RepairStoreResponse report,
      environment.client.Call(admin::kRepairStore, v1::RepairStoreRequest(), Pace::kUnlimited));
  if (environment.json) {
    environment.PrintJson(MessageToJson(report));
  } else {
    for (const std::string& mended : report.mended()) {
      environment.console.out << "mended: " << mended << '\n';
    }
    for (const std::string& left : report.left()) {
      environment.console.out << "still wrong: " << left << '\n';
    }
    if (report.mended().empty() && report.left().empty()) {
      environment.console.out << "nothing to mend\n";
    }
  }
  if (report.left().empty()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the store still has ", report.left_size(), " problems; restore a backup"));
}

struct RetainOptions {
  double days = 0;
  uint64_t bytes = 0;
  bool dry_run = false;
};

absl::Status RunRetain(const Environment& environment, const RetainOptions& options) {
  v1::ApplyRetentionRequest request;
  request.set_max_idle_seconds(
      static_cast<uint64_t>(absl::ToInt64Seconds(options.days * absl::Hours(24))));
  request.set_max_stored_bytes(options.bytes);
  request.set_dry_run(options.dry_run);
  FOVEA_ASSIGN_OR_RETURN(
      const v1::ApplyRetentionResponse report,
      environment.client.Call(admin::kApplyRetention, request, Pace::kUnlimited));
  if (environment.json) {
    environment.PrintJson(MessageToJson(report));
    return absl::OkStatus();
  }
  const char* verb = options.dry_run ? "would delete " : "deleted ";
  for (const v1::ApplyRetentionResponse::Session& gone : report.deleted()) {
    environment.console.out << verb << OneLine(gone.session().session_id(), 200) << " of tenant "
                            << OneLine(gone.session().tenant(), 200) << ", last append "
                            << absl::FormatTime("%Y-%m-%d", absl::FromUnixMicros(gone.updated_us()),
                                                absl::UTCTimeZone())
                            << '\n';
  }
  environment.console.out << verb << Count(report.deleted_sessions()) << " sessions ("
                          << Count(report.deleted_bytes()) << " bytes); "
                          << Count(report.left_sessions()) << " stay ("
                          << Count(report.left_bytes()) << " bytes)\n";
  if (!report.erased()) {
    environment.console.out << "their last words leave the disk shortly, or at the next start\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddStoreVerbs(Verbs& verbs) {
  verbs.Add<FileOptions>(
      "backup", "copy the whole store, as it is at one moment, to a file",
      [](CLI::App& verb, FileOptions& options) {
        verb.add_option("file", options.file,
                        "the file, which is a log.db by itself; - is standard output")
            ->required();
      },
      RunBackup);
  verbs.Add<FileOptions>(
      "restore-store", "bring the sessions of a backup back whose names are free",
      [](CLI::App& verb, FileOptions& options) {
        verb.add_option("file", options.file, "what `fovea backup` wrote, or a log.db")->required();
      },
      RunRestoreStore);
  verbs.Add<NoOptions>(
      "repair", "mend what `fovea verify` finds, as far as it can be", [](CLI::App&, NoOptions&) {},
      RunRepair);
  verbs.Add<RetainOptions>(
      "retain", "delete the sessions that were longest without an append",
      [](CLI::App& verb, RetainOptions& options) {
        TakeDecimal(verb.add_option("--max-idle-days", options.days,
                                    "those without an append for longer go"),
                    0, 20'000);
        TakeBytes(verb.add_option("--max-bytes", options.bytes,
                                  "the oldest go until the turns of all take no more, such as 10G"),
                  1, INT64_MAX);
        verb.add_flag("--dry-run", options.dry_run, "only say what would go");
      },
      RunRetain);
}

}  // namespace fovea::cli
