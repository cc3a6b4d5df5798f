#include "cli/status.h"

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/formats/console.h"
#include "cli/formats/json.h"

namespace fovea::cli {
namespace {

constexpr char kRequiredTokensKey[] = "fovea-required-tokens";
constexpr char kReportedKey[] = "fovea-reported";
constexpr char kUsageKey[] = "fovea-wrong-usage";

}  // namespace

absl::Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  const auto& trailer = context.GetServerTrailingMetadata();
  if (const auto found = trailer.find(kRequiredTokensKey); found != trailer.end()) {
    result.SetPayload(kRequiredTokensKey,
                      absl::Cord(std::string(found->second.data(), found->second.size())));
  }
  return result;
}

std::optional<int64_t> RequiredTokens(const absl::Status& status) {
  int64_t tokens = 0;
  const auto payload = status.GetPayload(kRequiredTokensKey);
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &tokens)) {
    return std::nullopt;
  }
  return tokens;
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kFine;
  if (status.GetPayload(kUsageKey).has_value()) return kWrongUsage;
  return absl::IsResourceExhausted(status) && RequiredTokens(status) ? kBudgetTooSmall : kFailed;
}

absl::Status WrongUsage(absl::Status status) {
  status.SetPayload(kUsageKey, absl::Cord());
  return status;
}

std::string Sentence(const absl::Status& status) {
  constexpr size_t kMaxMessage = 4'000;
  const std::string message =
      OneLine({status.message().data(), status.message().size()}, kMaxMessage);
  return absl::StrCat(absl::StatusCodeToString(status.code()), message.empty() ? "" : ": ",
                      message);
}

Json ErrorJson(const absl::Status& status) {
  Json json = Json::object();
  if (const std::optional<int64_t> tokens = RequiredTokens(status)) {
    json["required_tokens"] = *tokens;
  }
  json["error"] = {{"code", absl::StatusCodeToString(status.code())},
                   {"message", JsonOf(std::string(status.message()))}};
  return json;
}

absl::Status Reported(absl::Status status) {
  status.SetPayload(kReportedKey, absl::Cord());
  return status;
}

bool IsReported(const absl::Status& status) { return status.GetPayload(kReportedKey).has_value(); }

}  // namespace fovea::cli
