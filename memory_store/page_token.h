// Where a listing of sessions goes on.
#ifndef FOVEA_MEMORY_STORE_PAGE_TOKEN_H_
#define FOVEA_MEMORY_STORE_PAGE_TOKEN_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fovea {

// The last session listed; the default stands before all.
struct PageToken {
  int64_t created_us = std::numeric_limits<int64_t>::min();
  std::string session_id;
};

// URL-safe text. It holds the tenant, so that another tenant's is told apart; it is no secret, and
// a forged one only chooses a place in the forger's own list.
std::string FormatPageToken(std::string_view tenant, const PageToken& token);
// The default for "". INVALID_ARGUMENT if it is not one of this tenant's.
absl::StatusOr<PageToken> ParsePageToken(std::string_view tenant, std::string_view text);

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_PAGE_TOKEN_H_
