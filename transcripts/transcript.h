// The files that agents and frameworks keep of their sessions -> sessions of turns.
#ifndef FOVEA_TRANSCRIPTS_TRANSCRIPT_H_
#define FOVEA_TRANSCRIPTS_TRANSCRIPT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/turn.h"
#include "transcripts/lines.h"

namespace fovea::transcripts {

// What one session may take in its file, since all of its turns are held at a time. Bytes and
// records are those between the end of the session before and its own.
struct SessionLimits {
  uint64_t bytes = uint64_t{512} << 20;
  uint64_t records = 2'000'000;
  size_t turns = 1'000'000;
};

enum class Format : uint8_t {
  kFovea,            // cli's own: {"session_id", "turns": [...]} a line (docs/transcripts.md)
  kClaudeCode,       // ~/.claude/projects/*/*.jsonl
  kCodex,            // ~/.codex/sessions/**/rollout-*.jsonl
  kOpencode,         // `opencode export`
  kPi,               // ~/.pi/agent/sessions/*/*.jsonl
  kGeminiCli,        // ~/.gemini/tmp/*/chats/session-*
  kQwenCode,         // ~/.qwen/projects/*/chats/*.jsonl
  kOpenAiChat,       // requests, answers or lists of messages
  kOpenAiResponses,  // requests, answers or lists of items
  kAnthropic,        // requests, answers or lists of messages
  kGemini,           // requests, answers or lists of contents
  kLangChain,        // lists of LangChain's or LangGraph's messages
  kShareGpt,         // {"conversations": [{"from", "value"}]}
  kSweAgent,         // *.traj
};

struct FormatInfo {
  Format format;
  const char* name;   // as --format takes it: "claude-code"
  const char* title;  // for people: "Claude Code"
};
const std::vector<FormatInfo>& Formats();
const FormatInfo& InfoOf(Format format);
// "claude-code (Claude Code), codex (...), ...".
std::string FormatList();
// NOT_FOUND, listing the formats, if there is none of that name.
absl::StatusOr<Format> FormatByName(std::string_view name);

// One session of a file.
struct Transcript {
  std::string session_id;  // "" if the file has none
  std::string title;
  std::string metadata_json;    // a JSON object, or "" if there is nothing to keep
  std::vector<Turn> turns;      // without sequences; with times where the file has them
  std::vector<uint64_t> lines;  // of the file, where each turn stood; from 1
  uint64_t line = 1;            // where the session begins
};

// What was found in a file besides its sessions.
struct ReadReport {
  // Keys that the format is not known to have, "content[].mood", with the line where each stood
  // first. All are kept in the attributes of the turns.
  std::map<std::string, uint64_t> unknown_keys;
  // Records that are no part of a conversation ("file-history-snapshot"), by how many there are.
  // They are not kept.
  std::map<std::string, uint64_t> passed_over;
  // The last line, if it was left out because it is cut off; 0 if none was.
  uint64_t cut_line = 0;
};

struct ReadOptions {
  // A last line that does not end is not read: the file is still being written.
  bool live = false;
  // An unknown key is an error.
  bool strict = false;
  // A last line of several that neither ends nor can be read is left out: the agent was ended while
  // it wrote, or the disk was full.
  bool leave_cut_line = false;
  SessionLimits session = {};
};

class Records;

// A file that is read once, from front to end, as its lines come. Refers to the lines.
// Thread-compatible.
class TranscriptReader {
 public:
  TranscriptReader(Lines& lines, const ReadOptions& options);
  ~TranscriptReader();

  // As DetectFormat, below. Comes before Read.
  absl::StatusOr<Format> Detect();
  // As ReadTranscripts, below; or an error of the lines. The memory that is needed is that of one
  // session and of one record.
  absl::Status Read(Format format, const std::function<absl::Status(Transcript)>& take,
                    ReadReport* report);

 private:
  const ReadOptions options_;
  const std::unique_ptr<Records> records_;
};

// Tells the format of a file by its content. INVALID_ARGUMENT, listing the formats, if it is none
// of them. Reads as few of the records as it needs.
absl::StatusOr<Format> DetectFormat(std::string_view bytes);

// Reads all sessions of a file and gives each to `take`, in order. The memory that is needed beside
// `bytes` is that of one session and of one record. INVALID_ARGUMENT names line and key ("line 7:
// message.content[0].text: is missing") if a record cannot be read, a message would be empty, or
// the file holds no session; RESOURCE_EXHAUSTED names the limit that a session is over; what was
// taken before stays. An error of `take` ends the reading and comes back. Thread-safe.
absl::Status ReadTranscripts(std::string_view bytes, Format format, const ReadOptions& options,
                             const std::function<absl::Status(Transcript)>& take,
                             ReadReport* report);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_TRANSCRIPT_H_
