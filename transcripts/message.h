// What every reader of a provider's message gives: turns, and what it had no word for.
#ifndef FOVEA_TRANSCRIPTS_MESSAGE_H_
#define FOVEA_TRANSCRIPTS_MESSAGE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/log/turn.h"
#include "transcripts/lossless_json.h"

namespace fovea::transcripts {

// A turn's attributes hold what a message says beyond Turn's own words: the message's keys under
// their own names (on its first turn, where it became several), and a part's keys under
// kPartAttributes, by the part's index in its turn: {"id": "msg_1", "part_attributes": {"0":
// {"citations": []}}}. Null members and hints for one request (cache_control,
// prompt_cache_breakpoint) are left out.
inline constexpr char kPartAttributes[] = "part_attributes";

struct ReadMessage {
  std::vector<Turn> turns;  // at least one; without sequences and, but for agents' files, times
  // Paths such as "content[0].colour" of keys that the shape's documents do not have, and of types
  // that they do not know ("content[0].type=sketch"). Their values are in the turns all the same.
  std::vector<std::string> unknown_keys;
};

// Collects the parts of a message into turns: results of tools into turns of the tool's, all else
// into turns of the role's; a run of parts of one kind is one turn. Thread-compatible.
class MessageBuilder {
 public:
  explicit MessageBuilder(Role role) : role_(role) {}

  // `attributes`: what is kept of the part beside it; an object.
  void Add(Part part, const Json& attributes = Json::object());
  // What is kept of the message. Names that are there already are replaced.
  void Keep(const Json& attributes);
  void Keep(const std::string& name, Json value);

  Role role() const { return role_; }
  bool empty() const { return turns_.empty(); }
  std::vector<std::string>& unknown_keys() { return unknown_keys_; }

  // The turns. A message without parts is INVALID_ARGUMENT and names `content`, the key that should
  // have held them: nothing is ever made blank. A text that is there but has no characters is a
  // part as well.
  absl::StatusOr<ReadMessage> Finish(std::string_view content) &&;

 private:
  struct Building {
    Turn turn;
    Json part_attributes = Json::object();
  };

  const Role role_;
  std::vector<Building> turns_;
  Json attributes_ = Json::object();
  std::vector<std::string> unknown_keys_;
};

// A part for a picture in base64; none if the type is not one that ImagePart takes or the text is
// not base64: it is to be kept as it is.
std::optional<ImagePart> ReadImage(std::string_view media_type, std::string_view base64);

// The same from a "data:image/png;base64,..." URL.
std::optional<ImagePart> ReadDataUrl(std::string_view url);

// A block that is kept whole: kind "anthropic.thinking", data its JSON on one line.
OpaquePart WholeBlock(std::string kind, const Json& block);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_MESSAGE_H_
