#include "cli/verbs/import_target.h"

#include <openssl/sha.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/client.h"
#include "core/base/status_macros.h"
#include "fovea/v1/session.pb.h"

namespace fovea::cli {
namespace {

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

// What a session of the server is to one of a file.
struct Present {
  enum Kind : uint8_t { kNone, kBeginning, kOther } kind;
  uint64_t turns;  // that both have
};

absl::StatusOr<Present> Look(Client& client, const std::string& name,
                             const std::vector<v1::Turn>& turns) {
  v1::ReadTurnsRequest request;
  request.set_session_id(name);
  request.mutable_range()->set_first(1);
  request.mutable_range()->set_last(turns.size());
  FOVEA_ASSIGN_OR_RETURN(auto stream, client.Start(sessions::kReadTurns, request, Pace::kSlow));
  Present present{Present::kBeginning, 0};
  v1::ReadTurnsResponse response;
  while (stream.Read(&response)) {
    for (v1::Turn& turn : *response.mutable_turns()) {
      turn.clear_seq();
      if (present.turns >= turns.size()) continue;  // the server's has more than all of it
      if (turn.SerializeAsString() == turns[present.turns].SerializeAsString()) {
        ++present.turns;
      } else {
        present.kind = Present::kOther;
      }
    }
  }
  const absl::Status status = stream.Finish();
  if (absl::IsNotFound(status)) return Present{Present::kNone, 0};
  // A session with fewer turns than the file's.
  if (absl::IsOutOfRange(status)) return present;
  if (!status.ok()) return status;
  return present;
}

absl::Status Create(Client& client, const std::string& name, const Outgoing& session) {
  v1::CreateSessionRequest request;
  request.set_session_id(name);
  request.set_title(session.title);
  request.set_metadata_json(session.metadata_json);
  return client.Call(sessions::kCreateSession, request).status();
}

absl::StatusOr<v1::AppendTurnsResponse> Append(Client& client,
                                               const v1::AppendTurnsRequest& request) {
  absl::Duration pause = kFirstPause;
  for (int attempt = 1;; ++attempt, pause *= 2) {
    absl::StatusOr<v1::AppendTurnsResponse> response =
        client.Call(sessions::kAppendTurns, request, Pace::kSlow);
    if (!absl::IsUnavailable(response.status()) || attempt == kAppendTries) return response;
    absl::SleepFor(pause);
  }
}

}  // namespace

absl::StatusOr<Target> PlaceSession(Client& client, const Outgoing& session,
                                    const std::set<std::string>& taken, bool resume) {
  for (int copy = 1;; ++copy) {
    const std::string name = copy == 1 ? session.id : absl::StrCat(session.id, "-", copy);
    if (taken.count(name) != 0) continue;
    FOVEA_ASSIGN_OR_RETURN(const Present present, Look(client, name, session.turns));
    if (present.kind == Present::kBeginning) return Target{name, present.turns};
    if (present.kind == Present::kOther) {
      if (!resume) continue;
      return absl::FailedPreconditionError(
          absl::StrCat("session ", name,
                       " is there but is not a beginning of the file's; import without --resume "
                       "to get another copy"));
    }
    const absl::Status status = Create(client, name, session);
    if (status.ok()) return Target{name, 0};
    if (!absl::IsAlreadyExists(status)) return status;
  }
}

absl::Status AppendRest(Client& client, const Target& target, const AppendPlan& plan,
                        std::vector<v1::Turn>& turns,
                        const std::function<void(const v1::AppendTurnsRequest&,
                                                 const v1::AppendTurnsResponse&)>& done) {
  const size_t end = plan.until > 0 ? std::min<size_t>(plan.until, turns.size()) : turns.size();
  size_t next = target.present;
  while (next < end) {
    v1::AppendTurnsRequest request;
    request.set_session_id(target.session_id);
    request.set_expected_next_seq(next + 1);
    size_t bytes = 0;
    const size_t most = plan.turn_by_turn ? 1 : kBatchTurns;
    while (next < end && static_cast<size_t>(request.turns_size()) < most) {
      bytes += turns[next].ByteSizeLong();
      if (bytes > kBatchBytes && request.turns_size() > 0) break;
      request.add_turns()->Swap(&turns[next++]);
    }
    request.set_idempotency_key(absl::StrCat("import-", Sha256Hex(request.SerializeAsString())));
    FOVEA_ASSIGN_OR_RETURN(const v1::AppendTurnsResponse response, Append(client, request));
    done(request, response);
  }
  return absl::OkStatus();
}

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

}  // namespace fovea::cli
