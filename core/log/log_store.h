// Port: the durable, append-only log of turns and events. Implemented by memory_store.
#ifndef FOVEA_CORE_LOG_LOG_STORE_H_
#define FOVEA_CORE_LOG_LOG_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/turn.h"

namespace fovea {

// A session by its name; or, with an identity, one life of it: a session that was deleted and
// created again under the same name is another one, and a call that holds the identity of the first
// gets NOT_FOUND.
struct SessionRef {
  // NOLINTNEXTLINE(google-explicit-constructor): a key names a session
  SessionRef(const SessionKey& key, uint64_t life = 0)
      : tenant(key.tenant), session_id(key.session_id), identity(life) {}
  SessionRef(std::string owner, std::string id, uint64_t life = 0)
      : tenant(std::move(owner)), session_id(std::move(id)), identity(life) {}
  SessionKey key() const { return {tenant, session_id}; }

  std::string tenant;
  std::string session_id;  // not looked at where there is an identity
  uint64_t identity = 0;   // SessionInfo::identity; 0: whichever has the name
};

struct SessionInfo {
  uint64_t identity = 0;  // of this life, never used again by this store
  std::string session_id;
  std::string title;          // free text, for people
  std::string metadata_json;  // free JSON object of the caller's, "" if none
  int64_t created_us = 0;     // microseconds since the Unix epoch
  // By the store's own clock: when it was last appended to, made, forked or restored here.
  int64_t updated_us = 0;
  uint64_t last_seq = 0;  // 0 while empty
  uint64_t event_count = 0;
  uint64_t text_bytes = 0;    // of TurnText over all turns
  uint64_t stored_bytes = 0;  // of turns, compressed
  std::string forked_from;    // session id, "" if not a fork
  uint64_t forked_at_seq = 0;
};

struct SessionListing {
  std::vector<SessionInfo> sessions;  // by creation time, then id
  std::string next_page_token;        // "" at the end
};

struct NewSession {
  std::string session_id;  // 1 to 200 bytes; the caller generates one if the client sent none
  std::string title;
  std::string metadata_json;
  int64_t created_us = 0;
};

struct AppendBatch {
  std::vector<Turn> turns;  // seq is assigned by the store; 1 to 10,000 turns
  // "" for none; at most 200 bytes. A repeated key with the same `body_digest` gives the first
  // answer again and appends nothing.
  std::string idempotency_key;
  std::string body_digest;  // SHA-256 of the turns, 32 bytes; required with a key
  std::optional<uint64_t> expected_next_seq;
  // An error: nothing is appended, and unless an earlier append with this key gave an answer, this
  // is what the caller gets.
  absl::Status refused;
};

struct AppendReceipt {
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  bool replayed = false;      // true if an earlier append with this key gave the answer
  uint64_t stored_bytes = 0;  // what this append added
};

struct DeletionReceipt {
  uint64_t identity = 0;  // of the life that ended
  std::string session_id;
  uint64_t turns = 0;
  uint64_t events = 0;
  uint64_t idempotency_keys = 0;
  uint64_t bytes = 0;  // stored bytes of turns
  int64_t deleted_us = 0;
};

struct LogStats {
  uint64_t sessions = 0;
  uint64_t turns = 0;
  uint64_t stored_bytes = 0;  // compressed
  uint64_t file_bytes = 0;
  uint64_t commits = 0;  // since the store was opened
  uint64_t appended_turns = 0;
};

struct VerifyReport {
  uint64_t sessions = 0;
  uint64_t turns = 0;
  std::vector<std::string> problems;  // empty if the store is sound
};

// Thread-safe. Every call may also fail with UNAVAILABLE (the store is closing or the disk refused;
// the caller may retry) or DATA_LOSS (stored bytes do not decode).
class LogStore {
 public:
  virtual ~LogStore() = default;

  // ALREADY_EXISTS if the key is taken.
  virtual absl::StatusOr<SessionInfo> CreateSession(const SessionKey& key,
                                                    const NewSession& session) = 0;
  // NOT_FOUND if there is none.
  virtual absl::StatusOr<SessionInfo> GetSession(const SessionRef& session) = 0;
  // INVALID_ARGUMENT if the token is not one of this tenant's. page_size is 1 to 1,000.
  virtual absl::StatusOr<SessionListing> ListSessions(std::string_view tenant, int page_size,
                                                      std::string_view page_token) = 0;
  // A session that no name leads to, only its identity, until PublishSession: for one that comes in
  // pieces. It is gone if the store closes before. ALREADY_EXISTS if the name is taken now.
  virtual absl::StatusOr<SessionInfo> StageSession(const SessionKey& key,
                                                   const NewSession& session) = 0;
  // Gives a staged session its name, in one step: whatever ends the process, either all of it has
  // the name or nothing. ALREADY_EXISTS if the name was taken meanwhile; NOT_FOUND if there is no
  // staged session with this identity.
  virtual absl::StatusOr<SessionInfo> PublishSession(const SessionRef& staged) = 0;
  // Removes turns, events and idempotency keys, of a staged session too. From its first moment on
  // nobody finds the session; what a crash interrupts is finished when the store is next opened.
  // NOT_FOUND if there is none.
  virtual absl::StatusOr<DeletionReceipt> DeleteSession(const SessionRef& session,
                                                        int64_t now_us) = 0;
  // Copies turns 1..at_seq, and the events that applied by then, to a new session. NOT_FOUND,
  // ALREADY_EXISTS, or OUT_OF_RANGE if at_seq is past the end. The fork lives on if its origin is
  // deleted.
  virtual absl::StatusOr<SessionInfo> ForkSession(const SessionRef& origin, uint64_t at_seq,
                                                  const NewSession& fork) = 0;

  // Returns after the turns are on disk (fsync). All or nothing. NOT_FOUND; ABORTED if
  // expected_next_seq does not match (the message names both numbers); ALREADY_EXISTS if the
  // idempotency key was used with another body.
  virtual absl::StatusOr<AppendReceipt> Append(const SessionRef& session, AppendBatch batch) = 0;
  // Append for a caller that does not wait: `done` is called once with what Append would return,
  // perhaps before this returns, else on a thread of the store's, which it must not hold up.
  using AppendDone = absl::AnyInvocable<void(absl::StatusOr<AppendReceipt>)>;
  virtual void StartAppend(const SessionRef& session, AppendBatch batch, AppendDone done) = 0;
  // Appends an event at the session's present end; returns it with index and after_seq set.
  // NOT_FOUND; OUT_OF_RANGE if its turns do not exist.
  virtual absl::StatusOr<LogEvent> AppendEvent(const SessionRef& session, LogEvent event) = 0;

  // Turns first..last by seq, fewer where the log ends. Stops after the turn with which they hold
  // max_bytes of memory, about (0: no limit), so that a caller can page, and before a turn that is
  // damaged:
  // only a range that begins with it fails, with DATA_LOSS. NOT_FOUND if there is no session.
  virtual absl::StatusOr<std::vector<Turn>> ReadTurns(const SessionRef& session, SeqRange range,
                                                      uint64_t max_bytes) = 0;
  // As ReadTurns, but nullopt where a turn among them is so large that its reading takes long, and
  // may wait for other such reads.
  virtual absl::StatusOr<std::optional<std::vector<Turn>>> ReadSmallTurns(const SessionRef& session,
                                                                          SeqRange range,
                                                                          uint64_t max_bytes) = 0;
  // For a caller that must not wait: all turns of the range, or nullopt where that may take longer
  // than reading `max_bytes` from memory does, or they are not all sound. NOT_FOUND.
  virtual absl::StatusOr<std::optional<std::vector<Turn>>> TryReadTurns(const SessionRef& session,
                                                                        SeqRange range,
                                                                        uint64_t max_bytes) = 0;
  // Events with index >= first_index, in order. NOT_FOUND if there is no session.
  virtual absl::StatusOr<std::vector<LogEvent>> ReadEvents(const SessionRef& session,
                                                           uint64_t first_index) = 0;

  virtual absl::StatusOr<LogStats> Stats() = 0;
  // Reads and decodes everything. Slow.
  virtual absl::StatusOr<VerifyReport> Verify() = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_LOG_STORE_H_
