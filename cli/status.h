// From a failed call to what a person, a script and the shell get to see.
#ifndef FOVEA_CLI_STATUS_H_
#define FOVEA_CLI_STATUS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cli/formats/json_fwd.h"

namespace grpc {
class ClientContext;
class Status;
}  // namespace grpc

namespace fovea::cli {

enum ExitCode : int {
  kFine = 0,
  kFailed = 1,
  kWrongUsage = 2,
  kBudgetTooSmall = 3,  // and the message has the number of tokens that would be enough
  kBrokenPipe = 141,    // who read standard output is gone; as SIGPIPE ends a program
};

// The status of a call. Keeps the number of required tokens that the server names in its trailing
// metadata or in the error's details. `context` is the finished call's.
absl::Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context);

// The number of tokens that a RESOURCE_EXHAUSTED says would be enough.
std::optional<int64_t> RequiredTokens(const absl::Status& status);

ExitCode ExitCodeOf(const absl::Status& status);

// The same error, made before any call because of how the program was started: exit code 2.
absl::Status WrongUsage(absl::Status status);

// "NOT_FOUND: no session x", on one line.
std::string Sentence(const absl::Status& status);

// {"error": {"code": "NOT_FOUND", "message": "..."}}, with "required_tokens" beside it where known.
Json ErrorJson(const absl::Status& status);

// The same status, of which a script has been told already: what was printed as JSON has the error.
absl::Status Reported(absl::Status status);
bool IsReported(const absl::Status& status);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_STATUS_H_
