// Tokens by a rule of thumb, and whether to rewrite a history. Pure.
#ifndef FOVEA_GATEWAY_ESTIMATE_H_
#define FOVEA_GATEWAY_ESTIMATE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace fovea::gateway {

// Of JSON as it is sent: a token for four bytes, and 1,600 for a picture in base64. An estimate,
// not on the safe side.
int64_t EstimateTokens(absl::string_view json);

struct Rewrite {
  int64_t now_tokens = 0;     // the history as the provider has it in its cache
  int64_t served_tokens = 0;  // the history as it would be served
  bool cold = false;          // the provider's cache has expired
  double read_price = 0.1;    // of a cached token, as a share of the input price
  double write_price = 1.25;  // of one that is written to the cache
};

// Whether the requests to come save what rewriting the cached prefix costs, within kRewriteHorizon
// of them.
bool RewritePays(const Rewrite& rewrite);

constexpr int kRewriteHorizon = 20;

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_ESTIMATE_H_
