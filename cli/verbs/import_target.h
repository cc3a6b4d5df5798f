// Where a session of a file goes on the server.
#ifndef FOVEA_CLI_VERBS_IMPORT_TARGET_H_
#define FOVEA_CLI_VERBS_IMPORT_TARGET_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fovea/v1/session.pb.h"
#include "fovea/v1/turn.pb.h"

namespace fovea::cli {

class Client;

// A session on its way.
struct Outgoing {
  std::string id;  // as the API takes it
  std::string title;
  std::string metadata_json;
  std::vector<v1::Turn> turns;
};

struct Target {
  std::string session_id;
  uint64_t present = 0;  // turns that were there already
};

// The first of id, id-2, id-3, ... that is not in `taken` and is free or holds a beginning of the
// session, or more than all of it. Creates it if it is free. With `resume`, a session of that id
// that is something else is FAILED_PRECONDITION.
absl::StatusOr<Target> PlaceSession(Client& client, const Outgoing& session,
                                    const std::set<std::string>& taken, bool resume);

struct AppendPlan {
  uint64_t until = 0;  // the last turn; 0: all
  bool turn_by_turn = false;
};

// Appends the turns behind those that are there, in batches of bounded size, each with an
// idempotency key made of its content; `done` gets each append and its answer. Takes the turns
// away.
absl::Status AppendRest(
    Client& client, const Target& target, const AppendPlan& plan, std::vector<v1::Turn>& turns,
    const std::function<void(const v1::AppendTurnsRequest&, const v1::AppendTurnsResponse&)>& done);

// `id` as the API takes it, 1 to 200 bytes of printable ASCII: other bytes as %XX, cut with a
// digest.
std::string UsableSessionId(const std::string& id);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_VERBS_IMPORT_TARGET_H_
