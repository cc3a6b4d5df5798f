// A small server of the public API, in this process but behind a real socket.
#ifndef FOVEA_TESTS_CLI_FAKE_SERVER_H_
#define FOVEA_TESTS_CLI_FAKE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fovea/v1/admin.grpc.pb.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/page.grpc.pb.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"
#include "tests/support/temporary_directory.h"

namespace fovea::cli {

// Sessions in a map. What tests set or look at is public; set it while no call runs.
class FakeSessions final : public v1::SessionService::Service {
 public:
  struct Stored {
    v1::Session session;
    std::vector<v1::Turn> turns;
    std::vector<v1::Event> events;
    std::map<std::string, v1::AppendTurnsResponse> answers;  // by idempotency key
  };

  std::map<std::string, Stored> stored;
  std::vector<std::string> tokens;  // the authorization of every append, as sent
  std::vector<int> append_sizes;    // turns of every append that was taken
  int refuse_appends = 0;           // so many more appends fail with UNAVAILABLE
  int appends_until_down = -1;      // after so many more appends all fail with INTERNAL; -1: never
  bool hangs = false;               // lists and exports do not end before the client gives up

  grpc::Status CreateSession(grpc::ServerContext*, const v1::CreateSessionRequest* request,
                             v1::Session* session) override;
  grpc::Status ListSessions(grpc::ServerContext* context, const v1::ListSessionsRequest* request,
                            v1::ListSessionsResponse* response) override;
  grpc::Status DeleteSession(grpc::ServerContext*, const v1::DeleteSessionRequest* request,
                             v1::DeleteSessionResponse* response) override;
  grpc::Status ForkSession(grpc::ServerContext*, const v1::ForkSessionRequest* request,
                           v1::Session* session) override;
  grpc::Status AppendTurns(grpc::ServerContext* context, const v1::AppendTurnsRequest* request,
                           v1::AppendTurnsResponse* response) override;
  grpc::Status ReadTurns(grpc::ServerContext*, const v1::ReadTurnsRequest* request,
                         grpc::ServerWriter<v1::ReadTurnsResponse>* writer) override;
  grpc::Status ExpandTurn(grpc::ServerContext*, const v1::ExpandTurnRequest* request,
                          v1::ExpandTurnResponse* response) override;
  grpc::Status SearchTurns(grpc::ServerContext*, const v1::SearchTurnsRequest* request,
                           v1::SearchTurnsResponse* response) override;
  grpc::Status PinTurns(grpc::ServerContext*, const v1::PinTurnsRequest* request,
                        v1::PinTurnsResponse* response) override;
  grpc::Status ExportSession(grpc::ServerContext* context, const v1::ExportSessionRequest* request,
                             grpc::ServerWriter<v1::ExportChunk>* writer) override;
  grpc::Status ImportSession(grpc::ServerContext*, grpc::ServerReader<v1::ExportChunk>* reader,
                             v1::Session* session) override;

 private:
  Stored* Find(const std::string& id);  // null if there is none
};

// Answers what the test put in.
class FakeContexts final : public v1::ContextService::Service {
 public:
  v1::BuildContextResponse build;
  v1::DrawLadderResponse ladder;
  v1::ListReadersResponse readers;
  v1::ExplainTurnResponse explained;
  v1::DiffEpochsResponse diff;
  v1::ListViewsResponse views;
  int turn_top = 0;  // of GetPage, where a turn is asked for
  int turn_bottom = 0;
  std::map<std::string, std::string> pages;  // PNG bytes by page id, for GetPage
  int64_t required_tokens = 0;               // not 0: contexts fail with RESOURCE_EXHAUSTED
  v1::BuildContextRequest last_request;
  v1::GetPageRequest last_page_request;
  int pages_fetched = 0;

  grpc::Status BuildContext(grpc::ServerContext* context, const v1::BuildContextRequest* request,
                            v1::BuildContextResponse* response) override;
  grpc::Status PlanContext(grpc::ServerContext* context, const v1::BuildContextRequest* request,
                           v1::PlanContextResponse* response) override;
  grpc::Status GetPage(grpc::ServerContext*, const v1::GetPageRequest* request,
                       v1::GetPageResponse* response) override;
  grpc::Status ExplainTurn(grpc::ServerContext*, const v1::ExplainTurnRequest*,
                           v1::ExplainTurnResponse* response) override;
  grpc::Status DiffEpochs(grpc::ServerContext*, const v1::DiffEpochsRequest*,
                          v1::DiffEpochsResponse* response) override;
  grpc::Status ListViews(grpc::ServerContext*, const v1::ListViewsRequest*,
                         v1::ListViewsResponse* response) override;
  grpc::Status DrawLadder(grpc::ServerContext*, const v1::DrawLadderRequest*,
                          v1::DrawLadderResponse* response) override;
  grpc::Status ListReaders(grpc::ServerContext*, const v1::ListReadersRequest*,
                           v1::ListReadersResponse* response) override;
  // Names the format.
  grpc::Status GetRecallTools(grpc::ServerContext*, const v1::GetRecallToolsRequest* request,
                              v1::GetRecallToolsResponse* response) override;

 private:
  grpc::Status CheckBudget(grpc::ServerContext& context) const;
};

// Counts an image by its pixels, a text by its bytes.
class FakeReaders final : public v1::ReaderService::Service {
 public:
  grpc::Status CountTokens(grpc::ServerContext*, const v1::CountTokensRequest* request,
                           v1::CountTokensResponse* response) override;
};

// Draws a page for every ten bytes: "PNG of " and the bytes. Each costs one token, as much as five
// bytes of text.
class FakePages final : public v1::PageService::Service {
 public:
  v1::RenderDocumentRequest last_request;
  bool fails_midway = false;  // DATA_LOSS after the first page

  grpc::Status RenderDocument(grpc::ServerContext*, const v1::RenderDocumentRequest* request,
                              grpc::ServerWriter<v1::RenderDocumentResponse>* writer) override;
};

class FakeAdmin final : public v1::AdminService::Service {
 public:
  v1::VerifyStoreResponse verified;

  grpc::Status VerifyStore(grpc::ServerContext*, const v1::VerifyStoreRequest*,
                           v1::VerifyStoreResponse* response) override;
  grpc::Status GetServerStats(grpc::ServerContext*, const v1::GetServerStatsRequest*,
                              v1::ServerStats* response) override;
  grpc::Status GetStoreStats(grpc::ServerContext*, const v1::GetStoreStatsRequest*,
                             v1::StoreStats* response) override;
  grpc::Status DropPages(grpc::ServerContext*, const v1::DropPagesRequest*,
                         v1::DropPagesResponse* response) override;
};

// Serves them at `address` from construction to destruction.
class FakeServer {
 public:
  FakeServer();
  ~FakeServer();

  const std::string& address() const { return address_; }

  FakeSessions sessions;
  FakeContexts contexts;
  FakeReaders readers;
  FakePages pages;
  FakeAdmin admin;

 private:
  const TemporaryDirectory folder_;
  const std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

// One run of the command line.
struct Ran {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Runs `fovea --server ADDRESS arguments...`.
Ran RunCli(const FakeServer& server, std::vector<std::string> arguments);
// The same at a terminal of so many columns.
Ran RunAtTerminal(const FakeServer& server, int columns, std::vector<std::string> arguments);

void WriteText(const std::string& path, const std::string& text);
void WriteGzip(const std::string& path, const std::string& text);
std::string ReadText(const std::string& path);

}  // namespace fovea::cli

#endif  // FOVEA_TESTS_CLI_FAKE_SERVER_H_
