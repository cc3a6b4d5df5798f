#include "service/usage_ledger.h"

#include "absl/strings/str_cat.h"

namespace fovea::service {
namespace {

// A ratio outside of these is of another request, or of a provider that counts something else.
constexpr double kLeastRatio = 0.1;
constexpr double kMostRatio = 8;
// Less text says nothing: the framing of the request weighs as much.
constexpr double kLeastTextTokens = 500;

}  // namespace

absl::Status UsageLedger::Load() {
  auto all = store_->ReadAll();
  if (!all.ok()) return all.status();
  const absl::MutexLock lock(&mutex_);
  for (const StoredCorrection& stored : *all) {
    corrections_[{stored.tenant, stored.reader}] = stored.correction;
  }
  return absl::OkStatus();
}

int UsageLedger::FactorUnits(const std::string& tenant, const std::string& reader) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = corrections_.find(Key{tenant, reader});
  return found == corrections_.end() ? UsageCorrection::kUnit : found->second.factor_units;
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
  const absl::MutexLock lock(&mutex_);
  UsageCorrection& correction = corrections_[Key{tenant, served->reader}];
  outcome.correction = correction;
  if (counted < kLeastTextTokens) return outcome;
  if (ratio < kLeastRatio || ratio > kMostRatio) {
    return absl::InvalidArgumentError(absl::StrCat(
        "input_tokens: ", input_tokens, " with ", other_tokens,
        " of something else cannot be of a context that was promised at ", served->tokens));
  }
  outcome.correction = correction.After(ratio);
  absl::Status kept =
      store_->Put({.tenant = tenant, .reader = served->reader, .correction = outcome.correction});
  if (!kept.ok()) return kept;
  correction = outcome.correction;
  return outcome;
}

}  // namespace fovea::service
