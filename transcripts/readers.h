// The readers of the formats, for transcript.cc. Each reads all records into the builder; errors
// name line and key.
#ifndef FOVEA_TRANSCRIPTS_READERS_H_
#define FOVEA_TRANSCRIPTS_READERS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transcripts/records.h"
#include "transcripts/session_builder.h"
#include "transcripts/transcript.h"

namespace fovea::transcripts {

absl::Status ReadClaudeCode(Records& records, SessionBuilder& builder);
absl::Status ReadCodex(Records& records, SessionBuilder& builder);
absl::Status ReadOpencode(Records& records, SessionBuilder& builder);
absl::Status ReadPi(Records& records, SessionBuilder& builder);
// `live`: the last message may still be added to, and is left out.
absl::Status ReadGeminiCli(Records& records, bool live, SessionBuilder& builder);
absl::Status ReadQwenCode(Records& records, SessionBuilder& builder);
// One of the four providers' formats.
absl::Status ReadMessagesFile(Records& records, Format format, SessionBuilder& builder);
absl::Status ReadLangChain(Records& records, SessionBuilder& builder);
absl::Status ReadShareGpt(Records& records, SessionBuilder& builder);
absl::Status ReadSweAgent(Records& records, SessionBuilder& builder);
absl::Status ReadFoveaHistory(Records& records, SessionBuilder& builder);

// The format of the records, of which it looks at as few as it needs.
absl::StatusOr<Format> DetectRecords(Records& records);

// INVALID_ARGUMENT: "line 7: KEY: PROBLEM".
absl::Status RecordError(uint64_t line, const std::string& key, const std::string& problem);
// The member of an object; null if `json` is no object, or has no such member, or it is null.
const Json* Member(const Json& json, const char* name);
// The text of a member that is a string; "" otherwise.
std::string MemberText(const Json& json, const char* name);
// If a member is `true`.
bool IsTrue(const Json& json, const char* name);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_READERS_H_
