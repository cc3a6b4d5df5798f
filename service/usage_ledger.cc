#include "service/usage_ledger.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

// A ratio outside of these is of another request, or of a provider that counts something else.
constexpr double kMinRatio = 0.1;
constexpr double kMaxRatio = 8;
// Less text says nothing: the framing of the request weighs as much.
constexpr double kMinTextTokens = 500;

}  // namespace

absl::Status UsageLedger::Load() {
  FOVEA_ASSIGN_OR_RETURN(auto all, store_->ReadAll());
  const absl::MutexLock lock(&mutex_);
  for (const StoredCorrection& stored : all) {
    corrections_[{stored.tenant, stored.reader}] = stored.correction;
  }
  return absl::OkStatus();
}

UsageCorrection UsageLedger::CorrectionOf(const Key& key) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = corrections_.find(key);
  return found == corrections_.end() ? UsageCorrection() : found->second;
}

int UsageLedger::FactorUnits(const std::string& tenant, const std::string& reader) const {
  return CorrectionOf({tenant, reader}).factor_units;
}

void UsageLedger::Served(const std::string& tenant, const std::string& payload_sha256,
                         ServedContext context) {
  served_.Put({tenant, payload_sha256}, std::move(context), 1);
}

absl::StatusOr<UsageLedger::Outcome> UsageLedger::Report(const std::string& tenant,
                                                         const std::string& payload_sha256,
                                                         int64_t input_tokens,
                                                         int64_t other_tokens) {
  const auto served = served_.Get({tenant, payload_sha256});
  if (!served.has_value()) {
    return absl::NotFoundError(
        "payload_sha256: no such context went out lately, or the server was restarted since");
  }
  if (input_tokens < 1) return absl::InvalidArgumentError("input_tokens: must be at least 1");
  if (other_tokens < 0 || other_tokens > input_tokens) {
    return absl::InvalidArgumentError("other_tokens: must be 0 to input_tokens");
  }
  const double counted =
      static_cast<double>(served->tokens - served->page_tokens) / served->text_factor;
  const auto seen = static_cast<double>(input_tokens - other_tokens - served->page_tokens);
  const double ratio = seen / std::max(1.0, counted);
  Outcome outcome{.reader = served->reader, .promised_tokens = served->tokens};
  // Reports wait for each other and for the disk; contexts, which want the factors, do not.
  const absl::MutexLock reporting(&reporting_);
  const Key key{tenant, served->reader};
  outcome.correction = CorrectionOf(key);
  if (counted < kMinTextTokens) return outcome;
  if (ratio < kMinRatio || ratio > kMaxRatio) {
    return absl::InvalidArgumentError(absl::StrCat(
        "input_tokens: ", input_tokens, " with ", other_tokens,
        " of something else cannot be of a context that was promised at ", served->tokens));
  }
  outcome.correction = outcome.correction.After(ratio);
  FOVEA_RETURN_IF_ERROR(
      store_->Put({.tenant = tenant, .reader = served->reader, .correction = outcome.correction}));
  const absl::MutexLock lock(&mutex_);
  corrections_[key] = outcome.correction;
  return outcome;
}

}  // namespace fovea::service
