#include "service/status.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "fovea/v1/context.pb.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace fovea::service {
namespace {

// Clients that all wait the same come back together: each adds its own share of chance.
constexpr absl::Duration kRetryAfter = absl::Milliseconds(250);
constexpr char kUnfinishedUrl[] = "fovea.Unfinished";
constexpr char kOverloadedUrl[] = "fovea.Overloaded";
constexpr char kRequiredTokensUrl[] = "type.googleapis.com/fovea.v1.RequiredTokens";

// google.rpc.Status {int32 code = 1; string message = 2; repeated Any details = 3}, which no Debian
// package has a header for.
std::string PackStatus(const absl::Status& status, const google::protobuf::Any& detail) {
  constexpr uint32_t kCodeTag = 1 << 3;
  constexpr uint32_t kMessageTag = (2 << 3) | 2;
  constexpr uint32_t kDetailsTag = (3 << 3) | 2;
  const std::string packed_detail = detail.SerializeAsString();
  std::string packed;
  google::protobuf::io::StringOutputStream stream(&packed);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.WriteVarint32(kCodeTag);
  out.WriteVarint32(static_cast<uint32_t>(status.code()));
  out.WriteVarint32(kMessageTag);
  out.WriteVarint32(static_cast<uint32_t>(status.message().size()));
  out.WriteString(std::string(status.message()));
  out.WriteVarint32(kDetailsTag);
  out.WriteVarint32(static_cast<uint32_t>(packed_detail.size()));
  out.WriteString(packed_detail);
  out.Trim();
  return packed;
}

std::string PublicMessage(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kDataLoss:
      return "stored data is damaged; the server's log says more, and `fovea repair` mends what "
             "can be";
    case absl::StatusCode::kUnavailable:
      return "the server is stopping, busy, or its disk refuses; retry with backoff";
    default:
      return "internal error; the server's log says more";
  }
}

}  // namespace

absl::Status NeedsMoreTokens(int64_t required_tokens, int64_t budget) {
  absl::Status status = absl::ResourceExhaustedError(absl::StrCat(
      "the context needs at least ", required_tokens, " tokens; token_budget is ", budget));
  v1::RequiredTokens detail;
  detail.set_required_tokens(required_tokens);
  detail.set_budget(budget);
  status.SetPayload(kRequiredTokensUrl, absl::Cord(detail.SerializeAsString()));
  return status;
}

std::optional<int64_t> RequiredTokensOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRequiredTokensUrl);
  v1::RequiredTokens detail;
  if (!payload.has_value() || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail.required_tokens();
}

absl::Status Overloaded(std::string_view what) {
  absl::Status status = absl::ResourceExhaustedError(
      absl::StrCat("the server has too much to do: ", std::string(what), "; retry after ",
                   absl::FormatDuration(kRetryAfter)));
  status.SetPayload(kOverloadedUrl, absl::Cord());
  return status;
}

absl::Status Unfinished() {
  absl::Status status = absl::UnavailableError("the work goes on");
  status.SetPayload(kUnfinishedUrl, absl::Cord());
  return status;
}

bool IsUnfinished(const absl::Status& status) {
  return absl::IsUnavailable(status) && status.GetPayload(kUnfinishedUrl).has_value();
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  if (!status.GetPayload(kOverloadedUrl).has_value()) return std::nullopt;
  return kRetryAfter;
}

bool HasInternalText(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnavailable:
      return true;
    default:
      return false;
  }
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  if (HasInternalText(status)) return {code, PublicMessage(status)};
  const auto payload = status.GetPayload(kRequiredTokensUrl);
  const std::string message(status.message());
  if (!payload.has_value()) return {code, message};
  google::protobuf::Any detail;
  detail.set_type_url(kRequiredTokensUrl);
  detail.set_value(std::string(*payload));
  return {code, message, PackStatus(status, detail)};
}

}  // namespace fovea::service
