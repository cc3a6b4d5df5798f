#include "service/session_service.h"

#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "service/convert_session.h"
#include "service/convert_turn.h"
#include "service/session_streams.h"

namespace fovea::service {
namespace {

constexpr int kDefaultListPage = 100;
constexpr int kMaxListPage = 1'000;
constexpr int kDefaultSearchLimit = 20;
constexpr int kMaxSearchLimit = 200;

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
  absl::Status status = CheckSessionId(field, wanted);
  if (!status.ok()) return status;
  return wanted;
}

}  // namespace

std::string MakeSessionId() {
  absl::BitGen random;
  return absl::StrFormat("s-%016x%016x", absl::Uniform<uint64_t>(random),
                         absl::Uniform<uint64_t>(random));
}

grpc::ServerUnaryReactor* SessionService::CreateSession(grpc::CallbackServerContext* context,
                                                        const v1::CreateSessionRequest* request,
                                                        v1::Session* response) {
  return Unary(context, "CreateSession", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 auto id = NewId("session_id", req.session_id());
                 if (!id.ok()) return id.status();
                 absl::Status status = CheckTitle(req.title());
                 if (status.ok()) status = CheckMetadata(req.metadata_json());
                 if (!status.ok()) return status;
                 const NewSession session{.session_id = *id,
                                          .title = req.title(),
                                          .metadata_json = req.metadata_json(),
                                          .created_us = in_.now_us()};
                 return Respond(in_.log->CreateSession(call.Key(*id), session), out);
               });
}

grpc::ServerUnaryReactor* SessionService::GetSession(grpc::CallbackServerContext* context,
                                                     const v1::GetSessionRequest* request,
                                                     v1::Session* response) {
  return Unary(context, "GetSession", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckSessionId("session_id", req.session_id());
                 if (!status.ok()) return status;
                 return Respond(in_.log->GetSession(call.Key(req.session_id())), out);
               });
}

grpc::ServerUnaryReactor* SessionService::ListSessions(grpc::CallbackServerContext* context,
                                                       const v1::ListSessionsRequest* request,
                                                       v1::ListSessionsResponse* response) {
  return Unary(context, "ListSessions", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckLimit("page_size", req.page_size(), kMaxListPage);
                 if (!status.ok()) return status;
                 const int page_size = req.page_size() == 0 ? kDefaultListPage : req.page_size();
                 auto listing =
                     in_.log->ListSessions(call.identity().tenant, page_size, req.page_token());
                 if (!listing.ok()) return listing.status();
                 for (const SessionInfo& info : listing->sessions) {
                   SessionToProto(info, out->add_sessions());
                 }
                 out->set_next_page_token(listing->next_page_token);
                 return absl::OkStatus();
               });
}

grpc::ServerUnaryReactor* SessionService::DeleteSession(grpc::CallbackServerContext* context,
                                                        const v1::DeleteSessionRequest* request,
                                                        v1::DeleteSessionResponse* response) {
  return Unary(context, "DeleteSession", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckSessionId("session_id", req.session_id());
                 return status.ok() ? Delete(call, req.session_id(), out) : status;
               });
}

// Pages go first: should the log's part fail, the session is whole and merely draws again.
absl::Status SessionService::Delete(const Call& call, const std::string& session_id,
                                    v1::DeleteSessionResponse* response) {
  const SessionKey key = call.Key(session_id);
  return in_.states->Delete(key, [&](const SessionState& state) {
    auto info = in_.log->GetSession(key);
    if (!info.ok()) return info.status();
    auto pages = in_.pages->DeleteSession(key);
    if (!pages.ok()) return pages.status();
    auto receipt = in_.log->DeleteSession(key, in_.now_us());
    if (!receipt.ok()) return receipt.status();
    in_.forget_session(state);
    response->set_session_id(receipt->session_id);
    response->set_turns(receipt->turns);
    response->set_events(receipt->events);
    response->set_idempotency_keys(receipt->idempotency_keys);
    response->set_pages(*pages);
    response->set_bytes(receipt->bytes);
    response->set_deleted_us(receipt->deleted_us);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* SessionService::ForkSession(grpc::CallbackServerContext* context,
                                                      const v1::ForkSessionRequest* request,
                                                      v1::Session* response) {
  return Unary(context, "ForkSession", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckSessionId("session_id", req.session_id());
                 if (status.ok()) status = CheckTitle(req.title());
                 if (!status.ok()) return status;
                 auto id = NewId("new_session_id", req.new_session_id());
                 if (!id.ok()) return id.status();
                 const SessionKey origin = call.Key(req.session_id());
                 auto info = in_.log->GetSession(origin);
                 if (!info.ok()) return info.status();
                 const uint64_t at_seq = req.at_seq() == 0 ? info->last_seq : req.at_seq();
                 const NewSession fork{.session_id = *id,
                                       .title = req.title(),
                                       .metadata_json = info->metadata_json,
                                       .created_us = in_.now_us()};
                 return Respond(in_.log->ForkSession({origin, info->identity}, at_seq, fork), out);
               });
}

grpc::ServerUnaryReactor* SessionService::AppendTurns(grpc::CallbackServerContext* context,
                                                      const v1::AppendTurnsRequest* request,
                                                      v1::AppendTurnsResponse* response) {
  return Unary(context, "AppendTurns", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckSessionId("session_id", req.session_id());
                 if (!status.ok()) return status;
                 auto batch = AppendFromProto(req);
                 if (!batch.ok()) return batch.status();
                 auto receipt = in_.log->Append(call.Key(req.session_id()), *std::move(batch));
                 if (receipt.ok()) ReceiptToProto(*receipt, out);
                 return receipt.status();
               });
}

grpc::ServerUnaryReactor* SessionService::ExpandTurn(grpc::CallbackServerContext* context,
                                                     const v1::ExpandTurnRequest* request,
                                                     v1::ExpandTurnResponse* response) {
  return Unary(context, "ExpandTurn", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckSessionId("session_id", req.session_id());
                 return status.ok() ? Expand(call, req, out) : status;
               });
}

absl::Status SessionService::Expand(const Call& call, const v1::ExpandTurnRequest& request,
                                    v1::ExpandTurnResponse* response) {
  const uint64_t seq = request.seq();
  if (seq == 0) return absl::InvalidArgumentError("seq: sequences start at 1");
  const SessionKey key = call.Key(request.session_id());
  auto turns = in_.log->ReadTurns(key, {.first = seq, .last = seq}, 0);
  if (!turns.ok()) return turns.status();
  if (turns->empty()) {
    return absl::OutOfRangeError(absl::StrCat("seq: the session has no turn ", seq));
  }
  const std::string text = TurnText(turns->front());
  if (request.byte_offset() > text.size()) {
    return absl::OutOfRangeError(absl::StrCat("byte_offset: is ", request.byte_offset(),
                                              "; the turn's text has ", text.size(), " bytes"));
  }
  if (request.record_recall()) {
    auto index = AddEvent(call, request.session_id(), LogEvent::Kind::kRecall, {seq, seq});
    if (!index.ok()) return index.status();
  }
  const uint64_t length = request.byte_length() == 0 ? std::string::npos : request.byte_length();
  response->set_seq(seq);
  response->set_role(RoleToProto(turns->front().role));
  response->set_text(text.substr(request.byte_offset(), length));
  response->set_text_bytes(text.size());
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> SessionService::AddEvent(const Call& call, const std::string& session_id,
                                                  LogEvent::Kind kind, SeqRange turns) {
  auto event = in_.log->AppendEvent(call.Key(session_id),
                                    {.kind = kind, .turns = turns, .time_us = in_.now_us()});
  if (!event.ok()) return event.status();
  return event->index;
}

grpc::ServerUnaryReactor* SessionService::SearchTurns(grpc::CallbackServerContext* context,
                                                      const v1::SearchTurnsRequest* request,
                                                      v1::SearchTurnsResponse* response) {
  return Unary(context, "SearchTurns", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckSessionId("session_id", req.session_id());
                 if (status.ok()) status = CheckLimit("limit", req.limit(), kMaxSearchLimit);
                 if (!status.ok()) return status;
                 auto order = SearchOrderFromProto(req.order());
                 if (!order.ok()) return order.status();
                 const int limit = req.limit() == 0 ? kDefaultSearchLimit : req.limit();
                 auto answer =
                     in_.search->Search(call.Key(req.session_id()), req.query(), *order, limit);
                 if (answer.ok()) AnswerToProto(*answer, out);
                 return answer.status();
               });
}

grpc::ServerUnaryReactor* SessionService::PinTurns(grpc::CallbackServerContext* context,
                                                   const v1::PinTurnsRequest* request,
                                                   v1::PinTurnsResponse* response) {
  return Unary(context, "PinTurns", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckSessionId("session_id", req.session_id());
                 if (!status.ok()) return status;
                 auto range = PinRangeFromProto(req.range());
                 if (!range.ok()) return range.status();
                 auto index = AddEvent(call, req.session_id(), LogEvent::Kind::kPin, *range);
                 if (index.ok()) out->set_event_index(*index);
                 return index.status();
               });
}

grpc::ServerUnaryReactor* SessionService::UnpinTurns(grpc::CallbackServerContext* context,
                                                     const v1::UnpinTurnsRequest* request,
                                                     v1::UnpinTurnsResponse* response) {
  return Unary(context, "UnpinTurns", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckSessionId("session_id", req.session_id());
                 if (!status.ok()) return status;
                 auto range = PinRangeFromProto(req.range());
                 if (!range.ok()) return range.status();
                 auto index = AddEvent(call, req.session_id(), LogEvent::Kind::kUnpin, *range);
                 if (index.ok()) out->set_event_index(*index);
                 return index.status();
               });
}

grpc::ServerUnaryReactor* SessionService::CompactSession(grpc::CallbackServerContext* context,
                                                         const v1::CompactSessionRequest* request,
                                                         v1::CompactSessionResponse* response) {
  return Unary(context, "CompactSession", request, response,
               [this](const Call& call, const auto& req, auto* out) {
                 absl::Status status = CheckSessionId("session_id", req.session_id());
                 if (!status.ok()) return status;
                 auto info = in_.log->GetSession(call.Key(req.session_id()));
                 if (!info.ok()) return info.status();
                 if (info->last_seq == 0) {
                   return absl::OutOfRangeError("session_id: the session has no turn yet");
                 }
                 auto index = AddEvent(call, req.session_id(), LogEvent::Kind::kCompact,
                                       {.first = 1, .last = info->last_seq});
                 if (index.ok()) out->set_event_index(*index);
                 return index.status();
               });
}

grpc::ServerReadReactor<v1::AppendTurnsRequest>* SessionService::StreamAppendTurns(
    grpc::CallbackServerContext* context, v1::StreamAppendTurnsResponse* response) {
  return new ReadStream<v1::AppendTurnsRequest, v1::StreamAppendTurnsResponse>(
      *in_.environment, *in_.pool, context, "StreamAppendTurns", response,
      MakeAppendStream(in_.log));
}

grpc::ServerWriteReactor<v1::ReadTurnsResponse>* SessionService::ReadTurns(
    grpc::CallbackServerContext* context, const v1::ReadTurnsRequest* request) {
  return new WriteStream<v1::ReadTurnsResponse>(*in_.environment, *in_.pool, context, "ReadTurns",
                                                ReadTurnsSteps(in_.log, *request));
}

grpc::ServerWriteReactor<v1::ExportChunk>* SessionService::ExportSession(
    grpc::CallbackServerContext* context, const v1::ExportSessionRequest* request) {
  return new WriteStream<v1::ExportChunk>(*in_.environment, *in_.pool, context, "ExportSession",
                                          ExportSteps(in_.log, request->session_id()));
}

grpc::ServerReadReactor<v1::ExportChunk>* SessionService::ImportSession(
    grpc::CallbackServerContext* context, v1::Session* response) {
  return new ReadStream<v1::ExportChunk, v1::Session>(*in_.environment, *in_.pool, context,
                                                      "ImportSession", response,
                                                      MakeImportStream(in_.log, in_.now_us));
}

}  // namespace fovea::service
