#include "cli/verbs/import.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/formats/json.h"
#include "cli/formats/line_file.h"
#include "cli/status.h"
#include "cli/verbs/import_files.h"
#include "cli/verbs/import_target.h"
#include "core/base/status_macros.h"
#include "transcripts/lossless_json.h"
#include "transcripts/proto/turn_proto.h"
#include "transcripts/transcript.h"

namespace fovea::cli {
namespace {

using transcripts::Format;
using transcripts::Transcript;

constexpr absl::Duration kWatchPause = absl::Milliseconds(500);

// The file's name without its folders and endings.
std::string StemOf(const std::string& path) {
  if (path == "-") return "stdin";
  std::filesystem::path name = std::filesystem::path(path).filename();
  if (name.extension() == ".gz") name = name.stem();
  return name.stem().string();
}

class Importer {
 public:
  Importer(const Environment& environment, const ImportOptions& options)
      : environment_(environment), options_(options), progress_(environment.console, "turns") {}

  absl::Status ImportAll(const std::vector<ImportFile>& files) {
    uint64_t all = 0;
    for (const ImportFile& file : files) all += file.bytes;
    for (const ImportFile& file : files) {
      share_ = all == 0 ? 0 : static_cast<double>(passed_bytes_) / static_cast<double>(all);
      absl::Status status = ImportOne(file);
      if (failed_) return status;
      // What is wrong with one file keeps no other from being imported.
      if (!status.ok()) problems_.push_back(std::move(status));
      passed_bytes_ += file.bytes;
    }
    passed_bytes_ = 0;
    return absl::OkStatus();
  }

  // Imports what changed, again and again.
  absl::Status Watch(std::vector<ImportFile> seen) {
    std::map<std::string, ImportFile> known;
    for (ImportFile& file : seen) known[file.path] = file;
    while (true) {
      absl::SleepFor(kWatchPause);
      FOVEA_ASSIGN_OR_RETURN(std::vector<ImportFile> files, FindImportFiles(options_.files));
      for (const ImportFile& file : files) {
        ImportFile& last = known[file.path];
        if (last.bytes == file.bytes && last.changed_ns == file.changed_ns) continue;
        last = file;
        taken_.clear();
        const size_t before = appended_;
        FOVEA_RETURN_IF_ERROR(ImportOne(file));
        progress_.Wipe();
        if (!environment_.console.Exact()) return absl::OkStatus();  // nobody listens any more
        if (appended_ > before && !environment_.json) {
          environment_.console.out << OneLine(file.path, kMaxColumns) << ": " << appended_ - before
                                   << " turns more" << std::endl;
        }
      }
    }
  }

  // If a session was imported.
  bool any() const { return !sessions_.empty(); }

  // Of all files: the error of the first that was not read whole, and how many there were.
  absl::Status Problems() const {
    if (problems_.empty()) return absl::OkStatus();
    absl::Status first = problems_.front();
    if (problems_.size() > 1) {
      first = absl::Status(
          first.code(), absl::StrCat(std::string(first.message()), "; and ", problems_.size() - 1,
                                     " more files were not read whole"));
    }
    return first;
  }

  // With --json the report says what the error is, so that there is one value.
  void Report() {
    progress_.Wipe();
    if (environment_.json) {
      Json ids = Json::array();
      for (const Json& session : sessions_) ids.push_back(session["session_id"]);
      Json report = {{"sessions", ids},
                     {"turns", appended_},
                     {"imported", sessions_},
                     {"unknown_keys", unknown_keys_},
                     {"passed_over", passed_over_},
                     {"skipped_files", skipped_}};
      if (!problems_.empty()) {
        report["error"] = ErrorJson(Problems())["error"];
        report["problems"] = Json::array();
        for (const absl::Status& problem : problems_) {
          report["problems"].push_back(JsonOf(std::string(problem.message())));
        }
      }
      environment_.PrintJson(report, !options_.acks);
      return;
    }
    std::ostream& out = environment_.console.out;
    for (const Json& session : sessions_) out << DescribeSession(session) << '\n';
    if (sessions_.empty()) out << "no sessions\n";
    Tell("unknown keys, kept in attributes", unknown_keys_);
    Tell("no part of a conversation, passed over", passed_over_);
    if (!skipped_.empty()) {
      out << skipped_.size() << " files of no known kind, such as "
          << OneLine(skipped_.front().get<std::string>(), kMaxColumns) << '\n';
    }
    if (problems_.size() < 2) return;  // one is said as the error
    for (const absl::Status& problem : problems_) {
      out << "not read whole: " << OneLine(std::string(problem.message()), kMaxProblem) << '\n';
    }
  }

 private:
  static constexpr size_t kMaxColumns = 200;
  static constexpr size_t kMaxProblem = 1'000;

  void Tell(const char* what, const Json& counts) {
    if (counts.empty()) return;
    std::string line = absl::StrCat(what, ":");
    for (const auto& [name, value] : counts.items()) {
      absl::StrAppend(&line, line.back() == ':' ? " " : ", ", OneLine(name, kMaxColumns), " (",
                      value.is_string() ? value.get<std::string>() : DumpJson(value), ")");
    }
    environment_.console.out << line << '\n';
  }

  static std::string DescribeSession(const Json& session) {
    std::string line = absl::StrCat(OneLine(session["session_id"].get<std::string>(), kMaxColumns),
                                    "  ", session["turns"].get<uint64_t>(), " turns of ",
                                    session["format"].get<std::string>());
    if (const auto present = session["already_there"].get<uint64_t>(); present > 0) {
      absl::StrAppend(&line, ", ", present, " of them there already");
    }
    if (session["renamed"].get<bool>()) {
      absl::StrAppend(&line, "  (in the file: ", DumpJson(session["id_in_file"]), ")");
    }
    return line;
  }

  absl::Status ImportOne(const ImportFile& file) {
    // A line may be a whole session, and a file one value.
    FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<LineReader> lines,
                           LineReader::Open(file.path, {.line = transcripts::kMaxJsonBytes}));
    transcripts::TranscriptReader reader(
        *lines,
        {.live = options_.watch, .strict = options_.strict, .leave_cut_line = !options_.watch});
    absl::StatusOr<Format> format =
        options_.format.empty() ? reader.Detect() : transcripts::FormatByName(options_.format);
    if (!format.ok()) {
      // A folder may hold other files as well; and one that is being written may be cut short.
      if ((file.in_folder || options_.watch) && absl::IsInvalidArgument(format.status())) {
        skipped_.push_back(JsonOf(file.path));
        return absl::OkStatus();
      }
      return Within(file.path, ": ", format.status());
    }
    transcripts::ReadReport report;
    count_in_file_ = 0;
    const absl::Status status = reader.Read(
        *format,
        [&](Transcript transcript) { return Import(file.path, *format, std::move(transcript)); },
        &report);
    for (const auto& [key, line] : report.unknown_keys) {
      if (!unknown_keys_.contains(key)) {
        unknown_keys_[key] = absl::StrCat(StemOf(file.path), ", line ", line);
      }
    }
    for (const auto& [kind, count] : report.passed_over) {
      passed_over_[kind] = passed_over_.value(kind, uint64_t{0}) + count;
    }
    if (status.ok() && report.cut_line > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(file.path, ", line ", report.cut_line,
                       ": is cut off in the middle; what stands before it ",
                       options_.dry_run ? "can be imported" : "was imported"));
    }
    if (status.ok() || failed_) return status;
    // It may be whole the next time; a limit stays one.
    if (options_.watch && !absl::IsResourceExhausted(status)) return absl::OkStatus();
    return Within(file.path, ", ", status);
  }

  static absl::Status Within(const std::string& path, const char* between,
                             const absl::Status& status) {
    return {status.code(), absl::StrCat(path, between, std::string(status.message()))};
  }

  absl::Status Import(const std::string& path, Format format, Transcript transcript) {
    ++count_in_file_;
    const absl::Status status = Place(path, format, std::move(transcript));
    failed_ = failed_ || !status.ok();
    return status;
  }

  // The session's id in the file, or one made of the file's name and the session's line in it.
  std::string NameOf(const std::string& path, const Transcript& transcript) const {
    if (!transcript.session_id.empty()) return transcript.session_id;
    // The members of a list all stand on one line.
    return absl::StrCat(StemOf(path), "-",
                        count_in_file_ > transcript.line ? count_in_file_ : transcript.line);
  }

  absl::Status Place(const std::string& path, Format format, Transcript transcript) {
    Outgoing session{.id = UsableSessionId(NameOf(path, transcript)),
                     .title = transcript.title,
                     .metadata_json = transcript.metadata_json};
    const uint64_t count = transcript.turns.size();
    const uint64_t line = transcript.line;
    Target target{.session_id = session.id};
    if (!options_.dry_run) {
      session.turns.resize(count);
      for (size_t i = 0; i < count; ++i) {
        TurnToProto(transcript.turns[i], &session.turns[i]);
        transcript.turns[i] = Turn();  // a large session is not held twice
      }
      transcript.turns.clear();
      FOVEA_ASSIGN_OR_RETURN(Target placed,
                             PlaceSession(environment_.client, session, taken_, options_.resume));
      target = std::move(placed);
      taken_.insert(target.session_id);
      FOVEA_RETURN_IF_ERROR(AppendRest(
          environment_.client, target,
          {.until = options_.until, .turn_by_turn = options_.turn_by_turn}, session.turns,
          [&](const auto& request, const auto& response) { Appended(request, response); }));
    }
    sessions_.push_back({{"session_id", target.session_id},
                         {"id_in_file", JsonOf(transcript.session_id)},
                         {"renamed", target.session_id != transcript.session_id},
                         {"file", JsonOf(path)},
                         {"line", line},
                         {"format", transcripts::InfoOf(format).name},
                         {"title", JsonOf(transcript.title)},
                         {"turns", count},
                         {"already_there", target.present}});
    return absl::OkStatus();
  }

  void Appended(const v1::AppendTurnsRequest& request, const v1::AppendTurnsResponse& response) {
    appended_ += static_cast<uint64_t>(request.turns_size());
    if (options_.acks) {
      environment_.PrintJson({{"session", request.session_id()},
                              {"first_seq", response.first_seq()},
                              {"last_seq", response.last_seq()}},
                             /*pretty=*/false);
    }
    progress_.Update(appended_, share_, request.session_id());
  }

  const Environment& environment_;
  const ImportOptions& options_;
  ProgressBar progress_;
  double share_ = 0;  // of all bytes, what the files before have
  uint64_t passed_bytes_ = 0;
  uint64_t count_in_file_ = 0;   // sessions of the file at hand so far
  std::set<std::string> taken_;  // names that earlier sessions went to
  std::vector<Json> sessions_;   // what Report tells about each
  Json unknown_keys_ = Json::object();
  Json passed_over_ = Json::object();
  Json skipped_ = Json::array();
  uint64_t appended_ = 0;
  std::vector<absl::Status> problems_;  // of files that were not read whole
  bool failed_ = false;                 // the server refused, so that the file is not to blame
};

}  // namespace

absl::Status RunImport(const Environment& environment, const ImportOptions& options) {
  FOVEA_ASSIGN_OR_RETURN(std::vector<ImportFile> files, FindImportFiles(options.files));
  Importer importer(environment, options);
  FOVEA_RETURN_IF_ERROR(importer.ImportAll(files));
  const absl::Status problems = importer.Problems();
  if (files.size() == 1 && !problems.ok() && !importer.any()) return problems;
  importer.Report();
  environment.console.out.flush();
  if (!problems.ok()) return environment.json ? Reported(problems) : problems;
  return options.watch ? importer.Watch(std::move(files)) : absl::OkStatus();
}

void AddImportVerb(Verbs& verbs) {
  verbs.Add<ImportOptions>(
      "import", "bring sessions from the files that agents keep of them",
      [](CLI::App& verb, ImportOptions& options) {
        verb.add_option("files", options.files,
                        "files, plain or .gz, or folders with all that is in them; - is standard "
                        "input")
            ->required();
        std::vector<std::string> names;
        for (const auto& info : transcripts::Formats()) names.emplace_back(info.name);
        verb.add_option("--format", options.format,
                        "the kind of file; told by its content if not given")
            ->check(CLI::IsMember(names));
        verb.add_flag("--dry-run", options.dry_run, "list what would be imported");
        verb.add_flag("--strict", options.strict, "a key that is not known is an error");
        verb.add_flag("--watch", options.watch, "go on as the files grow");
        verb.add_flag("--resume", options.resume,
                      "fail where the server has another session of that id, in place of a copy");
        DeclareSeq(verb, "--until", options.until,
                   "stop after this turn of each session; the next import goes on there");
        verb.add_flag("--turn-by-turn", options.turn_by_turn, "append one turn a call");
        verb.add_flag("--acks", options.acks,
                      "print a JSON line for every acknowledged append as it goes");
      },
      RunImport);
}

}  // namespace fovea::cli
