#include "transcripts/session_builder.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "transcripts/fovea_history.h"

namespace fovea::transcripts {
namespace {

// Metadata of a session may have 64 KiB; a key that alone is longer (an agent's list of tools) is
// passed over.
constexpr size_t kMaxMetadata = size_t{60} << 10;
constexpr size_t kMaxAgentId = 200;
constexpr size_t kMaxTitle = 1'000;
// Branches beyond these hold what was taken back alone, without the turns before: a file of many
// rewinds would take quadratic memory.
constexpr size_t kMaxWholeBranches = 50;
constexpr size_t kMaxCopiedBytes = size_t{64} << 20;
// The report names so many kinds of what it lists, each by so many bytes; others count together.
constexpr size_t kMaxKinds = 1'000;
constexpr size_t kMaxKind = 200;
constexpr char kOthers[] = "others";

// "content[2].mood" -> "content[].mood": one line of a report for all messages.
std::string Generalised(const std::string& key) {
  std::string general;
  bool in_index = false;
  for (const char c : key) {
    if (in_index && absl::ascii_isdigit(static_cast<unsigned char>(c))) continue;
    in_index = c == '[';
    general += c;
  }
  return general;
}

std::string Joined(const std::string& path, const std::string& key) {
  return path.empty() ? key : absl::StrCat(path, ".", key);
}

// Cut at the start of a character.
void CutTo(size_t bytes, std::string& text) {
  if (text.size() <= bytes) return;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  text.resize(bytes);
}

// The name that `kind` is counted under.
std::string KindIn(const std::map<std::string, uint64_t>& counts, std::string kind) {
  CutTo(kMaxKind, kind);
  return counts.size() < kMaxKinds || counts.contains(kind) ? kind : kOthers;
}

size_t BytesOfAll(const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += sizeof(std::string) + text.size();
  return bytes;
}

// What a part keeps beside itself.
struct Held {
  size_t operator()(const TextPart& part) const { return part.text.size() + part.phase.size(); }
  size_t operator()(const ImagePart& part) const { return part.data.size(); }
  size_t operator()(const ToolCallPart& part) const {
    return part.name.size() + part.arguments_json.size();
  }
  size_t operator()(const DocumentPart& part) const {
    return part.name.size() + part.data.size() + part.uri.size() + part.context.size() +
           part.attributes_json.size();
  }
  size_t operator()(const SearchResultPart& part) const {
    return part.source.size() + part.title.size() + part.attributes_json.size() +
           BytesOfAll(part.text);
  }
  size_t operator()(const ToolReferencePart& part) const { return part.tool_name.size(); }
  size_t operator()(const RefusalPart& part) const { return part.text.size(); }
  size_t operator()(const AudioPart& part) const {
    return part.data.size() + part.transcript.size();
  }
  size_t operator()(const OpaquePart& part) const { return part.data.size(); }
  size_t operator()(const ToolResultPart& part) const {
    size_t bytes = 0;
    for (const ResultItem& item : part.content) bytes += sizeof(item) + std::visit(*this, item);
    return bytes;
  }
};

size_t HeldBytes(const Turn& turn) {
  size_t bytes = sizeof(turn) + turn.attributes_json.size();
  for (const Part& part : turn.parts) bytes += sizeof(part) + std::visit(Held(), part);
  return bytes;
}

}  // namespace

void SessionBuilder::KeepChanges(Json& attributes, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string key(name);
    const auto found = attributes.find(key);
    if (found == attributes.end()) continue;
    const auto last = kept_.find(key);
    if (last != kept_.end() && *last == *found) {
      attributes.erase(found);
    } else {
      kept_[key] = *found;
    }
  }
}

void SessionBuilder::KeepMetadata(const std::string& name, const Json& value) {
  if (value.is_null()) return;
  if (DumpJson(metadata_).size() + DumpJson(value).size() > kMaxMetadata) {
    PassOver(absl::StrCat("metadata ", name));
    return;
  }
  metadata_[name] = value;
}

void SessionBuilder::PassOver(const std::string& kind) {
  ++report_.passed_over[KindIn(report_.passed_over, kind)];
}

absl::Status SessionBuilder::Unknown(const std::string& key, uint64_t line) {
  if (options_.strict) {
    return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", key, ": unknown"));
  }
  report_.unknown_keys.emplace(KindIn(report_.unknown_keys, Generalised(key)), line);
  return absl::OkStatus();
}

absl::Status SessionBuilder::KeepUnknown(const std::string& kind, const std::string& key,
                                         const Json& record, uint64_t line) {
  FOVEA_RETURN_IF_ERROR(Unknown(key, line));
  return Add(Turn{.role = Role::kUser, .parts = {WholeBlock(kind, record)}}, {.line = line});
}

absl::Status SessionBuilder::Add(absl::StatusOr<ReadMessage> read, Envelope envelope) {
  if (!read.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "line ", envelope.line, ": ", Joined(envelope.path, std::string(read.status().message()))));
  }
  for (const std::string& key : read->unknown_keys) {
    FOVEA_RETURN_IF_ERROR(Unknown(Joined(envelope.path, key), envelope.line));
  }
  held_turns_ += read->turns.size();
  if (held_turns_ > options_.session.turns) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "line ", envelope.line, ": a session of more than ", options_.session.turns, " turns"));
  }
  if (session_.turns.empty()) session_.line = envelope.line;
  for (Turn& turn : read->turns) {
    if (turn.time_us == 0) turn.time_us = envelope.time_us;
    if (turn.agent_id.empty()) turn.agent_id = envelope.agent_id.substr(0, kMaxAgentId);
    if (!envelope.attributes.empty()) {
      FOVEA_ASSIGN_OR_RETURN(Json attributes, turn.attributes_json.empty()
                                                  ? Json::object()
                                                  : ParseJson(turn.attributes_json));
      attributes["record"] = std::exchange(envelope.attributes, Json::object());
      turn.attributes_json = DumpJson(attributes);
    }
    session_.turns.push_back(std::move(turn));
    session_.lines.push_back(envelope.line);
  }
  return absl::OkStatus();
}

void SessionBuilder::Branch(size_t first) {
  Transcript branch{.session_id = absl::StrCat(session_.session_id, "~", branches_.size() + 1),
                    .title = session_.title,
                    .metadata_json = session_.metadata_json,
                    .line = session_.line};
  bool whole = branches_.size() < kMaxWholeBranches && copied_bytes_ <= kMaxCopiedBytes;
  if (whole) {
    size_t copied = copied_bytes_;
    for (size_t i = 0; i < first; ++i) copied += HeldBytes(session_.turns[i]);
    whole = copied <= kMaxCopiedBytes;
    if (whole) copied_bytes_ = copied;
  }
  const auto begin = static_cast<ptrdiff_t>(whole ? 0 : first);
  branch.turns.assign(session_.turns.begin() + begin, session_.turns.end());
  branch.lines.assign(session_.lines.begin() + begin, session_.lines.end());
  branches_.push_back(std::move(branch));
  session_.turns.resize(first);
  session_.lines.resize(first);
}

absl::Status SessionBuilder::Finish(bool empty) {
  branches_.push_back(std::exchange(session_, Transcript()));
  std::vector<Transcript> sessions = std::exchange(branches_, {});
  const Json metadata = std::exchange(metadata_, Json::object());
  kept_ = Json::object();
  held_turns_ = copied_bytes_ = 0;
  const std::string title = sessions.back().title;
  for (Transcript& session : sessions) {
    if (session.turns.empty() && !empty) continue;
    if (!metadata.empty() && session.metadata_json.empty()) {
      session.metadata_json = MetadataText(metadata);
    }
    session.title = title;
    CutTo(kMaxTitle, session.title);
    gave_ = true;
    if (absl::Status status = take_(std::move(session)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SessionBuilder::Close() {
  FOVEA_RETURN_IF_ERROR(Finish());
  return gave_ ? absl::OkStatus() : absl::InvalidArgumentError("it holds no session");
}

int64_t TimeOf(const Json* json) {
  if (json == nullptr) return 0;
  if (IsText(*json)) {
    absl::Time time;
    std::string error;
    const std::string text = BytesOf(*json).value();
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error) &&
        !absl::ParseTime("%Y-%m-%dT%H:%M:%E*S", text, &time, &error)) {
      return 0;
    }
    return absl::ToUnixMicros(time);
  }
  if (!json->is_number()) return 0;
  const auto number = json->get<double>();
  constexpr double kMilliseconds = 1e11;  // as seconds, the year 5138
  constexpr double kMicroseconds = 1e14;
  constexpr double kBeyond = 1e17;
  if (!(number > 0) || number > kBeyond) return 0;
  const double factor = number < kMilliseconds ? 1e6 : number < kMicroseconds ? 1e3 : 1;
  return std::llround(number * factor);
}

}  // namespace fovea::transcripts
