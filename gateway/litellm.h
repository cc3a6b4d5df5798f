// LiteLLM's contract for a service that compresses messages: its stock guardrail (provider
// "headroom") calls these two.
#ifndef FOVEA_GATEWAY_LITELLM_H_
#define FOVEA_GATEWAY_LITELLM_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/books/database.h"
#include "gateway/compressor.h"
#include "gateway/fovea_client.h"
#include "gateway/outcome.h"

namespace fovea::gateway {

// An answer to POST /v1/compress, and what the books say of it.
struct CompressedMessages {
  std::string answer;
  Outcome outcome;
  std::string model;
  int64_t tokens_before = 0;  // estimates: the provider does not tell the gateway
  int64_t tokens_after = 0;
};

// POST /v1/compress: {"messages", "model"} → {"messages", "tokens_before", "tokens_after",
// "tokens_saved", "compression_ratio" (after / before), "transforms_applied", "ccr_hashes"}.
// Messages are of OpenAI's Chat; as many come back, in their order and with their roles, since
// LiteLLM puts them back by their places. The same conversation gets the same prefix. What cannot
// be compressed comes back as it was, and so does everything if `compressor` is null;
// INVALID_ARGUMENT if there are no messages.
absl::StatusOr<CompressedMessages> CompressMessages(Compressor* compressor, const Body& body,
                                                    absl::Time now);

// GET /v1/retrieve/HANDLE?query=Q → {"original_content"}: the exact text of turn N where Q is "#N"
// or "N", else what a search for Q finds, with the exact text of the first: of the turns that were
// on the pages for which the handle was given out. NOT_FOUND for a handle that was not.
absl::StatusOr<std::string> Retrieve(FoveaClient& fovea, Database& database,
                                     absl::string_view handle, absl::string_view query);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_LITELLM_H_
