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
#include "transcripts/proto/turn_proto.h"

namespace fovea::service {

// One turn's conversion is every client's, too (transcripts/proto/turn_proto.h).
using fovea::DigestTurns;
using fovea::kMaxAgentIdBytes;
using fovea::kMaxItems;
using fovea::kMaxParts;
using fovea::kMaxTurnBytes;
using fovea::RoleToProto;
using fovea::TurnBytes;
using fovea::TurnFromProto;
using fovea::TurnToProto;

constexpr int kMaxTurnsInAppend = 10'000;

// All of an append's: 1 to kMaxTurnsInAppend. INVALID_ARGUMENT as TurnFromProto.
absl::StatusOr<std::vector<Turn>> TurnsFromProto(
    const google::protobuf::RepeatedPtrField<v1::Turn>& protos);

absl::StatusOr<LogEvent> EventFromProto(const v1::Event& proto, absl::string_view path);
void EventToProto(const LogEvent& event, v1::Event* proto);

void RangeToProto(SeqRange range, v1::SeqRange* proto);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONVERT_TURN_H_
