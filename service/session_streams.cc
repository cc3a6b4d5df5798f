#include "service/session_streams.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "service/convert_session.h"
#include "service/convert_turn.h"

namespace fovea::service {
namespace {

constexpr uint64_t kAnswerBytes = uint64_t{1} << 20;
// Nobody counts them while a stream waits for its client, and there may be many streams.
constexpr uint64_t kImportBatchBytes = uint64_t{128} << 10;
constexpr size_t kImportBatchTurns = 512;
constexpr uint32_t kExportFormat = 1;

class AppendStream final
    : public StreamConsumer<v1::AppendTurnsRequest, v1::StreamAppendTurnsResponse> {
 public:
  explicit AppendStream(LogStore* log) : log_(*log) {}

  absl::Status Add(const Call& call, const v1::AppendTurnsRequest& request) override {
    if (session_id_.empty()) {
      FOVEA_RETURN_IF_ERROR(CheckSessionId("session_id", request.session_id()));
      session_id_ = request.session_id();
    } else if (!request.session_id().empty() && request.session_id() != session_id_) {
      return absl::InvalidArgumentError("session_id: all appends of a stream go to one session");
    }
    FOVEA_RETURN_IF_ERROR(call.TakeTurns(static_cast<size_t>(request.turns_size())));
    FOVEA_ASSIGN_OR_RETURN(auto batch, AppendFromProto(request));
    if (identity_ == 0) {
      // The stream goes to this life of the session, not to a later one of the same name.
      FOVEA_ASSIGN_OR_RETURN(auto info, log_.GetSession(call.Key(session_id_)));
      identity_ = info.identity;
    }
    FOVEA_ASSIGN_OR_RETURN(auto receipt,
                           log_.Append({call.Key(session_id_), identity_}, std::move(batch)));
    counts_.set_appends(counts_.appends() + 1);
    counts_.set_turns(counts_.turns() + receipt.last_seq - receipt.first_seq + 1);
    counts_.set_last_seq(std::max(counts_.last_seq(), receipt.last_seq));
    return absl::OkStatus();
  }

  absl::Status Finish(const Call&, v1::StreamAppendTurnsResponse* response) override {
    *response = counts_;
    return absl::OkStatus();
  }

  void Abandon(const Call&) override {}
  std::string session() const override { return session_id_; }

 private:
  LogStore& log_;
  std::string session_id_;
  uint64_t identity_ = 0;
  v1::StreamAppendTurnsResponse counts_;
};

// Fills a staged session, which nobody else sees, and gives it its name at the end.
class ImportStream final : public StreamConsumer<v1::ExportChunk, v1::Session> {
 public:
  ImportStream(LogStore* log, std::function<int64_t()> now_us)
      : log_(*log), now_us_(std::move(now_us)) {}

  absl::Status Add(const Call& call, const v1::ExportChunk& chunk) override {
    ++chunks_;
    if (identity_ == 0) return Create(call, chunk);
    switch (chunk.content_case()) {
      case v1::ExportChunk::kTurn:
        return AddTurn(call, chunk.turn());
      case v1::ExportChunk::kEvent:
        return AddEvent(call, chunk.event());
      default:
        return Invalid("must be a turn or an event");
    }
  }

  absl::Status Finish(const Call& call, v1::Session* response) override {
    if (identity_ == 0) return absl::InvalidArgumentError("the first chunk must be the header");
    FOVEA_RETURN_IF_ERROR(Flush(call));
    if (last_seq_ != header_.session().last_seq() || events_ != header_.session().event_count()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the header names ", header_.session().last_seq(), " turns and ",
          header_.session().event_count(), " events; ", last_seq_, " and ", events_, " came"));
    }
    auto info = log_.PublishSession(Staged(call));
    if (info.ok()) SessionToProto(*info, response);
    return info.status();
  }

  // Only what came over this stream goes: it has no name yet, or failed to get one.
  void Abandon(const Call& call) override {
    if (identity_ != 0) log_.DeleteSession(Staged(call), now_us_()).IgnoreError();
  }
  std::string session() const override { return checked_id_; }

 private:
  absl::Status Invalid(absl::string_view problem) const {
    return absl::InvalidArgumentError(absl::StrCat("chunk ", chunks_, ": ", problem));
  }
  SessionKey Key(const Call& call) const { return call.Key(header_.session().session_id()); }
  SessionRef Staged(const Call& call) const { return {Key(call), identity_}; }

  absl::Status Create(const Call& call, const v1::ExportChunk& chunk) {
    if (!chunk.has_header()) return Invalid("the first chunk must be the header");
    if (chunk.header().format_version() != kExportFormat) {
      return Invalid(absl::StrCat("header.format_version must be ", kExportFormat));
    }
    header_ = chunk.header();
    const v1::Session& session = header_.session();
    FOVEA_RETURN_IF_ERROR(CheckSessionId("header.session.session_id", session.session_id()));
    checked_id_ = session.session_id();
    FOVEA_RETURN_IF_ERROR(CheckTitle(session.title()));
    FOVEA_RETURN_IF_ERROR(CheckMetadata(session.metadata_json()));
    if (session.created_us() < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("header.session.created_us: is ", session.created_us(), "; at least 0"));
    }
    auto info =
        log_.StageSession(Key(call), {.session_id = session.session_id(),
                                      .title = session.title(),
                                      .metadata_json = session.metadata_json(),
                                      .created_us = std::min(session.created_us(), now_us_())});
    if (info.ok()) identity_ = info->identity;
    return info.status();
  }

  absl::Status AddTurn(const Call& call, const v1::Turn& proto) {
    FOVEA_ASSIGN_OR_RETURN(auto turn,
                           TurnFromProto(proto, absl::StrCat("chunk ", chunks_, ": turn")));
    if (turn.seq != last_seq_ + 1) {
      return Invalid(absl::StrCat("turn.seq is ", turn.seq, "; next is ", last_seq_ + 1));
    }
    FOVEA_RETURN_IF_ERROR(call.TakeTurns(1));
    last_seq_ = turn.seq;
    batch_bytes_ += TurnBytes(turn);
    batch_.push_back(std::move(turn));
    const bool full = batch_.size() >= kImportBatchTurns || batch_bytes_ >= kImportBatchBytes;
    const bool settles = full || call.QuotaWait() > absl::ZeroDuration();
    return settles ? Flush(call) : absl::OkStatus();
  }

  // An event takes its place after the turns before it, so these must be in the log first.
  absl::Status AddEvent(const Call& call, const v1::Event& proto) {
    FOVEA_ASSIGN_OR_RETURN(auto event,
                           EventFromProto(proto, absl::StrCat("chunk ", chunks_, ": event")));
    if (event.after_seq != last_seq_ || event.index != events_ + 1) {
      return Invalid(absl::StrCat("event ", event.index, " after turn ", event.after_seq,
                                  " stands behind event ", events_, " and turn ", last_seq_));
    }
    // It is a write of its own, as a turn is.
    FOVEA_RETURN_IF_ERROR(call.TakeTurns(1));
    FOVEA_RETURN_IF_ERROR(Flush(call));
    auto stored = log_.AppendEvent(Staged(call), event);
    if (stored.ok()) ++events_;
    return stored.status();
  }

  absl::Status Flush(const Call& call) {
    if (batch_.empty()) return absl::OkStatus();
    AppendBatch batch{.turns = std::exchange(batch_, {})};
    batch_bytes_ = 0;
    return log_.Append(Staged(call), std::move(batch)).status();
  }

  LogStore& log_;
  const std::function<int64_t()> now_us_;
  v1::ExportChunk::Header header_;
  std::string checked_id_;
  uint64_t identity_ = 0;  // of the staged session, once there is one
  uint64_t chunks_ = 0;
  uint64_t last_seq_ = 0;
  uint64_t events_ = 0;
  std::vector<Turn> batch_;
  uint64_t batch_bytes_ = 0;
};

// Gives a session's header, then turns and events in their order.
class Exporter {
 public:
  Exporter(LogStore* log, std::string session_id)
      : log_(*log), session_id_(std::move(session_id)) {}

  absl::StatusOr<Answered> Next(const Call& call, v1::ExportChunk* chunk) {
    if (!info_.has_value()) {
      FOVEA_RETURN_IF_ERROR(Begin(call));
      chunk->mutable_header()->set_format_version(kExportFormat);
      SessionToProto(*info_, chunk->mutable_header()->mutable_session());
      return Answered::kMore;
    }
    if (!events_.empty() && events_.front().after_seq <= done_) {
      EventToProto(events_.front(), chunk->mutable_event());
      events_.pop_front();
      return Answered::kMore;
    }
    if (done_ == info_->last_seq) return Answered::kNothing;
    if (turns_.empty()) {
      auto read = log_.ReadTurns({call.Key(session_id_), info_->identity},
                                 {.first = done_ + 1, .last = info_->last_seq}, kAnswerBytes);
      if (absl::IsNotFound(read.status())) {
        return absl::AbortedError("the session was deleted meanwhile");
      }
      if (!read.ok()) return read.status();
      turns_.assign(std::make_move_iterator(read->begin()), std::make_move_iterator(read->end()));
    }
    TurnToProto(turns_.front(), chunk->mutable_turn());
    turns_.pop_front();
    ++done_;
    return Answered::kMore;
  }

 private:
  absl::Status Begin(const Call& call) {
    FOVEA_ASSIGN_OR_RETURN(auto info, log_.GetSession(call.Key(session_id_)));
    FOVEA_ASSIGN_OR_RETURN(auto events, log_.ReadEvents({call.Key(session_id_), info.identity}, 1));
    // The header counts exactly what follows it.
    for (const LogEvent& event : events) {
      if (event.index <= info.event_count) events_.push_back(event);
    }
    info_ = std::move(info);
    return absl::OkStatus();
  }

  LogStore& log_;
  const std::string session_id_;
  std::optional<SessionInfo> info_;
  std::deque<LogEvent> events_;
  std::deque<Turn> turns_;
  uint64_t done_ = 0;
};

}  // namespace

std::unique_ptr<StreamConsumer<v1::AppendTurnsRequest, v1::StreamAppendTurnsResponse>>
MakeAppendStream(LogStore* log) {
  return std::make_unique<AppendStream>(log);
}

std::unique_ptr<StreamConsumer<v1::ExportChunk, v1::Session>> MakeImportStream(
    LogStore* log, std::function<int64_t()> now_us) {
  return std::make_unique<ImportStream>(log, std::move(now_us));
}

absl::StatusOr<std::vector<Turn>> ReadTurnsInLane(const Call& call, LogStore& log,
                                                  const SessionRef& session, SeqRange range,
                                                  uint64_t max_bytes) {
  if (call.lane() != Lane::kRead) return log.ReadTurns(session, range, max_bytes);
  FOVEA_ASSIGN_OR_RETURN(auto small, log.ReadSmallTurns(session, range, max_bytes));
  if (!small.has_value()) return Call::GoOn();
  return *std::move(small);
}

NextAnswer<v1::ReadTurnsResponse> ReadTurnsSteps(LogStore* log,
                                                 const v1::ReadTurnsRequest& request) {
  SeqRange left{.first = std::max<uint64_t>(1, request.range().first()),
                .last = request.range().last() == 0 ? UINT64_MAX : request.range().last()};
  return [log, left, session_id = request.session_id(), identity = uint64_t{0}](
             const Call& call,
             v1::ReadTurnsResponse* response) mutable -> absl::StatusOr<Answered> {
    if (call.at_once()) {
      // In one answer, or on the lane, where it may wait.
      FOVEA_ASSIGN_OR_RETURN(auto few, log->TryReadTurns(call.Key(session_id), left, kAnswerBytes));
      if (!few.has_value()) return Call::GoOn();
      if (few->empty()) return Answered::kNothing;
      for (const Turn& turn : *few) TurnToProto(turn, response->add_turns());
      return Answered::kLast;
    }
    if (identity == 0) {
      FOVEA_ASSIGN_OR_RETURN(auto info, log->GetSession(call.Key(session_id)));
      identity = info.identity;
    }
    if (left.empty()) return Answered::kNothing;
    auto turns = ReadTurnsInLane(call, *log, {call.Key(session_id), identity}, left, kAnswerBytes);
    if (absl::IsNotFound(turns.status())) {
      return absl::AbortedError("the session was deleted meanwhile");
    }
    if (!turns.ok()) return turns.status();
    if (turns->empty()) return Answered::kNothing;
    for (const Turn& turn : *turns) TurnToProto(turn, response->add_turns());
    left.first = turns->back().seq + 1;
    return left.empty() ? Answered::kLast : Answered::kMore;
  };
}

NextAnswer<v1::ExportChunk> ExportSteps(LogStore* log, std::string session_id) {
  auto exporter = std::make_shared<Exporter>(log, std::move(session_id));
  return
      [exporter](const Call& call, v1::ExportChunk* chunk) { return exporter->Next(call, chunk); };
}

}  // namespace fovea::service
