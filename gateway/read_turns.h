// Items of a conversation as turns of the public API.
#ifndef FOVEA_GATEWAY_READ_TURNS_H_
#define FOVEA_GATEWAY_READ_TURNS_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fovea/v1/turn.pb.h"
#include "gateway/config.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {

// Reads a conversation item by item, from the first on (Gemini's calls are numbered).
// Thread-compatible.
class TurnReader {
 public:
  explicit TurnReader(Wire wire) : wire_(wire) {}

  // The turns of one item; none for an item that says nothing. INVALID_ARGUMENT names the key that
  // is wrong.
  absl::StatusOr<std::vector<v1::Turn>> Read(absl::string_view item);
  // What the turns of an earlier item were is known: only what later items need is read.
  void Skip(absl::string_view item);

 private:
  using Json = transcripts::Json;
  class Builder;

  static absl::Status ReadAnthropic(const Json& item, Builder& to);
  static absl::Status ReadChat(const Json& item, Builder& to);
  static absl::Status ReadResponses(const Json& item, Builder& to);
  absl::Status ReadGemini(const Json& item, Builder& to);

  const Wire wire_;
  uint64_t calls_ = 0;                                    // Gemini's, which often have no ids
  std::deque<std::pair<std::string, std::string>> open_;  // their names and the ids given to them
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_READ_TURNS_H_
