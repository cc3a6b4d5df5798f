// The verbs that handle sessions as a whole: sessions, fork, delete, pin, unpin, compact.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/client.h"
#include "cli/formats/message_json.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/session.pb.h"

namespace fovea::cli {
namespace {

std::string TimeText(int64_t time_us) {
  return time_us == 0 ? ""
                      : absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixMicros(time_us),
                                         absl::UTCTimeZone());
}

absl::StatusOr<std::vector<v1::Session>> ListAll(const Environment& environment) {
  std::vector<v1::Session> sessions;
  v1::ListSessionsRequest request;
  request.set_page_size(1000);
  do {
    FOVEA_ASSIGN_OR_RETURN(v1::ListSessionsResponse response,
                           environment.client.Call(sessions::kListSessions, request));
    for (v1::Session& session : *response.mutable_sessions()) {
      sessions.push_back(std::move(session));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return sessions;
}

struct NoOptions {};

absl::Status RunSessions(const Environment& environment, const NoOptions&) {
  FOVEA_ASSIGN_OR_RETURN(const std::vector<v1::Session> sessions, ListAll(environment));
  if (environment.json) {
    Json list = Json::array();
    for (const v1::Session& session : sessions) list.push_back(MessageToJson(session));
    environment.PrintJson({{"sessions", std::move(list)}});
    return absl::OkStatus();
  }
  if (sessions.empty()) {
    environment.console.out << "no sessions; `fovea import FILES` brings some\n";
    return absl::OkStatus();
  }
  size_t widest = 0;
  for (const v1::Session& session : sessions)
    widest = std::max(widest, session.session_id().size());
  for (const v1::Session& session : sessions) {
    environment.console.out << Padded(session.session_id(), widest, true) << "  "
                            << Padded(Grouped(static_cast<int64_t>(session.last_seq())), 8)
                            << " turns  "
                            << Padded(Grouped(static_cast<int64_t>(session.text_bytes())), 12)
                            << " bytes  " << TimeText(session.updated_us()) << "  "
                            << OneLine(session.title(), 60) << '\n';
  }
  return absl::OkStatus();
}

absl::Status RunFork(const Environment& environment, const v1::ForkSessionRequest& request) {
  FOVEA_ASSIGN_OR_RETURN(const v1::Session fork,
                         environment.client.Call(sessions::kForkSession, request, Pace::kSlow));
  if (environment.json) {
    environment.PrintJson(MessageToJson(fork));
  } else {
    environment.console.out << fork.session_id() << '\n';
  }
  return absl::OkStatus();
}

absl::Status RunDelete(const Environment& environment, const v1::DeleteSessionRequest& request) {
  FOVEA_ASSIGN_OR_RETURN(const v1::DeleteSessionResponse receipt,
                         environment.client.Call(sessions::kDeleteSession, request, Pace::kSlow));
  if (environment.json) {
    environment.PrintJson(MessageToJson(receipt));
    return absl::OkStatus();
  }
  environment.console.out << "deleted " << receipt.session_id() << ": " << receipt.turns()
                          << " turns (" << Grouped(static_cast<int64_t>(receipt.bytes()))
                          << " bytes), " << receipt.events() << " events, " << receipt.pages()
                          << " pages, " << receipt.idempotency_keys() << " idempotency keys\n";
  if (!receipt.erased()) {
    environment.console.out << "its last words leave the disk shortly, or at the next start\n";
  }
  return absl::OkStatus();
}

// Pin and unpin differ in their types and their word only.
template <typename Request, typename Response>
absl::Status MarkTurns(const Environment& environment, const Request& request,
                       const Method<Request, Response>& method, const char* done) {
  FOVEA_ASSIGN_OR_RETURN(const Response response, environment.client.Call(method, request));
  if (environment.json) {
    environment.PrintJson(MessageToJson(response));
  } else {
    environment.console.out << done << ' '
                            << RangeText(request.range().first(), request.range().last()) << '\n';
  }
  return absl::OkStatus();
}

absl::Status RunPin(const Environment& environment, const v1::PinTurnsRequest& request) {
  return MarkTurns(environment, request, sessions::kPinTurns, "pinned");
}

absl::Status RunUnpin(const Environment& environment, const v1::UnpinTurnsRequest& request) {
  return MarkTurns(environment, request, sessions::kUnpinTurns, "unpinned");
}

absl::Status RunCompact(const Environment& environment, const v1::CompactSessionRequest& request) {
  FOVEA_ASSIGN_OR_RETURN(const v1::CompactSessionResponse response,
                         environment.client.Call(sessions::kCompactSession, request));
  if (environment.json) {
    environment.PrintJson(MessageToJson(response));
  } else {
    environment.console.out << "compacted " << request.session_id()
                            << ": contexts from here on take a step of forgetting\n";
  }
  return absl::OkStatus();
}

template <typename Request>
void DeclareMark(CLI::App& verb, Request& request) {
  DeclareSession(verb, *request.mutable_session_id());
  DeclareRange(verb, *request.mutable_range(), "A or A-B");
}

void DeclareFork(CLI::App& verb, v1::ForkSessionRequest& request) {
  DeclareSession(verb, *request.mutable_session_id());
  DeclareSeq(
      verb, "--at", [&request](uint64_t seq) { request.set_at_seq(seq); },
      "the last turn of the fork; 0: the newest");
  verb.add_option("--id", *request.mutable_new_session_id(), "the fork's id");
  verb.add_option("--title", *request.mutable_title(), "the fork's title");
}

}  // namespace

void AddSessionVerbs(Verbs& verbs) {
  verbs.Add<NoOptions>(
      "sessions", "list the sessions", [](CLI::App&, NoOptions&) {}, RunSessions);
  verbs.Add<v1::ForkSessionRequest>("fork", "copy a session's beginning to a new session",
                                    DeclareFork, RunFork);
  verbs.Add<v1::DeleteSessionRequest>(
      "delete", "remove a session for good, and print the receipt",
      [](CLI::App& verb, v1::DeleteSessionRequest& request) {
        DeclareSession(verb, *request.mutable_session_id());
      },
      RunDelete);
  verbs.Add<v1::PinTurnsRequest>("pin", "keep turns as text in every context",
                                 DeclareMark<v1::PinTurnsRequest>, RunPin);
  verbs.Add<v1::UnpinTurnsRequest>("unpin", "let pinned turns fade again",
                                   DeclareMark<v1::UnpinTurnsRequest>, RunUnpin);
  verbs.Add<v1::CompactSessionRequest>(
      "compact", "take a step of forgetting now, in every view",
      [](CLI::App& verb, v1::CompactSessionRequest& request) {
        DeclareSession(verb, *request.mutable_session_id());
      },
      RunCompact);
}

}  // namespace fovea::cli
