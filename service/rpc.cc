#include "service/rpc.h"

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "service/audit_log.h"
#include "service/connections.h"
#include "service/message_cost.h"
#include "service/status.h"
#include "service/write_health.h"

namespace fovea::service {
namespace {

// A message of many small fields takes many times its bytes: this is more than any append of real
// turns needs.
constexpr uint64_t kMaxParsedBytes = uint64_t{160} << 20;

// What is read on gRPC's own thread, which others wait for.
constexpr size_t kMaxAtOnceBytes = size_t{64} << 10;

constexpr absl::Duration kWarmSlice = absl::Milliseconds(100);
constexpr absl::Duration kColdSlice = absl::Seconds(1);
// Then it is looked whether anybody still wants the answer, and whether the quota has changed.
constexpr absl::Duration kLongestQuotaWait = absl::Seconds(1);

std::string_view HeaderOf(const grpc::CallbackServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return "";
  return {found->second.data(), found->second.size()};
}

// The trace id of a W3C traceparent, 00-<32 hex>-<16 hex>-<2 hex>, or a random one.
std::string RequestId(std::string_view traceparent) {
  constexpr size_t kDigits = 32;
  if (traceparent.size() >= 55 && traceparent[2] == '-' && traceparent[3 + kDigits] == '-') {
    const std::string_view id = traceparent.substr(3, kDigits);
    if (std::all_of(id.begin(), id.end(), absl::ascii_isxdigit)) return std::string(id);
  }
  thread_local absl::BitGen random;
  return absl::StrFormat("%016x%016x", absl::Uniform<uint64_t>(random),
                         absl::Uniform<uint64_t>(random));
}

}  // namespace

Call::Call(const RpcEnvironment& environment, grpc::CallbackServerContext* context,
           const Method& method)
    : environment_(environment),
      context_(context),
      method_(method),
      place_(environment.calls->Add(context)),
      lane_(method.lane) {}

Call::~Call() {
  LeaveLane();
  Log();
  environment_.calls->Remove(place_);
}

absl::Status Call::Begin() {
  request_id_ = RequestId(HeaderOf(*context_, "traceparent"));
  FOVEA_ASSIGN_OR_RETURN(identity_,
                         environment_.auth->Identify(HeaderOf(*context_, "authorization")));
  if (environment_.connections != nullptr) {
    caller_ = environment_.connections->CallerAt(context_->peer());
    if (caller_ != nullptr) caller_->Heard();
  }
  FOVEA_RETURN_IF_ERROR(CheckAccess(method_.access));
  FOVEA_RETURN_IF_ERROR(environment_.quotas->Take(
      identity_.tenant, {.calls = 1, .builds = method_.cost == Cost::kBuild ? 1.0 : 0.0}));
  return StillWanted();
}

absl::Status Call::TakeOrWait(const Quotas::Use& use) const {
  if (!method_.waits_for_quota) return environment_.quotas->Take(identity_.tenant, use);
  environment_.quotas->Charge(identity_.tenant, use);
  return absl::OkStatus();
}

absl::Status Call::TakeTurns(uint64_t turns) const {
  return TakeOrWait({.turns = static_cast<double>(turns)});
}

void Call::GiveBackTurns(uint64_t turns) const {
  environment_.quotas->GiveBack(identity_.tenant, {.turns = static_cast<double>(turns)});
}

absl::Status Call::TakeView() const {
  if (method_.cost != Cost::kView) return absl::OkStatus();  // it paid for one at its begin
  return environment_.quotas->Take(identity_.tenant, {.builds = 1});
}

absl::Duration Call::QuotaWait() const {
  if (!method_.waits_for_quota) return absl::ZeroDuration();
  return std::min(kLongestQuotaWait,
                  environment_.quotas->WaitFor(identity_.tenant, {.turns = 1, .bytes = 1}));
}

absl::Status Call::Post(absl::AnyInvocable<void()> step) {
  return environment_.lanes->Of(lane_).Post(identity_.tenant, session_, std::move(step));
}

bool Call::MayBeginAtOnce(const grpc::ByteBuffer& request) {
  if (lane_ != Lane::kAppend && !method_.quick) return false;
  if (request.Length() > kMaxAtOnceBytes) return false;
  entered_ = environment_.lanes->Of(lane_).Enter(identity_.tenant);
  return entered_;
}

void Call::LeaveLane() {
  if (std::exchange(entered_, false)) environment_.lanes->Of(lane_).Leave(identity_.tenant);
}

void Call::MoveOn() {
  if (entered_) return LeaveLane();
  if (lane_ == Lane::kWarm) lane_ = Lane::kCold;
  if (lane_ == Lane::kRead) lane_ = Lane::kLarge;
}

absl::Duration Call::Slice() const { return lane_ == Lane::kWarm ? kWarmSlice : kColdSlice; }
absl::Status Call::GoOn() { return Unfinished(); }
bool Call::IsGoOn(const absl::Status& status) { return IsUnfinished(status); }

absl::Status Call::CheckAccess(Access needed) const {
  if (needed <= identity_.access) return absl::OkStatus();
  return absl::PermissionDeniedError(
      needed == Access::kAdmin
          ? "this call reaches over all tenants; the token must be an administrator's"
          : "this call changes a session; the token must be a writer's");
}

absl::Status Call::StillAllowed() {
  FOVEA_ASSIGN_OR_RETURN(const Identity now,
                         environment_.auth->Identify(HeaderOf(*context_, "authorization")));
  if (now.tenant != identity_.tenant) {
    return absl::UnauthenticatedError("the token has become another tenant's");
  }
  identity_.access = now.access;
  return CheckAccess(method_.access);
}

absl::Status Call::StillWanted() const {
  if (std::chrono::system_clock::now() >= context_->deadline()) {
    return absl::DeadlineExceededError("the deadline passed before the answer was there");
  }
  if (context_->IsCancelled()) return absl::CancelledError("the client went away");
  return absl::OkStatus();
}

absl::Status Call::Parse(grpc::ByteBuffer* bytes, google::protobuf::Message* request) {
  request_memory_.Release();
  const size_t length = bytes->Valid() ? bytes->Length() : 0;
  if (length > method_.max_request_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the request has ", length, " bytes; ",
                                                   std::string(method_.name), " takes at most ",
                                                   method_.max_request_bytes));
  }
  if (method_.access == Access::kWrite) {
    FOVEA_RETURN_IF_ERROR(TakeOrWait({.bytes = static_cast<double>(length)}));
  }
  const uint64_t parsed = ParsedBytes(*bytes, *request, kMaxParsedBytes);
  if (parsed > kMaxParsedBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the request has too many fields: it would take more than ",
                     kMaxParsedBytes >> 20, " MiB of memory"));
  }
  // Once more for what the handler makes of it.
  FOVEA_ASSIGN_OR_RETURN(request_memory_,
                         environment_.memory->Take(identity_.tenant, length + 2 * parsed));
  if (!bytes->Valid()) return absl::OkStatus();  // an empty message
  const grpc::Status read =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::Message>(bytes, request);
  bytes->Clear();
  if (caller_ != nullptr) caller_->Heard();
  if (read.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError("the request is no valid message");
}

absl::Status Call::Serialize(const google::protobuf::Message& response, grpc::ByteBuffer* bytes) {
  request_memory_.Release();
  FOVEA_ASSIGN_OR_RETURN(response_memory_,
                         environment_.memory->Take(identity_.tenant, response.ByteSizeLong()));
  bool own = false;
  const grpc::Status written =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(response, bytes,
                                                                                 &own);
  if (written.ok()) {
    environment_.calls->Sending(place_);
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat("the answer does not serialize: ", written.error_message()));
}

void Call::Sent() {
  environment_.calls->Sent(place_);
  response_memory_.Release();
}

grpc::Status Call::End(const absl::Status& status) {
  ended_ = status;
  latency_ = Since(started_);
  environment_.metrics->Method(method_.name).Record(!status.ok(), latency_);
  if (method_.access == Access::kWrite) environment_.write_health->Note(status);
  if (method_.audited && environment_.audit != nullptr) {
    environment_.audit->Write({.time = absl::Now(),
                               .method = method_.name,
                               .tenant = identity_.tenant,
                               .token = identity_.token_id,
                               .session = session_,
                               .peer = context_->peer(),
                               .request_id = request_id_,
                               .outcome = absl::StatusCodeToString(status.code())});
  }
  if (const auto required = RequiredTokensOf(status)) {
    context_->AddTrailingMetadata("fovea-required-tokens", absl::StrCat(*required));
  }
  if (const auto wait = RetryAfterOf(status)) {
    context_->AddTrailingMetadata("grpc-retry-pushback-ms",
                                  absl::StrCat(absl::ToInt64Milliseconds(*wait)));
  }
  if (absl::IsUnavailable(status) && method_.access == Access::kWrite &&
      !environment_.write_health->serving()) {
    return {
        grpc::StatusCode::UNAVAILABLE,
        "the server takes no writes: its disk or data directory failed, and it has to be started "
        "again; its log says more"};
  }
  return ToGrpcStatus(status);
}

// Never a word of what callers sent: ids and codes, and internal errors, which are of the store.
void Call::Log() const {
  if (!ended_.has_value()) return;
  const bool internal = HasInternalText(*ended_);
  const spdlog::level::level_enum level = internal ? spdlog::level::err : spdlog::level::debug;
  if (!environment_.log->should_log(level)) return;
  environment_.log->log(level, "{} {} in {:.2f} ms [tenant={} session={} request={}]{}{}",
                        method_.name, absl::StatusCodeToString(ended_->code()),
                        absl::ToDoubleMilliseconds(latency_), identity_.tenant, session_,
                        request_id_, internal ? ": " : "",
                        internal ? std::string(ended_->message()) : "");
}

}  // namespace fovea::service
