// The verbs that carry sessions from one server to another: export, restore.
#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/client.h"
#include "cli/formats/line_file.h"
#include "cli/formats/message_json.h"
#include "cli/formats/output_file.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/session.pb.h"
#include "transcripts/fovea_history.h"
#include "transcripts/lossless_json.h"
#include "transcripts/proto/turn_proto.h"

namespace fovea::cli {
namespace {

struct ExportOptions {
  std::string session;
  std::string file;  // empty: standard output
  std::string format = "chunks";
};

// Writes the chunks of an export in one of the two formats. Single thread.
class ExportWriter {
 public:
  ExportWriter(std::ostream& out, bool as_history) : out_(out), as_history_(as_history) {}

  absl::Status Write(const v1::ExportChunk& chunk) {
    if (chunk.has_turn()) ++turns_;
    if (as_history_) return WriteHistory(chunk);
    std::string line;
    const auto status = google::protobuf::util::MessageToJsonString(chunk, &line);
    if (!status.ok()) return absl::InternalError(std::string(status.message()));
    out_ << line << '\n';
    return absl::OkStatus();
  }

  void Finish() {
    if (as_history_) out_ << "]}\n";
    out_.flush();
  }

  uint64_t turns() const { return turns_; }

 private:
  // One long line, written as the turns come: {"session_id": ..., "turns": [...]}.
  absl::Status WriteHistory(const v1::ExportChunk& chunk) {
    if (chunk.has_header()) {
      const v1::Session& session = chunk.header().session();
      std::string head = DumpJson(
          transcripts::HistoryHead(session.session_id(), session.title(), session.metadata_json()));
      head.pop_back();
      out_ << head << R"(,"turns":[)";
    } else if (chunk.has_turn()) {
      FOVEA_ASSIGN_OR_RETURN(const Turn turn, TurnFromProto(chunk.turn(), "turn"));
      out_ << (turns_ > 1 ? "," : "") << DumpJson(transcripts::HistoryTurn(turn));
    }
    return absl::OkStatus();
  }

  std::ostream& out_;
  const bool as_history_;
  uint64_t turns_ = 0;
};

absl::StatusOr<uint64_t> ExportTo(const Environment& environment, const ExportOptions& options,
                                  std::ostream& out, const std::string& name) {
  v1::ExportSessionRequest request;
  request.set_session_id(options.session);
  FOVEA_ASSIGN_OR_RETURN(auto stream,
                         environment.client.Start(sessions::kExportSession, request, Pace::kSlow));
  ExportWriter writer(out, options.format == "jsonl");
  v1::ExportChunk chunk;
  bool any = false;
  while (stream.Read(&chunk)) {
    any = true;
    absl::Status status = writer.Write(chunk);
    if (status.ok() && !out) status = OutputStatus(out, name);
    if (!status.ok()) {
      stream.Cancel();
      return status;
    }
  }
  FOVEA_RETURN_IF_ERROR(stream.Finish());
  if (any) writer.Finish();
  FOVEA_RETURN_IF_ERROR(OutputStatus(out, name));
  return writer.turns();
}

absl::Status RunExport(const Environment& environment, const ExportOptions& options) {
  if (options.file.empty() || options.file == "-") {
    return ExportTo(environment, options, environment.console.Exact(), "standard output").status();
  }
  FOVEA_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file,
                         OutputFile::Open(options.file, OutputFile::For::kOwner));
  FOVEA_ASSIGN_OR_RETURN(const uint64_t turns,
                         ExportTo(environment, options, file->stream(), options.file));
  FOVEA_RETURN_IF_ERROR(file->Finish());
  if (environment.json) {
    environment.PrintJson({{"session_id", JsonOf(options.session)},
                           {"file", JsonOf(options.file)},
                           {"turns", turns}});
  } else {
    environment.console.out << options.file << ": " << turns << " turns\n";
  }
  return absl::OkStatus();
}

// A line holds a chunk: at most one turn, of which JSON may write a byte as six ("\\u0000"), and
// what stands around it.
constexpr size_t kMaxChunkLineBytes = 6 * kMaxTurnBytes + (size_t{1} << 20);

struct RestoreOptions {
  std::string file;
  std::string id;
};

absl::StatusOr<v1::ExportChunk> ParseChunk(const std::string& line, const RestoreOptions& options) {
  if (transcripts::CountJsonValues(line) > transcripts::kMaxJsonValues) {
    return absl::ResourceExhaustedError(
        absl::StrCat("JSON of more than ", transcripts::kMaxJsonValues, " values"));
  }
  v1::ExportChunk chunk;
  const auto status = google::protobuf::util::JsonStringToMessage(line, &chunk);
  if (!status.ok()) return absl::InvalidArgumentError(std::string(status.message()));
  if (chunk.has_header() && !options.id.empty()) {
    chunk.mutable_header()->mutable_session()->set_session_id(options.id);
  }
  return chunk;
}

// Sends the file's chunks. A stream that the server closed is no error here: Finish tells why.
absl::Status SendChunks(LineReader& reader, const RestoreOptions& options,
                        Upload<v1::ExportChunk>& stream, ProgressBar& progress) {
  while (true) {
    absl::StatusOr<std::optional<std::string>> line = reader.Next();
    if (!line.ok()) {
      return {line.status().code(),
              absl::StrCat(options.file, ", ", std::string(line.status().message()))};
    }
    if (!line->has_value()) return absl::OkStatus();
    if ((*line)->empty()) continue;
    const absl::StatusOr<v1::ExportChunk> chunk = ParseChunk(**line, options);
    if (!chunk.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(options.file, ", line ", reader.line_number(),
                       " is not of an export: ", chunk.status().message()));
    }
    if (!stream.Write(*chunk)) return absl::OkStatus();
    progress.Update(reader.line_number(), reader.Share(), options.file);
  }
}

absl::Status RunRestore(const Environment& environment, const RestoreOptions& options) {
  FOVEA_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader,
                         LineReader::Open(options.file, {.line = kMaxChunkLineBytes}));
  // The last answer comes when all is read, checked and stored.
  v1::Session session;
  FOVEA_ASSIGN_OR_RETURN(
      auto stream, environment.client.Start(sessions::kImportSession, &session, Pace::kUnlimited));
  ProgressBar progress(environment.console, "lines");
  absl::Status sent = SendChunks(*reader, options, stream, progress);
  const absl::Status status = stream.Finish(std::move(sent));
  progress.Wipe();
  if (!status.ok()) return status;
  if (environment.json) {
    environment.PrintJson(MessageToJson(session));
  } else {
    environment.console.out << session.session_id() << ": " << session.last_seq() << " turns\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddTransferVerbs(Verbs& verbs) {
  verbs.Add<ExportOptions>(
      "export", "write a session with everything needed to restore it",
      [](CLI::App& verb, ExportOptions& options) {
        DeclareSession(verb, options.session);
        verb.add_option("--out", options.file, "the file; standard output if not given, or by -");
        verb.add_option("--format", options.format,
                        "chunks: everything, for `restore`; jsonl: the format of `import`")
            ->capture_default_str()
            ->check(CLI::IsMember({"chunks", "jsonl"}));
      },
      RunExport);
  verbs.Add<RestoreOptions>(
      "restore", "bring a session back from its export",
      [](CLI::App& verb, RestoreOptions& options) {
        verb.add_option("file", options.file, "the export; - is standard input")->required();
        verb.add_option("--id", options.id, "another id for the session");
      },
      RunRestore);
}

}  // namespace fovea::cli
