#include "service/server.h"

#include <sys/stat.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "memory_store/memory_store.h"
#include "render/renderer.h"
#include "service/admin_service.h"
#include "service/auth.h"
#include "service/context_service.h"
#include "service/listen.h"
#include "service/metrics.h"
#include "service/page_provider.h"
#include "service/page_service.h"
#include "service/reader_service.h"
#include "service/rpc.h"
#include "service/session_service.h"
#include "service/session_states.h"
#include "service/usage_ledger.h"
#include "service/view_cache.h"
#include "service/wire/payload.h"
#include "service/worker_pool.h"

namespace fovea::service {
namespace {

// An append of one turn of the largest size must fit, with its framing.
constexpr int kMaxReceivedBytes = (64 << 20) + (1 << 20);
// Calls mostly wait for the disk: many threads let many appends share one commit.
constexpr size_t kCallThreads = 64;
// Contexts compute: more threads would only hold more of them in memory. One more than there are
// processors, so that a call that waits for drawing leaves nobody idle.
size_t ContextThreads(size_t processors) { return processors + 1; }
constexpr size_t kMaxWaitingCalls = 20'000;

size_t Processors() { return std::max(1U, std::thread::hardware_concurrency()); }

class GrpcServer final : public Server {
 public:
  explicit GrpcServer(ServerOptions options)
      : options_(std::move(options)),
        drawing_(options_.drawing_threads > 0 ? options_.drawing_threads : Processors(), SIZE_MAX),
        calls_(kCallThreads, kMaxWaitingCalls),
        building_(ContextThreads(Processors()), kMaxWaitingCalls) {}

  ~GrpcServer() override { Stop(absl::ZeroDuration()); }

  absl::Status Open() {
    if (!options_.now_us) {
      options_.now_us = [] { return absl::GetCurrentTimeNanos() / 1000; };
    }
    auto auth = Authenticator::Create(options_.tokens_file);
    if (!auth.ok()) return auth.status();
    auth_ = *std::move(auth);
    absl::Status status = CheckAddresses();
    if (!status.ok()) return status;
    auto store =
        MemoryStore::Open({.directory = options_.data_directory, .now_us = options_.now_us});
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    auto renderer = CreateRenderer({});
    if (!renderer.ok()) return renderer.status();
    renderer_ = *std::move(renderer);
    states_ = std::make_unique<SessionStates>(&store_->log(), options_.max_turn_bytes);
    environment_ = {.auth = auth_.get(), .metrics = &metrics_, .log = options_.log.get()};
    usage_ = std::make_unique<UsageLedger>(&store_->usage());
    status = usage_->Load();
    if (!status.ok()) return status;
    MakeServices();
    return Listen();
  }

  absl::Status ReloadTokens() override { return auth_->Reload(); }

  void Stop(absl::Duration patience) override {
    if (server_ == nullptr) return;
    if (health_ != nullptr) health_->Shutdown();
    server_->Shutdown(absl::ToChronoTime(absl::Now() + patience));
    server_->Wait();
    server_.reset();
  }

 private:
  absl::Status CheckAddresses() const {
    if (options_.addresses.empty()) return absl::InvalidArgumentError("no address to listen on");
    for (const std::string& address : options_.addresses) {
      absl::Status status = CheckAddress(address, auth_->wants_tokens());
      if (status.ok()) status = ClearStaleSocket(address);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void MakeServices() {
    views_ = std::make_unique<ViewCache>(ViewCacheInputs{.log = &store_->log(),
                                                         .readers = &options_.readers,
                                                         .renderer = renderer_.get(),
                                                         .metrics = &metrics_,
                                                         .usage = usage_.get(),
                                                         .max_views = options_.max_views});
    pages_ =
        std::make_unique<PageProvider>(PageProviderInputs{.store = &store_->pages(),
                                                          .renderer = renderer_.get(),
                                                          .drawing = &drawing_,
                                                          .background = &calls_,
                                                          .metrics = &metrics_,
                                                          .max_bytes = options_.max_page_bytes});
    payloads_ = std::make_unique<wire::PayloadWriter>(options_.max_prefix_bytes);
    contexts_ = std::make_unique<ContextService>(ContextServiceInputs{.environment = &environment_,
                                                                      .pool = &building_,
                                                                      .states = states_.get(),
                                                                      .views = views_.get(),
                                                                      .pages = pages_.get(),
                                                                      .payloads = payloads_.get(),
                                                                      .readers = &options_.readers,
                                                                      .usage = usage_.get(),
                                                                      .renderer = renderer_.get()});
    reader_service_ =
        std::make_unique<ReaderService>(ReaderServiceInputs{.environment = &environment_,
                                                            .pool = &building_,
                                                            .readers = &options_.readers,
                                                            .usage = usage_.get()});
    page_service_ = std::make_unique<PageService>(PageServiceInputs{.environment = &environment_,
                                                                    .pool = &building_,
                                                                    .readers = &options_.readers,
                                                                    .renderer = renderer_.get(),
                                                                    .drawing = &drawing_});
    sessions_ = std::make_unique<SessionService>(
        SessionServiceInputs{.environment = &environment_,
                             .pool = &calls_,
                             .log = &store_->log(),
                             .pages = &store_->pages(),
                             .search = &store_->search(),
                             .states = states_.get(),
                             .forget_session = [this](const SessionState& state) { Forget(state); },
                             .now_us = options_.now_us});
    admin_ = std::make_unique<AdminService>(
        AdminServiceInputs{.environment = &environment_,
                           .pool = &calls_,
                           .log = &store_->log(),
                           .pages = &store_->pages(),
                           .version = options_.version,
                           .renderer_version = std::string(renderer_->Version()),
                           .started_us = options_.now_us(),
                           .views_held = [this] { return views_->size(); },
                           .forget_pages = [this] { ForgetPages(); }});
  }

  void Forget(const SessionState& state) {
    views_->Forget(state.key);
    pages_->Forget(state.id);
    payloads_->Forget(state.id);
  }

  void ForgetPages() {
    pages_->ForgetAll();
    payloads_->ForgetAll();
  }

  absl::Status Listen() {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(kMaxReceivedBytes);
    builder.SetMaxSendMessageSize(-1);
    // Two servers on one port would each get some of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    std::vector<int> ports(options_.addresses.size(), -1);
    for (size_t i = 0; i < options_.addresses.size(); ++i) {
      builder.AddListeningPort(options_.addresses[i], grpc::InsecureServerCredentials(), &ports[i]);
    }
    builder.RegisterService(sessions_.get());
    builder.RegisterService(contexts_.get());
    builder.RegisterService(reader_service_.get());
    builder.RegisterService(page_service_.get());
    builder.RegisterService(admin_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || std::count(ports.begin(), ports.end(), 0) > 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", absl::StrJoin(options_.addresses, ", ")));
    }
    for (const std::string& address : options_.addresses) {
      if (absl::StartsWith(address, "unix:")) chmod(address.substr(5).c_str(), 0600);
    }
    health_ = server_->GetHealthCheckService();
    health_->SetServingStatus(true);
    return absl::OkStatus();
  }

  ServerOptions options_;
  Metrics metrics_;
  std::unique_ptr<Authenticator> auth_;
  std::unique_ptr<MemoryStore> store_;
  std::unique_ptr<PageRenderer> renderer_;
  RpcEnvironment environment_;
  std::unique_ptr<SessionStates> states_;
  // Pools end before what their tasks use: those that build contexts first, which post to the
  // others.
  WorkerPool drawing_;
  std::unique_ptr<UsageLedger> usage_;
  std::unique_ptr<ViewCache> views_;
  std::unique_ptr<PageProvider> pages_;
  std::unique_ptr<wire::PayloadWriter> payloads_;
  std::unique_ptr<ContextService> contexts_;
  std::unique_ptr<ReaderService> reader_service_;
  std::unique_ptr<PageService> page_service_;
  std::unique_ptr<SessionService> sessions_;
  std::unique_ptr<AdminService> admin_;
  WorkerPool calls_;
  WorkerPool building_;
  std::unique_ptr<grpc::Server> server_;
  grpc::HealthCheckServiceInterface* health_ = nullptr;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  auto server = std::make_unique<GrpcServer>(std::move(options));
  absl::Status status = server->Open();
  if (!status.ok()) return status;
  return server;
}

}  // namespace fovea::service
