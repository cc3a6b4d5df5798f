// The calls of the API that the verbs make, by their names in the proto. gRPC and the generated
// stubs are behind methods.cc: they would be most of what a verb's file compiles.
#ifndef FOVEA_CLI_METHODS_H_
#define FOVEA_CLI_METHODS_H_

#include <memory>

namespace grpc {
class ClientContext;
class Status;
}  // namespace grpc

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace fovea::v1 {
class AppendTurnsRequest;
class AppendTurnsResponse;
class ApplyRetentionRequest;
class ApplyRetentionResponse;
class BackupChunk;
class BackupStoreRequest;
class BuildContextRequest;
class BuildContextResponse;
class CompactSessionRequest;
class CompactSessionResponse;
class CountTokensRequest;
class CountTokensResponse;
class CreateSessionRequest;
class DeleteSessionRequest;
class DeleteSessionResponse;
class DiffEpochsRequest;
class DiffEpochsResponse;
class DrawLadderRequest;
class DrawLadderResponse;
class DropPagesRequest;
class DropPagesResponse;
class ExpandTurnRequest;
class ExpandTurnResponse;
class ExplainTurnRequest;
class ExplainTurnResponse;
class ExportChunk;
class ExportSessionRequest;
class ForkSessionRequest;
class GetPageRequest;
class GetPageResponse;
class GetReaderProfileRequest;
class GetReaderProfileResponse;
class GetRecallToolsRequest;
class GetRecallToolsResponse;
class GetServerStatsRequest;
class GetStoreStatsRequest;
class ListReadersRequest;
class ListReadersResponse;
class ListSessionsRequest;
class ListSessionsResponse;
class ListViewsRequest;
class ListViewsResponse;
class PinTurnsRequest;
class PinTurnsResponse;
class PlanContextResponse;
class ReadTurnsRequest;
class ReadTurnsResponse;
class RenderDocumentRequest;
class RenderDocumentResponse;
class RepairStoreRequest;
class RepairStoreResponse;
class RestoreStoreResponse;
class SearchTurnsRequest;
class SearchTurnsResponse;
class ServerStats;
class Session;
class StoreStats;
class UnpinTurnsRequest;
class UnpinTurnsResponse;
class VerifyStoreRequest;
class VerifyStoreResponse;
}  // namespace fovea::v1

namespace fovea::cli {

struct Stubs;        // cli/stubs.h
class OpenedStream;  // cli/stubs.h

using UnaryCall = grpc::Status (*)(Stubs&, grpc::ClientContext*,
                                   const google::protobuf::Message& request,
                                   google::protobuf::Message* response);
using DownloadCall = std::unique_ptr<OpenedStream> (*)(Stubs&, grpc::ClientContext*,
                                                       const google::protobuf::Message& request);
using UploadCall = std::unique_ptr<OpenedStream> (*)(Stubs&, grpc::ClientContext*,
                                                     google::protobuf::Message* response);

// One request, one response.
template <typename Request, typename Response>
struct Method {
  UnaryCall call;
};

// One request, responses that come one by one.
template <typename Request, typename Response>
struct DownloadMethod {
  DownloadCall open;
};

// Requests that go one by one, one response.
template <typename Request, typename Response>
struct UploadMethod {
  UploadCall open;
};

namespace sessions {
extern const Method<v1::CreateSessionRequest, v1::Session> kCreateSession;
extern const Method<v1::ListSessionsRequest, v1::ListSessionsResponse> kListSessions;
extern const Method<v1::DeleteSessionRequest, v1::DeleteSessionResponse> kDeleteSession;
extern const Method<v1::ForkSessionRequest, v1::Session> kForkSession;
extern const Method<v1::AppendTurnsRequest, v1::AppendTurnsResponse> kAppendTurns;
extern const DownloadMethod<v1::ReadTurnsRequest, v1::ReadTurnsResponse> kReadTurns;
extern const Method<v1::ExpandTurnRequest, v1::ExpandTurnResponse> kExpandTurn;
extern const Method<v1::SearchTurnsRequest, v1::SearchTurnsResponse> kSearchTurns;
extern const Method<v1::PinTurnsRequest, v1::PinTurnsResponse> kPinTurns;
extern const Method<v1::UnpinTurnsRequest, v1::UnpinTurnsResponse> kUnpinTurns;
extern const Method<v1::CompactSessionRequest, v1::CompactSessionResponse> kCompactSession;
extern const DownloadMethod<v1::ExportSessionRequest, v1::ExportChunk> kExportSession;
extern const UploadMethod<v1::ExportChunk, v1::Session> kImportSession;
}  // namespace sessions

namespace contexts {
extern const Method<v1::BuildContextRequest, v1::BuildContextResponse> kBuildContext;
extern const Method<v1::BuildContextRequest, v1::PlanContextResponse> kPlanContext;
extern const Method<v1::GetPageRequest, v1::GetPageResponse> kGetPage;
extern const Method<v1::ExplainTurnRequest, v1::ExplainTurnResponse> kExplainTurn;
extern const Method<v1::DiffEpochsRequest, v1::DiffEpochsResponse> kDiffEpochs;
extern const Method<v1::DrawLadderRequest, v1::DrawLadderResponse> kDrawLadder;
extern const Method<v1::ListViewsRequest, v1::ListViewsResponse> kListViews;
extern const Method<v1::ListReadersRequest, v1::ListReadersResponse> kListReaders;
extern const Method<v1::GetRecallToolsRequest, v1::GetRecallToolsResponse> kGetRecallTools;
}  // namespace contexts

namespace readers {
extern const Method<v1::CountTokensRequest, v1::CountTokensResponse> kCountTokens;
extern const Method<v1::GetReaderProfileRequest, v1::GetReaderProfileResponse> kGetReaderProfile;
}  // namespace readers

namespace pages {
extern const DownloadMethod<v1::RenderDocumentRequest, v1::RenderDocumentResponse> kRenderDocument;
}  // namespace pages

namespace admin {
extern const Method<v1::GetServerStatsRequest, v1::ServerStats> kGetServerStats;
extern const Method<v1::GetStoreStatsRequest, v1::StoreStats> kGetStoreStats;
extern const Method<v1::VerifyStoreRequest, v1::VerifyStoreResponse> kVerifyStore;
extern const Method<v1::DropPagesRequest, v1::DropPagesResponse> kDropPages;
extern const Method<v1::RepairStoreRequest, v1::RepairStoreResponse> kRepairStore;
extern const DownloadMethod<v1::BackupStoreRequest, v1::BackupChunk> kBackupStore;
extern const UploadMethod<v1::BackupChunk, v1::RestoreStoreResponse> kRestoreStore;
extern const Method<v1::ApplyRetentionRequest, v1::ApplyRetentionResponse> kApplyRetention;
}  // namespace admin

}  // namespace fovea::cli

#endif  // FOVEA_CLI_METHODS_H_
