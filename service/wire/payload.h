// Contexts as the JSON that a client gets.
#ifndef FOVEA_SERVICE_WIRE_PAYLOAD_H_
#define FOVEA_SERVICE_WIRE_PAYLOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/sha256.h"
#include "core/context/context.h"
#include "core/reader/reader_profile.h"
#include "service/lru_cache.h"
#include "service/wire/formats.h"

namespace fovea::wire {

struct PayloadRequest {
  uint64_t state_id = 0;  // of the session's present life
  PayloadFormat format = PayloadFormat::kOpenAiChat;
  ReaderTraits reader;
  // Pages that the client holds: they are written as references.
  absl::flat_hash_set<std::string> held_page_ids;
  // Gets the bytes of pages.
  std::function<absl::StatusOr<PageBytes>(const std::vector<const PlannedPage*>&)> load;
};

struct Payload {
  std::string bytes;
  size_t images = 0;             // pages and the agent's own pictures
  std::vector<WireLoss> losses;  // what of turns did not go out as it is; by seq
  // Where the API caches only what a mark ends: whether there is one, and the text of the blocks
  // behind the last.
  bool any_mark = false;
  std::optional<std::string> unmarked;
  std::string sha256;         // of the bytes, hex
  std::string prefix_sha256;  // of the prefix's bytes, which all payloads of an epoch begin with
};

// Writes JSON payloads, and keeps written prefixes so that a call within an epoch only writes the
// tail. Thread-safe.
class PayloadWriter {
 public:
  explicit PayloadWriter(uint64_t max_prefix_bytes);

  // INTERNAL if the payload would break a rule of its API: such a payload is never given out.
  absl::StatusOr<Payload> Write(const Context& context, const PayloadRequest& request);

  void Forget(uint64_t state_id);
  void ForgetAll();

 private:
  struct Prefix {
    explicit Prefix(Conversation begun) : conversation(std::move(begun)) {}
    Conversation conversation;
    std::string bytes;
    size_t images = 0;
    Sha256 hash;
  };
  using PrefixPtr = std::shared_ptr<const Prefix>;

  absl::StatusOr<PrefixPtr> GetPrefix(const Context& context, const PayloadRequest& request,
                                      const ReaderTraits& reader, size_t media);

  const absl::flat_hash_map<PayloadFormat, std::unique_ptr<JsonFormat>> formats_;
  service::LruCache<std::pair<uint64_t, std::string>, PrefixPtr> prefixes_;
};

// RESOURCE_EXHAUSTED, with the numbers, if the reader's API would refuse the payload for its bytes
// or its images.
absl::Status CheckLimits(const Payload& payload, const ReaderProfile& reader);

// Pages of the prefix and of the tail that are not held, in the order served.
std::vector<const PlannedPage*> PrefixPages(const Context& context,
                                            const absl::flat_hash_set<std::string>& held);
std::vector<const PlannedPage*> TailPages(const Context& context,
                                          const absl::flat_hash_set<std::string>& held);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_PAYLOAD_H_
