// The verb `tools`.
#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.pb.h"

namespace fovea::cli {
namespace {

struct ToolsOptions {
  v1::WireFormat format = v1::WIRE_FORMAT_NATIVE;
};

absl::Status RunTools(const Environment& environment, const ToolsOptions& options) {
  v1::GetRecallToolsRequest request;
  request.set_format(options.format);
  FOVEA_ASSIGN_OR_RETURN(const v1::GetRecallToolsResponse response,
                         environment.client.Call(contexts::kGetRecallTools, request));
  // As the server wrote it: its bytes are what a provider's cache goes by.
  environment.console.Exact() << response.tools_json() << '\n';
  return absl::OkStatus();
}

}  // namespace

void AddToolsVerb(Verbs& verbs) {
  verbs.Add<ToolsOptions>(
      "tools", "print the definitions of recall and search, for a request's field `tools`",
      [](CLI::App& verb, ToolsOptions& options) {
        DeclareFormat(verb, options.format)->required();
      },
      RunTools);
}

}  // namespace fovea::cli
