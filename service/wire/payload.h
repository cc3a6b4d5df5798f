// Contexts as the bytes that a client gets.
#ifndef FOVEA_SERVICE_PAYLOAD_H_
#define FOVEA_SERVICE_PAYLOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/sha256.h"
#include "core/context/context.h"
#include "fovea/v1/context.pb.h"
#include "service/lru_cache.h"
#include "service/wire/format.h"

namespace fovea::service {

enum class PayloadFormat : uint8_t { kOpenAiChat = 1, kAnthropic = 2 };

struct PayloadRequest {
  uint64_t state_id = 0;  // of the session's present life
  PayloadFormat format = PayloadFormat::kOpenAiChat;
  bool reader_takes_images = true;
  // Pages that the client holds: they are written as references.
  absl::flat_hash_set<std::string> held_page_ids;
  // Gets the bytes of pages.
  std::function<absl::StatusOr<wire::PageBytes>(const std::vector<const PlannedPage*>&)> load;
};

struct Payload {
  std::string bytes;
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
    explicit Prefix(wire::Conversation begun) : conversation(std::move(begun)) {}
    wire::Conversation conversation;
    std::string bytes;
    Sha256 hash;
  };
  using PrefixPtr = std::shared_ptr<const Prefix>;

  absl::StatusOr<PrefixPtr> GetPrefix(const Context& context, const PayloadRequest& request);
  const wire::JsonFormat& Format(PayloadFormat format) const {
    return format == PayloadFormat::kOpenAiChat ? *openai_ : *anthropic_;
  }

  const std::unique_ptr<wire::JsonFormat> openai_;
  const std::unique_ptr<wire::JsonFormat> anthropic_;
  LruCache<std::pair<uint64_t, std::string>, PrefixPtr> prefixes_;
};

// Pages of the prefix and of the tail that are not held, in the order served.
std::vector<const PlannedPage*> PrefixPages(const Context& context,
                                            const absl::flat_hash_set<std::string>& held);
std::vector<const PlannedPage*> TailPages(const Context& context,
                                          const absl::flat_hash_set<std::string>& held);

// The context as native blocks, with the digests of the prefix and of all blocks: SHA-256 over each
// block's deterministic serialisation, its length first as 8 little-endian bytes.
struct NativeDigests {
  std::string prefix_sha256;
  std::string sha256;
};
NativeDigests WriteNative(const Context& context,
                          google::protobuf::RepeatedPtrField<v1::ContextBlock>* blocks);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_PAYLOAD_H_
