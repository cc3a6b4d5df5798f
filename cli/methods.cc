#include "cli/methods.h"

#include <memory>
#include <utility>

#include "cli/stubs.h"

namespace fovea::cli {
namespace {

using google::protobuf::Message;
using grpc::ClientContext;
using Sessions = v1::SessionService::Stub;
using Contexts = v1::ContextService::Stub;
using Readers = v1::ReaderService::Stub;
using Pages = v1::PageService::Stub;
using Admin = v1::AdminService::Stub;

template <typename Part>
class Reader final : public OpenedStream {
 public:
  explicit Reader(std::unique_ptr<grpc::ClientReader<Part>> stream) : stream_(std::move(stream)) {}
  bool Read(Message* part) override { return stream_->Read(static_cast<Part*>(part)); }
  bool Write(const Message&) override { return false; }
  void WritesDone() override {}
  grpc::Status Finish() override { return stream_->Finish(); }

 private:
  const std::unique_ptr<grpc::ClientReader<Part>> stream_;
};

template <typename Part>
class Writer final : public OpenedStream {
 public:
  explicit Writer(std::unique_ptr<grpc::ClientWriter<Part>> stream) : stream_(std::move(stream)) {}
  bool Read(Message*) override { return false; }
  bool Write(const Message& part) override {
    return stream_->Write(static_cast<const Part&>(part));
  }
  void WritesDone() override { stream_->WritesDone(); }
  grpc::Status Finish() override { return stream_->Finish(); }

 private:
  const std::unique_ptr<grpc::ClientWriter<Part>> stream_;
};

// The method of a stub, with its types taken from it.
template <auto kMethod>
struct Bound;

template <typename Stub, typename Request, typename Response,
          grpc::Status (Stub::*kMethod)(ClientContext*, const Request&, Response*)>
struct Bound<kMethod> {
  static constexpr Method<Request, Response> kBound = {
      [](Stubs& stubs, ClientContext* context, const Message& request, Message* response) {
        return (stubs.Of(static_cast<Stub*>(nullptr)).*kMethod)(
            context, static_cast<const Request&>(request), static_cast<Response*>(response));
      }};
};

template <typename Stub, typename Request, typename Response,
          std::unique_ptr<grpc::ClientReader<Response>> (Stub::*kMethod)(ClientContext*,
                                                                         const Request&)>
struct Bound<kMethod> {
  static constexpr DownloadMethod<Request, Response> kBound = {
      [](Stubs& stubs, ClientContext* context,
         const Message& request) -> std::unique_ptr<OpenedStream> {
        return std::make_unique<Reader<Response>>((stubs.Of(static_cast<Stub*>(nullptr)).*kMethod)(
            context, static_cast<const Request&>(request)));
      }};
};

template <typename Stub, typename Request, typename Response,
          std::unique_ptr<grpc::ClientWriter<Request>> (Stub::*kMethod)(ClientContext*, Response*)>
struct Bound<kMethod> {
  static constexpr UploadMethod<Request, Response> kBound = {
      [](Stubs& stubs, ClientContext* context, Message* response) -> std::unique_ptr<OpenedStream> {
        return std::make_unique<Writer<Request>>((stubs.Of(static_cast<Stub*>(nullptr)).*kMethod)(
            context, static_cast<Response*>(response)));
      }};
};

template <auto kMethod>
constexpr auto kCall = Bound<kMethod>::kBound;

}  // namespace

namespace sessions {
constinit decltype(kCreateSession) kCreateSession = kCall<&Sessions::CreateSession>;
constinit decltype(kListSessions) kListSessions = kCall<&Sessions::ListSessions>;
constinit decltype(kDeleteSession) kDeleteSession = kCall<&Sessions::DeleteSession>;
constinit decltype(kForkSession) kForkSession = kCall<&Sessions::ForkSession>;
constinit decltype(kAppendTurns) kAppendTurns = kCall<&Sessions::AppendTurns>;
constinit decltype(kReadTurns) kReadTurns = kCall<&Sessions::ReadTurns>;
constinit decltype(kExpandTurn) kExpandTurn = kCall<&Sessions::ExpandTurn>;
constinit decltype(kSearchTurns) kSearchTurns = kCall<&Sessions::SearchTurns>;
constinit decltype(kPinTurns) kPinTurns = kCall<&Sessions::PinTurns>;
constinit decltype(kUnpinTurns) kUnpinTurns = kCall<&Sessions::UnpinTurns>;
constinit decltype(kCompactSession) kCompactSession = kCall<&Sessions::CompactSession>;
constinit decltype(kExportSession) kExportSession = kCall<&Sessions::ExportSession>;
constinit decltype(kImportSession) kImportSession = kCall<&Sessions::ImportSession>;
}  // namespace sessions

namespace contexts {
constinit decltype(kBuildContext) kBuildContext = kCall<&Contexts::BuildContext>;
constinit decltype(kPlanContext) kPlanContext = kCall<&Contexts::PlanContext>;
constinit decltype(kGetPage) kGetPage = kCall<&Contexts::GetPage>;
constinit decltype(kExplainTurn) kExplainTurn = kCall<&Contexts::ExplainTurn>;
constinit decltype(kDiffEpochs) kDiffEpochs = kCall<&Contexts::DiffEpochs>;
constinit decltype(kDrawLadder) kDrawLadder = kCall<&Contexts::DrawLadder>;
constinit decltype(kListViews) kListViews = kCall<&Contexts::ListViews>;
constinit decltype(kListReaders) kListReaders = kCall<&Contexts::ListReaders>;
constinit decltype(kGetRecallTools) kGetRecallTools = kCall<&Contexts::GetRecallTools>;
}  // namespace contexts

namespace readers {
constinit decltype(kCountTokens) kCountTokens = kCall<&Readers::CountTokens>;
constinit decltype(kGetReaderProfile) kGetReaderProfile = kCall<&Readers::GetReaderProfile>;
}  // namespace readers

namespace pages {
constinit decltype(kRenderDocument) kRenderDocument = kCall<&Pages::RenderDocument>;
}  // namespace pages

namespace admin {
constinit decltype(kGetServerStats) kGetServerStats = kCall<&Admin::GetServerStats>;
constinit decltype(kGetStoreStats) kGetStoreStats = kCall<&Admin::GetStoreStats>;
constinit decltype(kVerifyStore) kVerifyStore = kCall<&Admin::VerifyStore>;
constinit decltype(kDropPages) kDropPages = kCall<&Admin::DropPages>;
constinit decltype(kRepairStore) kRepairStore = kCall<&Admin::RepairStore>;
constinit decltype(kBackupStore) kBackupStore = kCall<&Admin::BackupStore>;
constinit decltype(kRestoreStore) kRestoreStore = kCall<&Admin::RestoreStore>;
constinit decltype(kApplyRetention) kApplyRetention = kCall<&Admin::ApplyRetention>;
}  // namespace admin

}  // namespace fovea::cli
