// Claude Code's files: one record a line, each with the record that it follows (parentUuid). The
// assistant's blocks are a record each, and results of parallel calls follow their own calls, so
// that the records in a row, not the longest chain of parents, are the conversation.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/anthropic.h"
#include "transcripts/fields.h"
#include "transcripts/readers.h"

namespace fovea::transcripts {
namespace {

// Records about the session and not of it.
bool IsAside(const std::string& type) {
  static const auto* const kAsides = new std::set<std::string>{"file-history-snapshot",
                                                               "queue-operation",
                                                               "last-prompt",
                                                               "progress",
                                                               "mode",
                                                               "permission-mode",
                                                               "agent-name",
                                                               "agent-color",
                                                               "pr-link",
                                                               "tag",
                                                               "worktree-state",
                                                               "content-replacement",
                                                               "agent-setting",
                                                               "bridge-session",
                                                               "relocated",
                                                               "attribution-snapshot",
                                                               "speculation-accept",
                                                               "marble-origami-commit",
                                                               "marble-origami-snapshot",
                                                               "task-summary",
                                                               "ai-title",
                                                               "custom-title",
                                                               "summary",
                                                               "fork-context-ref",
                                                               "file-history-delta"};
  return kAsides->count(type) > 0;
}

class Reader {
 public:
  explicit Reader(SessionBuilder& builder) : builder_(builder) {}

  absl::Status Read(const Record& record) {
    const Json& json = record.json;
    if (!json.is_object()) return RecordError(record.line, "record", "must be an object");
    const std::string type = MemberText(json, "type");
    if (type.empty()) return RecordError(record.line, "type", "is missing");
    Title(json, type);
    if (IsAside(type)) {
      builder_.PassOver(type);
      return absl::OkStatus();
    }
    const std::string uuid = MemberText(json, "uuid");
    if (!uuid.empty() && !seen_.insert(uuid).second) {
      builder_.PassOver("repeated record");
      return absl::OkStatus();
    }
    Name(json);
    if (type == "user" || type == "assistant") return ReadSaid(record, type, uuid);
    if (type == "attachment" || type == "system") return ReadAttached(record, type, uuid);
    return builder_.KeepUnknown("claude-code.record", absl::StrCat("type=", type), json,
                                record.line);
  }

 private:
  void Title(const Json& json, const std::string& type) {
    std::string title = type == "summary"        ? MemberText(json, "summary")
                        : type == "ai-title"     ? MemberText(json, "aiTitle")
                        : type == "custom-title" ? MemberText(json, "customTitle")
                                                 : "";
    if (!title.empty()) builder_.session().title = std::move(title);
  }

  // A file of a sub-agent is a session of its own beside its parent's.
  void Name(const Json& json) {
    std::string& id = builder_.session().session_id;
    if (!id.empty()) return;
    id = MemberText(json, "sessionId");
    const std::string agent = MemberText(json, "agentId");
    if (IsTrue(json, "isSidechain") && !agent.empty()) absl::StrAppend(&id, ".agent-", agent);
  }

  // Which agent of several: a sub-agent's records within the file form trees of their own.
  std::string AgentOf(const Json& json, const std::string& uuid) {
    if (!IsTrue(json, "isSidechain")) return "";
    std::string agent = MemberText(json, "agentId");
    if (agent.empty()) {
      const auto parent = agents_.find(MemberText(json, "parentUuid"));
      agent =
          parent != agents_.end() ? parent->second : absl::StrCat("sidechain-", uuid.substr(0, 8));
    }
    agents_[uuid] = agent;
    return agent;
  }

  Envelope EnvelopeOf(const Record& record, Fields& fields, const std::string& uuid) {
    Envelope envelope{.line = record.line,
                      .path = "message",
                      .time_us = TimeOf(fields.Take("timestamp")),
                      .agent_id = AgentOf(record.json, uuid)};
    std::vector<std::string> unknown;
    envelope.attributes = fields.Rest({}, unknown);
    builder_.KeepChanges(envelope.attributes,
                         {"sessionId", "cwd", "version", "gitBranch", "userType", "entrypoint",
                          "isSidechain", "agentId", "slug", "permissionMode", "promptSource"});
    return envelope;
  }

  absl::Status ReadSaid(const Record& record, const std::string& type, const std::string& uuid) {
    Fields fields(record.json, "");
    const Json* const message = fields.Take("message");
    if (message == nullptr) return RecordError(record.line, "message", "it holds nothing");
    Envelope envelope = EnvelopeOf(record, fields, uuid);
    absl::StatusOr<ReadMessage> read = ReadAnthropicMessage(*message);
    if (read.ok() && type == "user" && read->turns.front().role == Role::kUser &&
        envelope.agent_id.empty() && !IsTrue(record.json, "isMeta")) {
      Rewind(MemberText(record.json, "parentUuid"));
    }
    const bool agents = !envelope.agent_id.empty();
    FOVEA_RETURN_IF_ERROR(builder_.Add(std::move(read), std::move(envelope)));
    if (!agents)
      Said(uuid, type == "assistant" || builder_.session().turns.back().role == Role::kUser);
    return absl::OkStatus();
  }

  // What the harness told the model, or the user, beside the messages: a user's turn.
  absl::Status ReadAttached(const Record& record, const std::string& type,
                            const std::string& uuid) {
    Fields fields(record.json, "");
    Turn turn{.role = Role::kUser};
    std::string text;
    if (type == "attachment") {
      const Json* const attachment = fields.Take("attachment");
      if (attachment == nullptr || !attachment->is_object()) {
        return RecordError(record.line, "attachment", "must be an object");
      }
      Fields inner(*attachment, "");
      for (const char* name : {"prompt", "content"}) {
        if (text.empty() && attachment->contains(name) && IsText((*attachment)[name])) {
          text = inner.TakeTextOrJson(name);
        }
      }
      std::vector<std::string> more;
      const Json rest = inner.Rest({}, more);
      if (text.empty()) {
        text = DumpJson(*attachment);
      } else if (!rest.empty()) {
        Json kept = Json::object();
        kept["attachment"] = rest;
        turn.attributes_json = DumpJson(kept);
      }
    } else {
      text = fields.TakeTextOrJson("content");
    }
    Envelope envelope = EnvelopeOf(record, fields, uuid);
    if (text.empty()) {
      builder_.PassOver(absl::StrCat(type, " ", MemberText(record.json, "subtype")));
      return absl::OkStatus();
    }
    const bool agents = !envelope.agent_id.empty();
    turn.parts.emplace_back(TextPart{std::move(text)});
    absl::Status status = builder_.Add(std::move(turn), std::move(envelope));
    if (status.ok() && !agents) Said(uuid, /*counts=*/false);
    return status;
  }

  struct Place {
    size_t turns;  // of the session up to and with the record
    bool counts;   // the user's prompt or the assistant's words
  };

  void Said(const std::string& uuid, bool counts) {
    order_.push_back({builder_.turns(), counts});
    if (!uuid.empty()) places_[uuid] = order_.size();
  }

  // A prompt that follows an earlier record than the last: what came between was taken back.
  void Rewind(const std::string& parent) {
    const auto found = places_.find(parent);
    if (found == places_.end()) return;
    const size_t keep = found->second;
    if (keep >= order_.size()) return;
    bool counts = false;
    for (size_t i = keep; i < order_.size(); ++i) counts = counts || order_[i].counts;
    if (!counts) return;
    builder_.Branch(order_[keep - 1].turns);
    order_.resize(keep);
    for (auto place = places_.begin(); place != places_.end();) {
      place = place->second > keep ? places_.erase(place) : std::next(place);
    }
  }

  SessionBuilder& builder_;
  std::set<std::string> seen_;
  std::map<std::string, std::string> agents_;  // of records of sub-agents, by uuid
  std::vector<Place> order_;                   // of the main agent's records
  std::map<std::string, size_t> places_;       // in order_, from 1, by uuid
};

}  // namespace

absl::Status ReadClaudeCode(Records& records, SessionBuilder& builder) {
  Reader reader(builder);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = reader.Read(*record); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
