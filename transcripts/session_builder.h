// Collects the turns of a file's sessions. Every reader of a format fills one.
#ifndef FOVEA_TRANSCRIPTS_SESSION_BUILDER_H_
#define FOVEA_TRANSCRIPTS_SESSION_BUILDER_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transcripts/lossless_json.h"
#include "transcripts/message.h"
#include "transcripts/transcript.h"

namespace fovea::transcripts {

// What a file says of a message around it.
struct Envelope {
  uint64_t line = 1;
  std::string path;  // of the message in its record, for errors: "payload"
  int64_t time_us = 0;
  std::string agent_id;
  Json attributes = Json::object();  // kept on the first turn as "record"
};

// Thread-compatible.
class SessionBuilder {
 public:
  using Take = std::function<absl::Status(Transcript)>;

  SessionBuilder(const ReadOptions& options, const Take& take, ReadReport* report)
      : options_(options), take_(take), report_(*report) {}

  Transcript& session() { return session_; }
  // Where the file's records hold keys that are nearly always the same (a folder, a version), only
  // a value that differs from the one before is kept. Moves those keys out of `attributes`.
  void KeepChanges(Json& attributes, std::initializer_list<std::string_view> names);
  // A key of the session's metadata, from `value` if it is not null.
  void KeepMetadata(const std::string& name, const Json& value);

  // Adds what was read of a message. The error of a message that was not names line and key.
  // RESOURCE_EXHAUSTED if the session has more turns than the options allow.
  absl::Status Add(absl::StatusOr<ReadMessage> read, Envelope envelope);
  // Adds one turn.
  absl::Status Add(Turn turn, Envelope envelope) {
    ReadMessage read;
    read.turns.push_back(std::move(turn));
    return Add(absl::StatusOr<ReadMessage>(std::move(read)), std::move(envelope));
  }

  // Counts a record that is no part of the conversation.
  void PassOver(const std::string& kind);
  // A record of a kind that the format is not known to have: kept whole, as an opaque part "KIND"
  // of a user's turn, and reported under `key`.
  absl::Status KeepUnknown(const std::string& kind, const std::string& key, const Json& record,
                           uint64_t line);
  // With `strict`, an error.
  absl::Status Unknown(const std::string& key, uint64_t line);

  size_t turns() const { return session_.turns.size(); }
  // Moves the turns from `first` on, an abandoned branch, to a session of their own, which begins
  // with the turns before (the first 50 branches do, while they hold no more than 64 MiB).
  void Branch(size_t first);

  // Gives the session, and its branches, away if it has turns (or, with `empty`, also without), and
  // begins the next.
  absl::Status Finish(bool empty = false);
  // OK if any session was given away; INVALID_ARGUMENT "it holds no session" otherwise.
  absl::Status Close();

 private:
  const ReadOptions& options_;
  const Take& take_;
  ReadReport& report_;
  Transcript session_;
  std::vector<Transcript> branches_;
  Json metadata_ = Json::object();
  Json kept_ = Json::object();  // the last values of KeepChanges
  size_t held_turns_ = 0;       // of the session and its branches
  size_t copied_bytes_ = 0;     // of the turns that stand in several of them
  bool gave_ = false;
};

// Microseconds since the Unix epoch from "2026-11-29T11:41:06.409Z", or a number of seconds,
// milliseconds or microseconds, by its size; 0 for anything else.
int64_t TimeOf(const Json* json);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_SESSION_BUILDER_H_
