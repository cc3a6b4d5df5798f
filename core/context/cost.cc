#include "core/context/cost.h"

#include <algorithm>

#include "core/forgetting/plan.h"

namespace fovea {
namespace {

// Of what the last request held, the cache has all up to the first change since.
int64_t CachedTokens(const Plan& plan) {
  if (plan.cache_is_cold || plan.last_request_seq == 0) return 0;
  int64_t cached = plan.sheet.tokens();
  const Sheet::Parts& tail = plan.sheet.tail();
  for (auto turn = tail.rbegin(); turn != tail.rend() && turn->turns.first >= plan.last_request_seq;
       ++turn) {
    cached -= turn->tokens;
  }
  for (auto epoch = plan.epochs.rbegin();
       epoch != plan.epochs.rend() && epoch->since_seq >= plan.last_request_seq; ++epoch) {
    cached = std::min(cached, epoch->kept_tokens);
  }
  return std::max<int64_t>(0, cached);
}

}  // namespace

ContextCost CostOf(const Planner& planner) {
  const ReaderProfile& reader = planner.inputs().reader;
  const Plan& plan = planner.plan();
  const int64_t tokens = plan.sheet.tokens();
  ContextCost cost{.cache_is_cold = plan.cache_is_cold, .cached_tokens = CachedTokens(plan)};
  cost.written_tokens = tokens - cost.cached_tokens;
  cost.now = static_cast<double>(cost.cached_tokens) * reader.cache.read_price +
             static_cast<double>(cost.written_tokens) * reader.cache.write_price;
  cost.next = static_cast<double>(tokens) * reader.cache.read_price;
  constexpr double kTokensOfPrice = 1'000'000;
  cost.now_usd = cost.now * reader.prices.input / kTokensOfPrice;
  cost.next_usd = cost.next * reader.prices.input / kTokensOfPrice;
  return cost;
}

}  // namespace fovea
