// Turns: the public API's messages to the domain and back. All functions are thread-safe.
#ifndef FOVEA_TRANSCRIPTS_PROTO_TURN_PROTO_H_
#define FOVEA_TRANSCRIPTS_PROTO_TURN_PROTO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/log/turn.h"
#include "fovea/v1/turn.pb.h"

namespace fovea {

constexpr int kMaxParts = 1'000;
// With the contents of results and the texts of search results.
constexpr int kMaxItems = 10'000;
constexpr size_t kMaxAgentIdBytes = 200;
constexpr uint64_t kMaxTurnBytes = uint64_t{64} << 20;

// INVALID_ARGUMENT names the field by its path, `path` first: "turns[3].parts[0].image.media_type".
absl::StatusOr<Turn> TurnFromProto(const v1::Turn& proto, absl::string_view path);
void TurnToProto(const Turn& turn, v1::Turn* proto);
v1::Role RoleToProto(Role role);

// SHA-256, 32 bytes, over everything of the turns but their sequences: equal turns, equal digests.
std::string DigestTurns(const std::vector<Turn>& turns);

// Bytes of all that the turn's parts hold.
uint64_t TurnBytes(const Turn& turn);

}  // namespace fovea

#endif  // FOVEA_TRANSCRIPTS_PROTO_TURN_PROTO_H_
