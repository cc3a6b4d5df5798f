// The options by which a verb names a model's API, and what they come to.
#ifndef FOVEA_CLI_CALIBRATE_ENDPOINT_FLAGS_H_
#define FOVEA_CLI_CALIBRATE_ENDPOINT_FLAGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/calibrate/reader_endpoint.h"

namespace CLI {
class App;
}  // namespace CLI

namespace fovea::cli {

struct EndpointFlags {
  EndpointOptions endpoint;  // what is given as it is: url, model, detail, retries
  std::string key_variable = "OPENAI_API_KEY";
  std::string fields = R"({"temperature": 0})";
  double timeout_seconds = 120;
  double time_limit_seconds = 1800;  // of all requests
};

// All but --endpoint, --model and --retries, of which each verb has its own to say.
void DeclareEndpointFlags(CLI::App& verb, EndpointFlags& flags);

// `model` where none is given. INVALID_ARGUMENT if --fields is no JSON object, or as
// ReaderEndpoint::Create.
absl::StatusOr<ReaderEndpoint> OpenEndpoint(const EndpointFlags& flags, const std::string& model,
                                            absl::Time deadline);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CALIBRATE_ENDPOINT_FLAGS_H_
