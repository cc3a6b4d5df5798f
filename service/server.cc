#include "service/server.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "memory_store/memory_store.h"
#include "render/renderer.h"
#include "service/admin_service.h"
#include "service/audit_log.h"
#include "service/auth.h"
#include "service/call_registry.h"
#include "service/connections.h"
#include "service/context_service.h"
#include "service/credentials.h"
#include "service/drawing_pool.h"
#include "service/housekeeping.h"
#include "service/lanes.h"
#include "service/listen.h"
#include "service/memory_budget.h"
#include "service/metrics.h"
#include "service/metrics_http.h"
#include "service/own_calls.h"
#include "service/page_provider.h"
#include "service/page_service.h"
#include "service/quota_log.h"
#include "service/quotas.h"
#include "service/reader_service.h"
#include "service/retained.h"
#include "service/rpc.h"
#include "service/session_service.h"
#include "service/session_states.h"
#include "service/usage_ledger.h"
#include "service/view_cache.h"
#include "service/view_checkpoints.h"
#include "service/wire/payload.h"
#include "service/worker_pool.h"
#include "service/write_health.h"

namespace fovea::service {
namespace {

// Files that are open beside connections: databases, their connections, threads' pollers.
constexpr size_t kOwnFiles = 128;
// grpc.health.v1's name for what changes sessions.
constexpr char kWritesService[] = "fovea.v1.Writes";
constexpr int kStreamsOfConnection = 256;
constexpr int kMaxHeaderBytes = 16 << 10;
// Of max_call_bytes, for one of several tenants.
constexpr uint64_t kTenantPermille = 500;
// For a deletion to be asked of the files once more, when its words should have gone already.
constexpr absl::Duration kEraseWait = absl::Seconds(1);
// What nobody waits for: pages that were drawn are kept.
constexpr size_t kBackgroundThreads = 2;
constexpr size_t kMaxBackgroundTasks = 256;
// For what is kept of pages, and then of planners, when the calls have ended: all of it can be made
// again.
constexpr absl::Duration kClosingTime = absl::Seconds(1);

size_t Processors() { return std::max(1U, std::thread::hardware_concurrency()); }

class GrpcServer final : public Server {
 public:
  explicit GrpcServer(ServerOptions options)
      : options_(std::move(options)),
        background_(kBackgroundThreads, kMaxBackgroundTasks, kClosingTime) {}

  ~GrpcServer() override { Stop(absl::ZeroDuration()); }

  absl::Status Open() {
    if (!options_.now_us) {
      options_.now_us = [] { return absl::GetCurrentTimeNanos() / 1000; };
    }
    FOVEA_ASSIGN_OR_RETURN(auth_, Authenticator::Create(options_.tokens_file));
    FOVEA_RETURN_IF_ERROR(CheckAddresses());
    if (!options_.audit_log.empty()) {
      FOVEA_ASSIGN_OR_RETURN(audit_, AuditLog::Open(options_.audit_log));
    }
    FOVEA_ASSIGN_OR_RETURN(store_,
                           MemoryStore::Open({.directory = options_.data_directory,
                                              .max_page_bytes = options_.max_page_bytes_on_disk,
                                              .max_view_bytes = options_.max_view_bytes_on_disk,
                                              .now_us = options_.now_us}));
    for (const std::string& notice : store_->Notices()) options_.log->warn("{}", notice);
    FOVEA_ASSIGN_OR_RETURN(renderer_, CreateRenderer({}));
    states_ = std::make_unique<SessionStates>(&store_->log(), options_.max_turn_bytes);
    usage_ = std::make_unique<UsageLedger>(&store_->usage());
    FOVEA_RETURN_IF_ERROR(usage_->Load());
    MakeEnvironment();
    MakeServices();
    FOVEA_RETURN_IF_ERROR(Listen());
    retention_ =
        std::make_unique<RetentionKeeper>([this](const RetentionRule& rule) { Retain(rule); });
    retention_->SetRule(options_.retention);
    return ServeMetrics();
  }

  absl::Status ReloadTokens() override { return auth_->Reload(); }
  absl::Status ReopenAuditLog() override {
    return audit_ == nullptr ? absl::OkStatus() : audit_->Reopen();
  }

  void SetQuotas(const QuotaLimits& limits) override { quotas_->SetLimits(limits); }
  void SetStorageLimits(const StorageLimits& limits) override {
    storage_quotas_->SetLimits(limits);
  }
  void SetRetention(const RetentionRule& rule) override { retention_->SetRule(rule); }
  int metrics_port() const override { return metrics_http_ == nullptr ? 0 : metrics_http_->port(); }

  const std::vector<std::string>& addresses() const override { return connections_->addresses(); }

  void Stop(absl::Duration patience) override {
    stopping_ = true;  // first of all, for those who ask whether to send more
    if (connections_ != nullptr) connections_->Stop();
    retention_.reset();
    if (server_ == nullptr) return;
    if (health_ != nullptr) health_.load()->Shutdown();
    server_->Shutdown(absl::ToChronoTime(absl::Now() + patience));
    server_->Wait();
    views_->SaveAll(kClosingTime);
    // No call is left that could use them, and health goes with the server.
    metrics_http_.reset();
    write_health_.reset();
    server_.reset();
  }

 private:
  absl::Status CheckAddresses() const {
    if (options_.addresses.empty()) return absl::InvalidArgumentError("no address to listen on");
    for (const std::string& address : options_.addresses) {
      FOVEA_RETURN_IF_ERROR(CheckAddress(address, /*open_to_all=*/true));
      FOVEA_RETURN_IF_ERROR(ClearStaleSocket(address));
    }
    return absl::OkStatus();
  }

  void MakeEnvironment() {
    const bool many_tenants = auth_->wants_tokens();
    call_memory_ = std::make_unique<MemoryBudget>(options_.max_call_bytes,
                                                  many_tenants ? kTenantPermille : 1000);
    calls_ = std::make_unique<CallRegistry>(options_.answer_time);
    quotas_ = std::make_unique<Quotas>(options_.quotas);
    storage_quotas_ = std::make_unique<StorageQuotas>(
        options_.storage, [this](const std::string& tenant) { return store_->HoldingsOf(tenant); });
    quota_log_ = std::make_unique<QuotaLog>(&store_->log(), storage_quotas_.get());
    write_health_ =
        std::make_unique<WriteHealth>([this] { return store_->Writable(); },
                                      [this](const absl::Status& state) { TellOfWrites(state); });
    lanes_ = std::make_unique<Lanes>(Processors(), many_tenants);
    const size_t drawing =
        options_.drawing_threads > 0 ? static_cast<size_t>(options_.drawing_threads) : Processors();
    drawing_ = std::make_unique<DrawingPool>(drawing, many_tenants);
    environment_ = {.auth = auth_.get(),
                    .metrics = &metrics_,
                    .log = options_.log.get(),
                    .memory = call_memory_.get(),
                    .lanes = lanes_.get(),
                    .calls = calls_.get(),
                    .audit = audit_.get(),
                    .quotas = quotas_.get(),
                    .write_health = write_health_.get()};
  }

  void TellOfWrites(const absl::Status& state) {
    grpc::HealthCheckServiceInterface* health = health_;
    if (health != nullptr) health->SetServingStatus(kWritesService, state.ok());
    if (state.ok()) {
      options_.log->info("writes are served again");
    } else {
      options_.log->error("writes are not served: {}", std::string(state.message()));
    }
  }

  absl::Status ServeMetrics() {
    if (options_.metrics_address.empty()) return absl::OkStatus();
    FOVEA_ASSIGN_OR_RETURN(
        metrics_http_,
        MetricsHttp::Start({.address = options_.metrics_address,
                            .metrics = [this] { return MetricsText(metrics_, Gauges()); },
                            .not_ready = [this] { return WhyNotReady(); }}));
    return absl::OkStatus();
  }

  std::string WhyNotReady() const {
    if (stopping_) return "stopping";
    return write_health_->serving() ? "" : "writes are not served: the disk fails";
  }

  std::vector<Gauge> Gauges() const {
    std::vector<Gauge> gauges = {
        {"fovea_connections", "Open connections, as of the last look.",
         static_cast<double>(connections_->open())},
        {"fovea_connections_accepted_total", "Connections that were let in.",
         static_cast<double>(connections_->accepted()), true},
        {"fovea_connections_refused_total", "Connections that were turned away.",
         static_cast<double>(connections_->refused()), true},
        {"fovea_connections_cut_off_total",
         "Connections that were closed for what they sent, or to make room.",
         static_cast<double>(connections_->cut_off()), true},
        {"fovea_calls", "Calls in progress.", static_cast<double>(calls_->size())},
        {"fovea_call_memory_bytes", "Held by requests and answers in progress.",
         static_cast<double>(call_memory_->held_bytes())},
        {"fovea_views", "Planners in memory.", static_cast<double>(views_->size())},
        {"fovea_views_bytes", "Of planners in memory, about; at most view_cache.",
         static_cast<double>(views_->bytes())},
        {"fovea_views_restored_total", "Planners that did not have to be made from the log.",
         static_cast<double>(metrics_.views_restored), true},
        {"fovea_epochs_crossed_total", "Steps of forgetting.",
         static_cast<double>(metrics_.epochs_crossed), true},
        {"fovea_pages_drawn_total", "Pages drawn.", static_cast<double>(metrics_.pages_drawn),
         true},
        {"fovea_pages_from_cache_total", "Pages that did not have to be drawn.",
         static_cast<double>(metrics_.pages_from_cache), true},
        {"fovea_writes_serving", "1 while the disk takes writes.",
         write_health_->serving() ? 1.0 : 0.0}};
    if (audit_ != nullptr) {
      gauges.push_back({"fovea_audit_lines_lost_total", "That the audit log could not be given.",
                        static_cast<double>(audit_->lost()), true});
    }
    for (size_t i = 0; i < kLanes; ++i) {
      const auto lane = static_cast<Lane>(i);
      gauges.push_back({absl::StrCat("fovea_waiting_", LaneName(lane)),
                        "Calls that wait for a thread of this lane.",
                        static_cast<double>(lanes_->Of(lane).queued())});
    }
    return gauges;
  }

  void MakeServices() {
    checkpoints_ = std::make_unique<ViewCheckpoints>(&store_->views());
    views_ = std::make_unique<ViewCache>(ViewCacheInputs{.log = &store_->log(),
                                                         .readers = &options_.readers,
                                                         .renderer = renderer_.get(),
                                                         .metrics = &metrics_,
                                                         .usage = usage_.get(),
                                                         .checkpoints = checkpoints_.get(),
                                                         .max_views = options_.max_views,
                                                         .max_bytes = options_.max_view_bytes});
    pages_ =
        std::make_unique<PageProvider>(PageProviderInputs{.store = &store_->pages(),
                                                          .renderer = renderer_.get(),
                                                          .drawing = drawing_.get(),
                                                          .background = &background_,
                                                          .metrics = &metrics_,
                                                          .max_bytes = options_.max_page_bytes});
    payloads_ = std::make_unique<wire::PayloadWriter>(options_.max_prefix_bytes);
    contexts_ = std::make_unique<ContextService>(ContextServiceInputs{.environment = &environment_,
                                                                      .states = states_.get(),
                                                                      .views = views_.get(),
                                                                      .pages = pages_.get(),
                                                                      .payloads = payloads_.get(),
                                                                      .readers = &options_.readers,
                                                                      .usage = usage_.get(),
                                                                      .renderer = renderer_.get()});
    reader_service_ = std::make_unique<ReaderService>(ReaderServiceInputs{
        .environment = &environment_, .readers = &options_.readers, .usage = usage_.get()});
    page_service_ = std::make_unique<PageService>(PageServiceInputs{.environment = &environment_,
                                                                    .readers = &options_.readers,
                                                                    .renderer = renderer_.get(),
                                                                    .drawing = drawing_.get()});
    sessions_ = std::make_unique<SessionService>(SessionServiceInputs{
        .environment = &environment_,
        .log = quota_log_.get(),
        .pages = &store_->pages(),
        .views = &store_->views(),
        .search = &store_->search(),
        .states = states_.get(),
        .forget_session = [this](const SessionState& state) { Forget(state); },
        .erased =
            [this](const DeletionReceipt& receipt) {
              return store_->WaitUntilErased(receipt, absl::Now() + kEraseWait);
            },
        .now_us = options_.now_us});
    housekeeping_ = std::make_unique<Housekeeping>(
        HousekeepingInputs{.store = store_.get(),
                           .states = states_.get(),
                           .forget_session = [this](const SessionState& state) { Forget(state); },
                           .now_us = options_.now_us,
                           .clock_settles = options_.clock_settles});
    admin_ = std::make_unique<AdminService>(
        AdminServiceInputs{.environment = &environment_,
                           .store = store_.get(),
                           .housekeeping = housekeeping_.get(),
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

  void Retain(const RetentionRule& rule) {
    const auto still_wanted = [this] {
      return stopping_ ? absl::CancelledError("stopping") : absl::OkStatus();
    };
    const auto report = housekeeping_->ApplyRetention(
        rule, /*dry_run=*/false, still_wanted,
        [this](const OldSession& session, const absl::Status& outcome) {
          NoteRetained(environment_, session, outcome, /*call=*/nullptr);
        });
    if (!report.ok()) {
      options_.log->warn("retention ended early: {}", std::string(report.status().message()));
    } else if (!report->choice.to_delete.empty()) {
      options_.log->info("retention deleted {} sessions of {} bytes",
                         report->choice.to_delete.size(), report->choice.deleted_bytes);
    }
  }

  void ForgetPages() {
    pages_->ForgetAll();
    payloads_->ForgetAll();
  }

  absl::Status Listen() {
    const size_t files = RaiseFileLimit();
    ConnectionLimits limits = options_.connections;
    if (limits.all + kOwnFiles > files) {
      limits.all = files > 2 * kOwnFiles ? files - kOwnFiles : files / 2;
      options_.log->warn("{} files may be open: at most {} connections", files, limits.all);
    }
    FOVEA_ASSIGN_OR_RETURN(connections_,
                           Connections::Listen(options_.addresses, limits, options_.log));
    grpc::EnableDefaultHealthCheckService(true);
    environment_.connections = connections_.get();
    // gRPC's own service: what it makes of a request is not weighed.
    if (options_.reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    SetLimits(builder);
    std::shared_ptr<grpc::ServerCredentials> credentials = PlainCredentials(auth_.get());
    if (!options_.tls.certificate.empty()) {
      FOVEA_ASSIGN_OR_RETURN(certificates_, CertificateFiles::Open(options_.tls, options_.log));
      FOVEA_ASSIGN_OR_RETURN(credentials, TlsCredentials(*certificates_, auth_.get()));
    }
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
    builder.RegisterService(sessions_.get());
    builder.RegisterService(contexts_.get());
    builder.RegisterService(reader_service_.get());
    builder.RegisterService(page_service_.get());
    builder.RegisterService(admin_.get());
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> watchers;
    watchers.push_back(std::make_unique<OwnCalls>(connections_.get()));
    builder.experimental().SetInterceptorCreators(std::move(watchers));
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::InternalError("gRPC does not start");
    grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
    health->SetServingStatus(true);
    health->SetServingStatus(kWritesService, write_health_->serving());
    health_ = health;
    connections_->Start([this](int listener, int socket) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.listener_fd = listener;
      connection.fd = socket;
      acceptor_->HandleNewConnection(&connection);
    });
    return absl::OkStatus();
  }

  // What a connection may cost before anybody has looked at what it says.
  void SetLimits(grpc::ServerBuilder& builder) const {
    builder.SetMaxReceiveMessageSize(static_cast<int>(kLargeRequest));
    builder.SetMaxSendMessageSize(-1);
    const auto set = [&](const char* name, absl::Duration time) {
      builder.AddChannelArgument(name, static_cast<int>(absl::ToInt64Milliseconds(time)));
    };
    set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, options_.handshake_time);
    set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, options_.idle_time);
    set(GRPC_ARG_KEEPALIVE_TIME_MS, absl::Minutes(1));
    set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, absl::Seconds(20));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsOfConnection);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxHeaderBytes);
    builder.SetResourceQuota(
        grpc::ResourceQuota("fovead").Resize(static_cast<size_t>(options_.max_receive_bytes)));
  }

  ServerOptions options_;
  Metrics metrics_;
  std::unique_ptr<Authenticator> auth_;
  std::unique_ptr<MemoryStore> store_;
  std::unique_ptr<PageRenderer> renderer_;
  std::unique_ptr<MemoryBudget> call_memory_;
  std::unique_ptr<CallRegistry> calls_;
  std::unique_ptr<Quotas> quotas_;
  std::unique_ptr<StorageQuotas> storage_quotas_;
  std::unique_ptr<QuotaLog> quota_log_;
  std::unique_ptr<AuditLog> audit_;
  RpcEnvironment environment_;
  std::unique_ptr<SessionStates> states_;
  // Threads end before what their tasks use: those of calls first, which post to the others.
  std::unique_ptr<DrawingPool> drawing_;
  std::unique_ptr<UsageLedger> usage_;
  std::unique_ptr<ViewCheckpoints> checkpoints_;
  std::unique_ptr<ViewCache> views_;
  std::unique_ptr<PageProvider> pages_;
  std::unique_ptr<wire::PayloadWriter> payloads_;
  std::unique_ptr<ContextService> contexts_;
  std::unique_ptr<ReaderService> reader_service_;
  std::unique_ptr<PageService> page_service_;
  std::unique_ptr<SessionService> sessions_;
  std::unique_ptr<Housekeeping> housekeeping_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<RetentionKeeper> retention_;
  WorkerPool background_;
  std::unique_ptr<Lanes> lanes_;
  std::unique_ptr<CertificateFiles> certificates_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::atomic<grpc::HealthCheckServiceInterface*> health_ = nullptr;
  std::unique_ptr<WriteHealth> write_health_;  // tells health_
  std::unique_ptr<MetricsHttp> metrics_http_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  auto server = std::make_unique<GrpcServer>(std::move(options));
  FOVEA_RETURN_IF_ERROR(server->Open());
  return server;
}

}  // namespace fovea::service
