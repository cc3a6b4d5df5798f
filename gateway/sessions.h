// From a resent conversation to a session of fovead.
#ifndef FOVEA_GATEWAY_SESSIONS_H_
#define FOVEA_GATEWAY_SESSIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "fovea/v1/turn.pb.h"
#include "gateway/books/database.h"
#include "gateway/conversation.h"
#include "gateway/fovea_client.h"

namespace fovea::gateway {

// How a conversation came into its session.
enum class Arrival : uint8_t {
  kNew = 1,      // none of it was known
  kExtends = 2,  // the session's newest turn was followed by more
  kRepeats = 3,  // all of it was known: a retry
  kForked = 4,   // an earlier turn was followed by something else: a rewind or an edit
  kLooksOn = 5,  // an auxiliary call with a known beginning: nothing was appended
};
const char* ArrivalName(Arrival arrival);

struct ItemTurns {
  uint64_t first = 0;
  uint64_t last = 0;  // below `first`: none of its own, it goes with the next item
};

struct Mapping {
  std::string session;
  Arrival arrival = Arrival::kNew;
  // The newest turn that is in the conversation as the request brought it: what the session has
  // behind it, others said.
  uint64_t as_of = 0;
  std::vector<ItemTurns>
      turns;  // of the items from Conversation::head on, as far as they are turns
};

// Thread-safe. Two gateways on one database and one fovead agree with each other.
class Sessions {
 public:
  // `shared`: the conversations of requests without a credential are not all of one person, and
  // none is linked to another.
  Sessions(FoveaClient& fovea, Database& database, std::string project, bool shared = false)
      : fovea_(fovea), database_(database), project_(std::move(project)), shared_(shared) {}

  // Appends what is new of the conversation, once, however often it is sent; a conversation that
  // parts from a known one goes to a fork of that session. `look_on`: only finds, NOT_FOUND if
  // nothing is known. INVALID_ARGUMENT if a message cannot be read; UNAVAILABLE and the like from
  // fovead: nothing is lost, the next request brings it again.
  absl::StatusOr<Mapping> Map(const Conversation& conversation, absl::string_view body,
                              bool look_on, absl::Time now);

  // OwnerOf a request, with a salt that is kept in the database.
  std::string OwnerOfRequest(const Headers& headers, absl::string_view url);

  // Appends a model's answer, as items of the conversation, behind it.
  absl::Status AppendAnswer(const Conversation& conversation, const Mapping& mapping,
                            const std::vector<std::string>& items, DigestCache& digests,
                            absl::Time now);

 private:
  struct Place {
    std::string session;
    uint64_t seq = 0;
    bool forked = false;
    bool answer_differs = false;  // from the one that was appended when the model gave it
  };
  absl::StatusOr<Mapping> TryMap(const Conversation& conversation, absl::string_view body,
                                 bool look_on, absl::Time now);
  // Whether a conversation may go on from another of the same scope.
  bool MayLink(const Conversation& conversation) const {
    return !conversation.scope.empty() && (!conversation.owner.empty() || !shared_);
  }
  absl::Status CreateRoot(const Conversation& conversation, const std::string& session);
  // Appends `turns` behind `place`, or finds them there; moves `place` to a fork if something else
  // is there. `chain` is of the last of them, and names a fork: parallel requests may share all but
  // their last item.
  absl::Status Append(const std::vector<v1::Turn>& turns, const std::string& chain, Place& place);
  absl::Status Fork(const std::string& chain, uint64_t at, Place& place);

  FoveaClient& fovea_;
  Database& database_;
  const std::string project_;
  const bool shared_;
  // Whether the conversation's agent has lately sent an answer back otherwise than it was: then
  // answers are not appended ahead of it.
  bool Rewrites(const Conversation& conversation, absl::Time now);
  void NoteRewrite(const Conversation& conversation, absl::Time now);

  absl::Mutex mutex_;
  // By root and opening, until when. An answer that was only asked for again looks the same.
  absl::flat_hash_map<std::string, absl::Time> rewriting_ ABSL_GUARDED_BY(mutex_);
  std::string salt_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_SESSIONS_H_
