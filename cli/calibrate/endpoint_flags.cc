#include "cli/calibrate/endpoint_flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "cli/formats/json.h"
#include "cli/numbers.h"
#include "transcripts/lossless_json.h"

namespace fovea::cli {

void DeclareEndpointFlags(CLI::App& verb, EndpointFlags& flags) {
  constexpr double kMinSeconds = 0.001;
  constexpr double kMaxSeconds = 86400;
  verb.add_option("--key-variable", flags.key_variable,
                  "the environment variable that holds the API key")
      ->capture_default_str();
  verb.add_option("--fields", flags.fields, "further members of each request, a JSON object")
      ->capture_default_str();
  verb.add_option("--detail", flags.endpoint.detail, "of image_url: low, high, original");
  TakeDecimal(verb.add_option("--timeout", flags.timeout_seconds, "seconds for one answer"),
              kMinSeconds, kMaxSeconds)
      ->capture_default_str();
  TakeDecimal(
      verb.add_option("--time-limit", flags.time_limit_seconds, "seconds for all answers together"),
      kMinSeconds, kMaxSeconds)
      ->capture_default_str();
}

absl::StatusOr<ReaderEndpoint> OpenEndpoint(const EndpointFlags& flags, const std::string& model,
                                            absl::Time deadline) {
  EndpointOptions endpoint = flags.endpoint;
  if (const char* key = std::getenv(flags.key_variable.c_str())) endpoint.api_key = key;
  if (endpoint.model.empty()) endpoint.model = model;
  endpoint.timeout = absl::Seconds(flags.timeout_seconds);
  endpoint.deadline = deadline;
  // ParseJson bounds the depth; what it gives protects strings in its own way.
  endpoint.fields = transcripts::ParseJson(flags.fields).ok() ? Json::parse(flags.fields) : Json();
  if (!endpoint.fields.is_object()) {
    return absl::InvalidArgumentError("--fields is not a JSON object");
  }
  return ReaderEndpoint::Create(std::move(endpoint));
}

}  // namespace fovea::cli
