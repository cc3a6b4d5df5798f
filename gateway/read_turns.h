// Items of a conversation as turns of the public API.
#ifndef FOVEA_GATEWAY_READ_TURNS_H_
#define FOVEA_GATEWAY_READ_TURNS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fovea/v1/turn.pb.h"
#include "gateway/config.h"
#include "transcripts/gemini.h"

namespace fovea::gateway {

// Reads a conversation item by item, from the first on (Gemini's calls are numbered).
// Thread-compatible.
class TurnReader {
 public:
  explicit TurnReader(Wire wire) : wire_(wire) {}

  // The turns of one item; none for an item that says nothing. What a message says beside results
  // of tools stands before the last of these: so it is of the group that the last result closes,
  // and a message is never partly on pages. INVALID_ARGUMENT names the key that is wrong.
  absl::StatusOr<std::vector<v1::Turn>> Read(absl::string_view item);
  // What the turns of an earlier item were is known: only what later items need is read.
  void Skip(absl::string_view item);

 private:
  const Wire wire_;
  transcripts::GeminiReader gemini_;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_READ_TURNS_H_
