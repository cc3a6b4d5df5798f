// Turns and events: proto to domain and back.
#ifndef FOVEA_SERVICE_CONVERT_TURN_H_
#define FOVEA_SERVICE_CONVERT_TURN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/log/turn.h"
#include "fovea/v1/session.pb.h"
#include "fovea/v1/turn.pb.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace fovea::service {

constexpr int kMaxTurnsInAppend = 10'000;
constexpr int kMaxParts = 1'000;
// With the contents of results and the texts of search results.
constexpr int kMaxItems = 10'000;
constexpr size_t kMaxAgentIdBytes = 200;
constexpr uint64_t kMaxTurnBytes = uint64_t{64} << 20;

// INVALID_ARGUMENT names the field by its path, `path` first: "turns[3].parts[0].image.media_type".
absl::StatusOr<Turn> TurnFromProto(const v1::Turn& proto, absl::string_view path);
// All of an append's: 1 to kMaxTurnsInAppend.
absl::StatusOr<std::vector<Turn>> TurnsFromProto(
    const google::protobuf::RepeatedPtrField<v1::Turn>& protos);
void TurnToProto(const Turn& turn, v1::Turn* proto);

absl::StatusOr<LogEvent> EventFromProto(const v1::Event& proto, absl::string_view path);
void EventToProto(const LogEvent& event, v1::Event* proto);

v1::Role RoleToProto(Role role);
void RangeToProto(SeqRange range, v1::SeqRange* proto);

// SHA-256, 32 bytes, over everything of the turns but their sequences: equal turns, equal digests.
std::string DigestTurns(const std::vector<Turn>& turns);

// Bytes of all that the turn's parts hold.
uint64_t TurnBytes(const Turn& turn);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONVERT_TURN_H_
