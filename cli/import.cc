#include "cli/import.h"

#include <openssl/sha.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/history.h"
#include "cli/line_file.h"

namespace fovea::cli {
namespace {

using Sessions = v1::SessionService::Stub;

constexpr size_t kBatchTurns = 256;
constexpr size_t kBatchBytes = size_t{8} << 20;
constexpr size_t kMaxIdBytes = 200;
constexpr int kAppendTries = 6;
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);

std::string Sha256Hex(const std::string& bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return absl::BytesToHexString(
      std::string(reinterpret_cast<const char*>(digest), SHA256_DIGEST_LENGTH));
}

// One session on its way from the file to the server.
struct Target {
  std::string session_id;
  uint64_t present = 0;  // turns that were there already
};

// What a session of the server is to a history.
struct Present {
  enum Kind : uint8_t { kNone, kBeginning, kOther } kind;
  uint64_t turns;
};

std::string CopyName(const std::string& id, int copy) {
  return copy == 1 ? id : absl::StrCat(id, "-", copy);
}

class Importer {
 public:
  Importer(const Environment& environment, const ImportOptions& options)
      : environment_(environment), options_(options), progress_(environment.console, "turns") {}

  absl::Status ImportFile(const std::string& path) {
    absl::StatusOr<std::unique_ptr<LineReader>> reader = LineReader::Open(path);
    if (!reader.ok()) return reader.status();
    reader_ = reader->get();
    while (true) {
      absl::StatusOr<std::optional<std::string>> line = reader_->Next();
      if (!line.ok()) return line.status();
      if (!line->has_value()) return absl::OkStatus();
      if ((*line)->find_first_not_of(" \t\r") == std::string::npos) continue;
      if (absl::Status status = ImportLine(path, **line); !status.ok()) return status;
    }
  }

  void Report() {
    progress_.Wipe();
    if (environment_.json) {
      Json ids = Json::array();
      for (const Json& session : sessions_) ids.push_back(session["session_id"]);
      environment_.PrintJson({{"sessions", ids}, {"turns", appended_}, {"imported", sessions_}},
                             !options_.acks);
      return;
    }
    for (const Json& session : sessions_) {
      environment_.console.out << DescribeSession(session) << '\n';
    }
  }

 private:
  static std::string DescribeSession(const Json& session) {
    std::string line = absl::StrCat(session["session_id"].get<std::string>(), "  ",
                                    session["turns"].get<uint64_t>(), " turns");
    if (const auto present = session["already_there"].get<uint64_t>(); present > 0) {
      absl::StrAppend(&line, ", ", present, " of them there already");
    }
    if (session["renamed"].get<bool>()) {
      absl::StrAppend(&line, "  (in the file: ", DumpJson(session["id_in_file"]), ")");
    }
    return line;
  }

  absl::Status ImportLine(const std::string& path, const std::string& line) {
    absl::StatusOr<History> history = ParseHistory(line);
    if (!history.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ", line ", reader_->line_number(), ": ", history.status().message()));
    }
    const std::string id = UsableSessionId(
        history->session_id.empty()
            ? absl::StrCat(path == "-" ? "stdin" : std::filesystem::path(path).stem().string(), "-",
                           reader_->line_number())
            : history->session_id);
    absl::StatusOr<Target> target =
        options_.resume ? PlaceResumed(id, *history) : PlaceNew(id, *history);
    if (!target.ok()) return target.status();
    taken_.insert(target->session_id);
    if (absl::Status status = AppendAll(*target, history->turns); !status.ok()) return status;
    sessions_.push_back({{"session_id", target->session_id},
                         {"id_in_file", JsonOf(history->session_id)},
                         {"renamed", target->session_id != history->session_id},
                         {"file", JsonOf(path)},
                         {"line", reader_->line_number()},
                         {"turns", history->turns.size()},
                         {"already_there", target->present}});
    return absl::OkStatus();
  }

  // The first free name of id, id-2, id-3, ...
  absl::StatusOr<Target> PlaceNew(const std::string& id, const History& history) {
    for (int copy = 1;; ++copy) {
      const std::string name = CopyName(id, copy);
      if (taken_.count(name) != 0) continue;
      const absl::Status status = Create(name, history);
      if (status.ok()) return Target{name, 0};
      if (!absl::IsAlreadyExists(status)) return status;
    }
  }

  // The first of id, id-2, id-3, ... that holds a beginning of the history, or `id` if there is
  // none.
  absl::StatusOr<Target> PlaceResumed(const std::string& id, const History& history) {
    bool seen_other = false;
    for (int copy = 1;; ++copy) {
      const std::string name = CopyName(id, copy);
      if (taken_.count(name) != 0) continue;
      const absl::StatusOr<Present> present = Look(name, history.turns);
      if (!present.ok()) return present.status();
      if (present->kind == Present::kBeginning) return Target{name, present->turns};
      if (present->kind == Present::kOther) {
        seen_other = true;
        continue;
      }
      if (seen_other) {
        return absl::FailedPreconditionError(
            absl::StrCat("session ", id,
                         " is there but is not a beginning of the file's; import without --resume "
                         "to get another copy"));
      }
      if (absl::Status status = Create(name, history); !status.ok()) return status;
      return Target{name, 0};
    }
  }

  absl::Status Create(const std::string& name, const History& history) {
    v1::CreateSessionRequest request;
    request.set_session_id(name);
    request.set_title(history.title);
    request.set_metadata_json(history.metadata_json);
    return environment_.client
        .Call(environment_.client.sessions(), &Sessions::CreateSession, request)
        .status();
  }

  // Compares session `name` with `turns`.
  absl::StatusOr<Present> Look(const std::string& name, const std::vector<v1::Turn>& turns) {
    v1::ReadTurnsRequest request;
    request.set_session_id(name);
    request.mutable_range()->set_first(1);
    grpc::ClientContext context;
    environment_.client.Authorize(context);
    const auto stream = environment_.client.sessions().ReadTurns(&context, request);
    Present present{Present::kBeginning, 0};
    v1::ReadTurnsResponse response;
    while (stream->Read(&response)) {
      for (v1::Turn& turn : *response.mutable_turns()) {
        turn.clear_seq();
        const bool same = present.turns < turns.size() &&
                          turn.SerializeAsString() == turns[present.turns].SerializeAsString();
        if (!same) present.kind = Present::kOther;
        ++present.turns;
      }
    }
    const grpc::Status status = stream->Finish();
    if (status.error_code() == grpc::StatusCode::NOT_FOUND) return Present{Present::kNone, 0};
    if (!status.ok()) return environment_.client.Failure(status, context);
    return present;
  }

  absl::Status AppendAll(const Target& target, std::vector<v1::Turn>& turns) {
    const size_t end =
        options_.until > 0 ? std::min<size_t>(options_.until, turns.size()) : turns.size();
    size_t next = target.present;
    while (next < end) {
      v1::AppendTurnsRequest request;
      request.set_session_id(target.session_id);
      request.set_expected_next_seq(next + 1);
      size_t bytes = 0;
      const size_t most = options_.turn_by_turn ? 1 : kBatchTurns;
      while (next < end && static_cast<size_t>(request.turns_size()) < most) {
        bytes += turns[next].ByteSizeLong();
        if (bytes > kBatchBytes && request.turns_size() > 0) break;
        request.add_turns()->Swap(&turns[next++]);
      }
      request.set_idempotency_key(absl::StrCat("import-", Sha256Hex(request.SerializeAsString())));
      if (absl::Status status = Append(request); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Append(const v1::AppendTurnsRequest& request) {
    absl::StatusOr<v1::AppendTurnsResponse> response;
    absl::Duration pause = kFirstPause;
    for (int attempt = 1; attempt <= kAppendTries; ++attempt, pause *= 2) {
      response =
          environment_.client.Call(environment_.client.sessions(), &Sessions::AppendTurns, request);
      if (!absl::IsUnavailable(response.status()) || attempt == kAppendTries) break;
      absl::SleepFor(pause);
    }
    if (!response.ok()) return response.status();
    appended_ += static_cast<uint64_t>(request.turns_size());
    if (options_.acks) {
      environment_.PrintJson({{"session", request.session_id()},
                              {"first_seq", response->first_seq()},
                              {"last_seq", response->last_seq()}},
                             /*pretty=*/false);
    }
    progress_.Update(appended_, reader_->Share(), request.session_id());
    return absl::OkStatus();
  }

  const Environment& environment_;
  const ImportOptions& options_;
  ProgressBar progress_;
  LineReader* reader_ = nullptr;  // of the file at hand
  std::set<std::string> taken_;   // names that earlier lines went to
  std::vector<Json> sessions_;    // what Report tells about each
  uint64_t appended_ = 0;
};

}  // namespace

std::string UsableSessionId(const std::string& id) {
  std::string usable;
  for (const char c : id) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f) {
      usable += c;
    } else {
      absl::StrAppendFormat(&usable, "%%%02X", byte);
    }
  }
  // Room for a suffix that makes it unique.
  constexpr size_t kRoom = 10;
  if (usable.size() <= kMaxIdBytes - kRoom) return usable;
  const std::string digest = Sha256Hex(id).substr(0, 16);
  return absl::StrCat(usable.substr(0, kMaxIdBytes - kRoom - digest.size() - 1), "-", digest);
}

absl::Status RunImport(const Environment& environment, const ImportOptions& options) {
  Importer importer(environment, options);
  for (const std::string& path : options.files) {
    if (absl::Status status = importer.ImportFile(path); !status.ok()) return status;
  }
  importer.Report();
  return absl::OkStatus();
}

void AddImportVerb(Verbs& verbs) {
  verbs.Add<ImportOptions>(
      "import", "bring sessions from JSON Lines files, plain or .gz",
      [](CLI::App& verb, ImportOptions& options) {
        verb.add_option("files", options.files, "the files; - is standard input")->required();
        verb.add_flag("--resume", options.resume,
                      "go on where an earlier import of the same file stopped");
        verb.add_option("--until", options.until,
                        "stop after this turn of each session; --resume goes on there");
        verb.add_flag("--turn-by-turn", options.turn_by_turn, "append one turn a call");
        verb.add_flag("--acks", options.acks,
                      "print a JSON line for every acknowledged append as it goes");
      },
      RunImport);
}

}  // namespace fovea::cli
