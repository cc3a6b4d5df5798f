#include "gateway/estimate.h"

#include <cstddef>

#include "gateway/json_span.h"

namespace fovea::gateway {
namespace {

constexpr int64_t kPictureTokens = 1600;
constexpr size_t kMinPictureBytes = 2000;

}  // namespace

int64_t EstimateTokens(absl::string_view json) {
  size_t bytes = json.size();
  int64_t pictures = 0;
  for (const absl::string_view mark :
       {absl::string_view("\"data\":\""), absl::string_view(";base64,")}) {
    for (size_t at = FindText(json, mark, 0); at != absl::string_view::npos;
         at = FindText(json, mark, at + 1)) {
      const size_t begin = at + mark.size();
      const size_t end = json.find('"', begin);
      if (end == absl::string_view::npos) break;
      // Not a "data:" URL as well, which the other mark finds.
      if (end - begin < kMinPictureBytes || json.substr(begin, 5) == "data:") continue;
      bytes -= end - begin;
      ++pictures;
    }
  }
  return static_cast<int64_t>(bytes / 4) + pictures * kPictureTokens;
}

bool RewritePays(const Rewrite& rewrite) {
  const auto now = static_cast<double>(rewrite.now_tokens);
  const auto served = static_cast<double>(rewrite.served_tokens);
  if (served >= now) return false;
  if (rewrite.cold) return true;
  // The first request writes what it would have read; each behind it reads less.
  const double cost = served * rewrite.write_price - now * rewrite.read_price;
  return cost <= kRewriteHorizon * (now - served) * rewrite.read_price;
}

}  // namespace fovea::gateway
