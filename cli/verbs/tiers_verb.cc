// The verb `tiers`.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client.h"
#include "cli/formats/message_json.h"
#include "cli/formats/suggest.h"
#include "cli/formats/tiers_view.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.pb.h"

namespace fovea::cli {
namespace {

struct LadderOf {
  std::vector<std::string> rungs;
  std::string nearest;  // another reader's name, where there is none of this
};

absl::StatusOr<LadderOf> Ladder(const Environment& environment, const std::string& reader) {
  FOVEA_ASSIGN_OR_RETURN(const v1::ListReadersResponse readers,
                         environment.client.Call(contexts::kListReaders, v1::ListReadersRequest()));
  LadderOf ladder;
  std::vector<std::string> names;
  bool known = false;
  for (const v1::Reader& candidate : readers.readers()) {
    names.push_back(candidate.name());
    if (candidate.name() != reader) continue;
    known = true;
    for (const v1::Reader::Rung& rung : candidate.ladder()) ladder.rungs.push_back(rung.name());
  }
  if (!known) ladder.nearest = Nearest(reader, names);
  return ladder;
}

absl::Status RunTiers(const Environment& environment, const ViewOptions& options) {
  v1::BuildContextRequest request;
  *request.mutable_view() = options.ToView();
  FOVEA_ASSIGN_OR_RETURN(
      const v1::PlanContextResponse plan,
      environment.client.Call(contexts::kPlanContext, request, Pace::kUnlimited));
  if (environment.json) {
    environment.PrintJson(MessageToJson(plan.summary()));
    return absl::OkStatus();
  }
  FOVEA_ASSIGN_OR_RETURN(LadderOf ladder, Ladder(environment, options.reader));
  environment.console.out << RenderTiers(plan.summary(), {.session = options.session,
                                                          .reader = options.reader,
                                                          .nearest_reader = ladder.nearest,
                                                          .ladder = ladder.rungs,
                                                          .columns = environment.console.columns,
                                                          .colour = environment.console.colour});
  return absl::OkStatus();
}

}  // namespace

void AddTiersVerb(Verbs& verbs) {
  verbs.Add<ViewOptions>(
      "tiers", "show how a session's memory fades for a reader",
      [](CLI::App& verb, ViewOptions& options) { DeclareView(verb, options); }, RunTiers);
}

}  // namespace fovea::cli
