// The verbs for who runs the server: verify, stats, drop-pages.
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/client.h"
#include "cli/formats/message_json.h"
#include "cli/status.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/admin.pb.h"

namespace fovea::cli {
namespace {

struct NoOptions {};
void DeclareNothing(CLI::App&, NoOptions&) {}

std::string Count(uint64_t number) { return Grouped(static_cast<int64_t>(number)); }

absl::Status RunVerify(const Environment& environment, const NoOptions&) {
  FOVEA_ASSIGN_OR_RETURN(
      const v1::VerifyStoreResponse report,
      environment.client.Call(admin::kVerifyStore, v1::VerifyStoreRequest(), Pace::kUnlimited));
  const absl::Status found = report.problems().empty()
                                 ? absl::OkStatus()
                                 : absl::DataLossError(absl::StrCat(
                                       "the store has ", report.problems_size(), " problems"));
  if (environment.json) {
    Json json = MessageToJson(report);
    if (!found.ok()) json["error"] = ErrorJson(found)["error"];
    environment.PrintJson(json);
    return found.ok() ? found : Reported(found);
  }
  environment.console.out << Count(report.sessions()) << " sessions, " << Count(report.turns())
                          << " turns read\n";
  for (const std::string& problem : report.problems()) {
    environment.console.out << "problem: " << problem << '\n';
  }
  return found;
}

void PrintStats(const v1::ServerStats& server, const v1::StoreStats& store, Console& console) {
  console.out << "fovead " << server.version() << ", renderer " << server.renderer_version() << "\n"
              << Count(store.sessions()) << " sessions, " << Count(store.turns()) << " turns, "
              << Count(store.stored_bytes()) << " bytes stored (" << Count(store.log_file_bytes())
              << " on disk)\n"
              << Count(store.pages()) << " pages, " << Count(store.page_bytes()) << " bytes ("
              << Count(store.page_file_bytes()) << " on disk)\n"
              << "since the start: " << Count(store.appended_turns()) << " turns appended in "
              << Count(store.commits()) << " commits, " << Count(server.pages_drawn())
              << " pages drawn, " << Count(server.pages_from_cache()) << " from the cache, "
              << Count(server.epochs_crossed()) << " epochs, " << Count(server.views_held())
              << " views held\n";
  for (const v1::ServerStats::Method& method : server.methods()) {
    console.out << absl::StrFormat("  %-44s %9s calls %6s errors  mean %.2f p50 %.2f p99 %.2f ms\n",
                                   method.name(), Count(method.calls()), Count(method.errors()),
                                   method.mean_ms(), method.p50_ms(), method.p99_ms());
  }
}

absl::Status RunStats(const Environment& environment, const NoOptions&) {
  FOVEA_ASSIGN_OR_RETURN(
      const v1::ServerStats server,
      environment.client.Call(admin::kGetServerStats, v1::GetServerStatsRequest()));
  FOVEA_ASSIGN_OR_RETURN(
      const v1::StoreStats store,
      environment.client.Call(admin::kGetStoreStats, v1::GetStoreStatsRequest()));
  if (environment.json) {
    environment.PrintJson({{"server", MessageToJson(server)}, {"store", MessageToJson(store)}});
  } else {
    PrintStats(server, store, environment.console);
  }
  return absl::OkStatus();
}

absl::Status RunDropPages(const Environment& environment, const NoOptions&) {
  FOVEA_ASSIGN_OR_RETURN(
      const v1::DropPagesResponse dropped,
      environment.client.Call(admin::kDropPages, v1::DropPagesRequest(), Pace::kSlow));
  if (environment.json) {
    environment.PrintJson(MessageToJson(dropped));
  } else {
    environment.console.out << "dropped " << Count(dropped.pages()) << " pages\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddAdminVerbs(Verbs& verbs) {
  verbs.Add<NoOptions>("stats", "show what the server and its store did", DeclareNothing, RunStats);
  verbs.Add<NoOptions>("verify", "read and check everything in the store", DeclareNothing,
                       RunVerify);
  verbs.Add<NoOptions>("drop-pages", "throw every drawn page away; they are drawn again",
                       DeclareNothing, RunDropPages);
}

}  // namespace fovea::cli
