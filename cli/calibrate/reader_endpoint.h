// A model behind an API that is like OpenAI's Chat Completions.
#ifndef FOVEA_CLI_CALIBRATE_READER_ENDPOINT_H_
#define FOVEA_CLI_CALIBRATE_READER_ENDPOINT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/formats/json.h"

namespace fovea::cli {

struct EndpointOptions {
  std::string url;      // as OpenAI's base URL: "https://host/v1"
  std::string model;    // as the endpoint names it
  std::string api_key;  // sent as "Authorization: Bearer"; "": none. Never in an error's text
  Json fields = Json::object();  // further members of each request: {"temperature": 0}
  std::string detail;            // of image_url; "": left out
  absl::Duration timeout = absl::Seconds(120);   // of one attempt
  int retries = 2;                               // after a timeout, a broken connection, 429 or 5xx
  absl::Time deadline = absl::InfiniteFuture();  // of all requests: none is waited for after it
};

// Thread-safe.
class ReaderEndpoint {
 public:
  struct Answer {
    std::string text;      // "" where the model gave none
    bool refused = false;  // by the API's own field
    bool cut = false;      // at the longest answer that the endpoint allows
  };

  // Does not connect. INVALID_ARGUMENT for what is no HTTP URL.
  static absl::StatusOr<ReaderEndpoint> Create(EndpointOptions options);

  // One request with one image. DEADLINE_EXCEEDED for a timeout and for the deadline, UNAVAILABLE
  // where the endpoint cannot be reached or answers 429 or 5xx, each after the retries;
  // PERMISSION_DENIED for 401 and 403, FAILED_PRECONDITION for another HTTP status, DATA_LOSS for
  // an answer that is no chat completion. The message has the endpoint's own words, shortened.
  absl::StatusOr<Answer> Ask(std::string_view instruction, std::string_view png) const {
    return Ask(instruction, std::vector<std::string_view>{png});
  }
  // The same with any number of images, in their order.
  absl::StatusOr<Answer> Ask(std::string_view instruction,
                             const std::vector<std::string_view>& pngs) const;

  // "host:port", without what a URL may hold of credentials.
  const std::string& host() const { return host_; }
  const std::string& model() const { return options_.model; }

 private:
  ReaderEndpoint(EndpointOptions options, std::string host);

  std::string RequestBody(std::string_view instruction,
                          const std::vector<std::string_view>& pngs) const;

  EndpointOptions options_;
  std::string host_;
};

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CALIBRATE_READER_ENDPOINT_H_
