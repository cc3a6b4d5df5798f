// The conversation that a model call resends, as a chain of hashes.
#ifndef FOVEA_GATEWAY_CONVERSATION_H_
#define FOVEA_GATEWAY_CONVERSATION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "gateway/config.h"
#include "gateway/http_message.h"
#include "gateway/json_span.h"
#include "gateway/route.h"

namespace fovea::gateway {

// The field that holds the conversation.
const char* ArrayKey(Wire wire);

// One member of `messages`, `input` or `contents`.
struct Item {
  JsonSpan span;      // in the body
  std::string chain;  // SHA-256 over all items up to this one, by what they say
  // Of system text, what it says: it is no part of the session, leaves the chain as it is, and is
  // always sent as text. "" for every other item.
  std::string system_digest;

  bool IsSystem() const { return !system_digest.empty(); }
};

struct Conversation {
  Wire wire = Wire::kOpenAiChat;
  std::string
      scope;  // what the agent says of who it is: equal within a session, "" if it says nothing
  std::string owner;  // OwnerOf its credential
  std::string model;
  std::vector<JsonMember> members;  // of the body, in which their keys are views
  JsonSpan array;                   // the value of `messages`, `input` or `contents`
  size_t head = 0;                  // items before it are system text; more may come later
  std::string root;                 // the chain before the first item
  std::vector<Item> items;
  bool has_tools = false;
  JsonSpan tools;          // where there are any
  size_t frame_bytes = 0;  // of the body without the items from `head` on: system, tools, settings
  bool stream = false;
};

// What is known of texts that were seen before, so that a resent history is not read again.
// Thread-safe.
class DigestCache {
 public:
  // The digest of what an item says, from its JSON text. Equal for texts that differ in
  // cache_control, in whether a text is a string or one block, in the order of keys, and in white
  // space. Of an assistant's item only its texts and calls count: agents leave out or change the
  // rest when they send it again. Empty for an assistant's item that says nothing else (reasoning),
  // which so leaves a chain as it is. INVALID_ARGUMENT for what is no JSON object.
  absl::StatusOr<std::string> DigestOf(Wire wire, absl::string_view item);

 private:
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::string> digests_ ABSL_GUARDED_BY(mutex_);
};

// A conversation that was read, of whose body the first bytes are the same.
struct KnownConversation {
  const Conversation& conversation;
  absl::string_view body;
  size_t same_bytes = 0;
};

// Reads a generating request's body. INVALID_ARGUMENT if it is not one that can be understood, or
// if its conversation goes on from one that is kept at the provider: it is then to be passed on as
// it is. `known` saves time and changes nothing. Conversations of different owners have no chain in
// common.
absl::StatusOr<Conversation> ReadConversation(const Route& route, const Headers& headers,
                                              absl::string_view body, DigestCache& digests,
                                              const KnownConversation* known = nullptr,
                                              absl::string_view owner = "");

// The chain of one more item behind `chain`.
std::string ChainOf(absl::string_view chain, absl::string_view digest);

// 32 bytes.
std::string Sha256Of(absl::string_view bytes);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_CONVERSATION_H_
