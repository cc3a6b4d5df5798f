// OpenAI's remote compaction without a model: a handle stands for the conversation, and nothing of
// it is lost.
#ifndef FOVEA_GATEWAY_COMPACTION_H_
#define FOVEA_GATEWAY_COMPACTION_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/books/database.h"
#include "gateway/conversation.h"
#include "gateway/route.h"

namespace fovea::gateway {

// The body without what asks for a compaction: `body` itself for POST /responses/compact, and
// without its last item where that is a compaction_trigger. Nothing if it asks for none.
std::optional<std::string> AsksForCompaction(const Route& route, absl::string_view body);

// The answer to such a request: one item that holds `handle`. As events where `body` asks for a
// stream; what it says it used is nothing.
std::string CompactionAnswer(const Route& route, absl::string_view body, absl::string_view handle,
                             int64_t now_seconds);
// Its media type.
const char* CompactionMediaType(const Route& route, absl::string_view body);

// Conversations by their handles. A handle is of 24 random bytes; the file knows its hash alone,
// together with the tenant's. Thread-safe.
class Compactions {
 public:
  // Of a conversation; a longer one is the provider's to compact.
  static constexpr size_t kMaxKeptBytes = 32 << 20;

  // `tenant` is any text that others do not have: a token of fovead.
  Compactions(Database& database, absl::string_view tenant)
      : database_(database), tenant_(Sha256Of(tenant)) {}

  // A new handle for the conversation in `body`. INVALID_ARGUMENT if there is none, or
  // it has over kMaxKeptBytes.
  absl::StatusOr<std::string> Keep(absl::string_view body);

  // Whether there may be a handle in it.
  static bool MayExpand(absl::string_view body);

  // `body` with the conversation that a handle in it stands for, in the handle's place. Items
  // before it that the conversation holds as well are left out, others follow it. Nothing where no
  // handle is known.
  std::optional<std::string> Expanded(absl::string_view body, DigestCache& digests);

 private:
  std::string KeyOf(absl::string_view handle) const;

  Database& database_;
  const std::string tenant_;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_COMPACTION_H_
