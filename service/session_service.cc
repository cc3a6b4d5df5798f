#include "service/session_service.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/log/recall_text.h"
#include "service/convert_session.h"
#include "service/convert_turn.h"
#include "service/session_streams.h"

namespace fovea::service {
namespace {

constexpr int kDefaultListPage = 100;
constexpr int kMaxListPage = 1'000;
constexpr int kDefaultSearchLimit = 20;
constexpr int kMaxSearchLimit = 200;

constexpr Method kCreateSession{.name = "CreateSession",
                                .lane = Lane::kAppend,
                                .access = Access::kWrite,
                                .names_session = false,
                                .audited = false};
constexpr Method kGetSession{.name = "GetSession"};
constexpr Method kListSessions{.name = "ListSessions"};
constexpr Method kDeleteSession{
    .name = "DeleteSession", .lane = Lane::kUpkeep, .access = Access::kWrite};
constexpr Method kForkSession{
    .name = "ForkSession", .lane = Lane::kUpkeep, .access = Access::kWrite, .cost = Cost::kTurns};
constexpr Method kAppendTurns{.name = "AppendTurns",
                              .lane = Lane::kAppend,
                              .access = Access::kWrite,
                              .cost = Cost::kTurns,
                              .max_request_bytes = kLargeRequest,
                              .audited = false};
constexpr Method kStreamAppendTurns{.name = "StreamAppendTurns",
                                    .lane = Lane::kAppend,
                                    .access = Access::kWrite,
                                    .cost = Cost::kTurns,
                                    .max_request_bytes = kLargeRequest,
                                    .audited = false};
constexpr Method kReadTurns{.name = "ReadTurns", .quick = true};
constexpr Method kExpandTurn{.name = "ExpandTurn"};
constexpr Method kSearchTurns{.name = "SearchTurns", .lane = Lane::kSearch};
constexpr Method kPinTurns{
    .name = "PinTurns", .lane = Lane::kAppend, .access = Access::kWrite, .audited = false};
constexpr Method kUnpinTurns{
    .name = "UnpinTurns", .lane = Lane::kAppend, .access = Access::kWrite, .audited = false};
constexpr Method kCompactSession{
    .name = "CompactSession", .lane = Lane::kAppend, .access = Access::kWrite, .audited = false};
constexpr Method kExportSession{.name = "ExportSession", .lane = Lane::kUpkeep};
constexpr Method kImportSession{.name = "ImportSession",
                                .lane = Lane::kUpkeep,
                                .access = Access::kWrite,
                                .cost = Cost::kTurns,
                                .max_request_bytes = kLargeRequest,
                                .waits_for_quota = true};

absl::Status CheckLimit(absl::string_view field, int value, int limit) {
  if (value >= 0 && value <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": is ", value, "; at most ", limit));
}

absl::Status Respond(absl::StatusOr<SessionInfo> info, v1::Session* response) {
  if (info.ok()) SessionToProto(*info, response);
  return info.status();
}

// The client's id, checked, or a new one.
absl::StatusOr<std::string> NewId(absl::string_view field, const std::string& wanted) {
  if (wanted.empty()) return MakeSessionId();
  FOVEA_RETURN_IF_ERROR(CheckSessionId(field, wanted));
  return wanted;
}

}  // namespace

std::string MakeSessionId() {
  absl::BitGen random;
  return absl::StrFormat("s-%016x%016x", absl::Uniform<uint64_t>(random),
                         absl::Uniform<uint64_t>(random));
}

SessionService::SessionService(SessionServiceInputs inputs)
    : RawService(inputs.environment, v1::SessionService::service_full_name()),
      in_(std::move(inputs)) {
  Unary(kCreateSession, &SessionService::Create);
  Unary(kGetSession, &SessionService::Get);
  Unary(kListSessions, &SessionService::List);
  Unary(kDeleteSession, &SessionService::Delete);
  Unary(kForkSession, &SessionService::Fork);
  Unary(kAppendTurns, &SessionService::Append);
  Reads(kStreamAppendTurns, &SessionService::StreamAppend);
  Writes(kReadTurns, &SessionService::Read);
  Unary(kExpandTurn, &SessionService::Expand);
  Unary(kSearchTurns, &SessionService::Search);
  Unary(kPinTurns, &SessionService::Pin);
  Unary(kUnpinTurns, &SessionService::Unpin);
  Unary(kCompactSession, &SessionService::Compact);
  Writes(kExportSession, &SessionService::Export);
  Reads(kImportSession, &SessionService::Import);
}

absl::Status SessionService::Create(const Call& call, const v1::CreateSessionRequest& request,
                                    v1::Session* response) {
  FOVEA_ASSIGN_OR_RETURN(const std::string id, NewId("session_id", request.session_id()));
  FOVEA_RETURN_IF_ERROR(CheckTitle(request.title()));
  FOVEA_RETURN_IF_ERROR(CheckMetadata(request.metadata_json()));
  const NewSession session{.session_id = id,
                           .title = request.title(),
                           .metadata_json = request.metadata_json(),
                           .created_us = in_.now_us()};
  return Respond(in_.log->CreateSession(call.Key(id), session), response);
}

absl::Status SessionService::Get(const Call& call, const v1::GetSessionRequest& request,
                                 v1::Session* response) {
  return Respond(in_.log->GetSession(call.Key(request.session_id())), response);
}

absl::Status SessionService::List(const Call& call, const v1::ListSessionsRequest& request,
                                  v1::ListSessionsResponse* response) {
  FOVEA_RETURN_IF_ERROR(CheckLimit("page_size", request.page_size(), kMaxListPage));
  const int page_size = request.page_size() == 0 ? kDefaultListPage : request.page_size();
  FOVEA_ASSIGN_OR_RETURN(
      const SessionListing listing,
      in_.log->ListSessions(call.identity().tenant, page_size, request.page_token()));
  for (const SessionInfo& info : listing.sessions) SessionToProto(info, response->add_sessions());
  response->set_next_page_token(listing.next_page_token);
  return absl::OkStatus();
}

// Pages go first: should the log's part fail, the session is whole and merely draws again.
absl::Status SessionService::Delete(const Call& call, const v1::DeleteSessionRequest& request,
                                    v1::DeleteSessionResponse* response) {
  const SessionKey key = call.Key(request.session_id());
  const auto remove = [&](const SessionState& state) -> absl::Status {
    FOVEA_ASSIGN_OR_RETURN(const SessionInfo info, in_.log->GetSession(key));
    FOVEA_RETURN_IF_ERROR(in_.views->DeleteSession(info.identity));
    FOVEA_ASSIGN_OR_RETURN(const auto pages, in_.pages->DeleteSession(key));
    FOVEA_ASSIGN_OR_RETURN(const DeletionReceipt receipt,
                           in_.log->DeleteSession(key, in_.now_us()));
    in_.forget_session(state);
    response->set_session_id(receipt.session_id);
    response->set_turns(receipt.turns);
    response->set_events(receipt.events);
    response->set_idempotency_keys(receipt.idempotency_keys);
    response->set_pages(pages);
    response->set_bytes(receipt.bytes);
    response->set_deleted_us(receipt.deleted_us);
    response->set_erased(in_.erased(receipt));
    return absl::OkStatus();
  };
  return in_.states->Delete(
      key, [&] { return call.StillWanted(); }, remove);
}

absl::Status SessionService::Fork(const Call& call, const v1::ForkSessionRequest& request,
                                  v1::Session* response) {
  FOVEA_RETURN_IF_ERROR(CheckTitle(request.title()));
  FOVEA_ASSIGN_OR_RETURN(const std::string id, NewId("new_session_id", request.new_session_id()));
  const SessionKey origin = call.Key(request.session_id());
  FOVEA_ASSIGN_OR_RETURN(const SessionInfo info, in_.log->GetSession(origin));
  const uint64_t at_seq = request.at_seq() == 0 ? info.last_seq : request.at_seq();
  const NewSession fork{.session_id = id,
                        .title = request.title(),
                        .metadata_json = info.metadata_json,
                        .created_us = in_.now_us()};
  // They are copied while appends of all tenants wait, and events as well.
  const uint64_t copied = std::min(at_seq, info.last_seq) + info.event_count;
  FOVEA_RETURN_IF_ERROR(call.TakeTurns(copied));
  const auto made = in_.log->ForkSession({origin, info.identity}, at_seq, fork);
  if (!made.ok()) call.GiveBackTurns(copied);
  return Respond(made, response);
}

void SessionService::Append(const Call& call, const v1::AppendTurnsRequest& request,
                            v1::AppendTurnsResponse* response, Done done) {
  absl::Status status = call.TakeTurns(static_cast<size_t>(request.turns_size()));
  if (!status.ok()) return done(status);
  auto batch = AppendFromProto(request);
  if (!batch.ok()) return done(batch.status());
  in_.log->StartAppend(
      call.Key(request.session_id()), *std::move(batch),
      [response, done = std::move(done)](const absl::StatusOr<AppendReceipt>& receipt) mutable {
        if (receipt.ok()) ReceiptToProto(*receipt, response);
        done(receipt.status());
      });
}

absl::Status SessionService::Expand(const Call& call, const v1::ExpandTurnRequest& request,
                                    v1::ExpandTurnResponse* response) {
  const uint64_t seq = request.seq();
  if (seq == 0) return absl::InvalidArgumentError("seq: sequences start at 1");
  const SessionKey key = call.Key(request.session_id());
  FOVEA_ASSIGN_OR_RETURN(const std::vector<Turn> turns,
                         ReadTurnsInLane(call, *in_.log, key, {.first = seq, .last = seq}, 0));
  if (turns.empty()) {
    return absl::OutOfRangeError(absl::StrCat("seq: the session has no turn ", seq));
  }
  const RecallText recall = RecallTextOf(turns.front());
  const std::string_view text = recall.text;
  if (request.byte_offset() > text.size()) {
    return absl::OutOfRangeError(absl::StrCat("byte_offset: is ", request.byte_offset(),
                                              "; the turn's text has ", text.size(), " bytes"));
  }
  if (request.record_recall()) {
    FOVEA_RETURN_IF_ERROR(call.CheckAccess(Access::kWrite));
    const absl::Status recorded =
        AddEvent(call, request.session_id(), LogEvent::Kind::kRecall, {seq, seq}).status();
    // Where there is no room for the event the turn is still to be read.
    if (!absl::IsResourceExhausted(recorded)) FOVEA_RETURN_IF_ERROR(recorded);
  }
  const uint64_t length = request.byte_length() == 0 ? std::string::npos : request.byte_length();
  const std::string_view wanted = text.substr(request.byte_offset(), length);
  response->set_seq(seq);
  response->set_role(RoleToProto(turns.front().role));
  response->set_text(wanted.data(), wanted.size());
  response->set_text_bytes(text.size());
  if (request.include_images()) {
    const std::vector<const ImagePart*> images = TurnImages(turns.front());
    for (size_t i = 0; i < images.size(); ++i) {
      const size_t note = recall.images[i];
      if (note < request.byte_offset() || note >= request.byte_offset() + wanted.size()) continue;
      v1::ImagePart* image = response->add_images();
      image->set_media_type(images[i]->media_type);
      image->set_data(images[i]->data);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> SessionService::AddEvent(const Call& call, const std::string& session_id,
                                                  LogEvent::Kind kind, SeqRange turns) {
  FOVEA_ASSIGN_OR_RETURN(
      const LogEvent event,
      in_.log->AppendEvent(call.Key(session_id),
                           {.kind = kind, .turns = turns, .time_us = in_.now_us()}));
  return event.index;
}

absl::Status SessionService::Search(const Call& call, const v1::SearchTurnsRequest& request,
                                    v1::SearchTurnsResponse* response) {
  FOVEA_RETURN_IF_ERROR(CheckLimit("limit", request.limit(), kMaxSearchLimit));
  FOVEA_ASSIGN_OR_RETURN(const SearchOrder order, SearchOrderFromProto(request.order()));
  FOVEA_ASSIGN_OR_RETURN(const SearchMatch match, SearchMatchFromProto(request.match()));
  const int limit = request.limit() == 0 ? kDefaultSearchLimit : request.limit();
  FOVEA_ASSIGN_OR_RETURN(
      const SearchAnswer answer,
      in_.search->Find(call.Key(request.session_id()),
                       {.text = request.query(),
                        .order = order,
                        .match = match,
                        .limit = limit,
                        .cancelled = [&call] { return !call.StillWanted().ok(); }}));
  AnswerToProto(answer, response);
  return absl::OkStatus();
}

absl::Status SessionService::Pin(const Call& call, const v1::PinTurnsRequest& request,
                                 v1::PinTurnsResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const SeqRange range, PinRangeFromProto(request.range()));
  FOVEA_ASSIGN_OR_RETURN(const uint64_t index,
                         AddEvent(call, request.session_id(), LogEvent::Kind::kPin, range));
  response->set_event_index(index);
  return absl::OkStatus();
}

absl::Status SessionService::Unpin(const Call& call, const v1::UnpinTurnsRequest& request,
                                   v1::UnpinTurnsResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const SeqRange range, PinRangeFromProto(request.range()));
  FOVEA_ASSIGN_OR_RETURN(const uint64_t index,
                         AddEvent(call, request.session_id(), LogEvent::Kind::kUnpin, range));
  response->set_event_index(index);
  return absl::OkStatus();
}

absl::Status SessionService::Compact(const Call& call, const v1::CompactSessionRequest& request,
                                     v1::CompactSessionResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const SessionInfo info,
                         in_.log->GetSession(call.Key(request.session_id())));
  if (info.last_seq == 0) {
    return absl::OutOfRangeError("session_id: the session has no turn yet");
  }
  FOVEA_ASSIGN_OR_RETURN(const uint64_t index,
                         AddEvent(call, request.session_id(), LogEvent::Kind::kCompact,
                                  {.first = 1, .last = info.last_seq}));
  response->set_event_index(index);
  return absl::OkStatus();
}

absl::StatusOr<NextAnswer<v1::ReadTurnsResponse>> SessionService::Read(
    const Call& /*call*/, const v1::ReadTurnsRequest& request) {
  return ReadTurnsSteps(in_.log, request);
}

absl::StatusOr<NextAnswer<v1::ExportChunk>> SessionService::Export(
    const Call& /*call*/, const v1::ExportSessionRequest& request) {
  return ExportSteps(in_.log, request.session_id());
}

std::unique_ptr<StreamConsumer<v1::AppendTurnsRequest, v1::StreamAppendTurnsResponse>>
SessionService::StreamAppend() {
  return MakeAppendStream(in_.log);
}

std::unique_ptr<StreamConsumer<v1::ExportChunk, v1::Session>> SessionService::Import() {
  return MakeImportStream(in_.log, in_.now_us);
}

}  // namespace fovea::service
