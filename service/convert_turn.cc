#include "service/convert_turn.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

absl::Status Invalid(absl::string_view path, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", problem));
}

}  // namespace

absl::StatusOr<std::vector<Turn>> TurnsFromProto(
    const google::protobuf::RepeatedPtrField<v1::Turn>& protos) {
  if (protos.empty() || protos.size() > kMaxTurnsInAppend) {
    return Invalid("turns",
                   absl::StrCat(protos.size(), " turns; an append has 1 to ", kMaxTurnsInAppend));
  }
  std::vector<Turn> turns;
  turns.reserve(protos.size());
  for (int i = 0; i < protos.size(); ++i) {
    FOVEA_ASSIGN_OR_RETURN(auto turn, TurnFromProto(protos[i], absl::StrCat("turns[", i, "]")));
    turns.push_back(std::move(turn));
  }
  return turns;
}

absl::StatusOr<LogEvent> EventFromProto(const v1::Event& proto, absl::string_view path) {
  LogEvent event{.index = proto.index(),
                 .after_seq = proto.after_seq(),
                 .turns = {.first = proto.range().first(), .last = proto.range().last()},
                 .time_us = proto.time_us()};
  switch (proto.kind()) {
    case v1::Event::PIN:
      event.kind = LogEvent::Kind::kPin;
      return event;
    case v1::Event::UNPIN:
      event.kind = LogEvent::Kind::kUnpin;
      return event;
    case v1::Event::RECALL:
      event.kind = LogEvent::Kind::kRecall;
      return event;
    case v1::Event::COMPACT:
      event.kind = LogEvent::Kind::kCompact;
      return event;
    default:
      return Invalid(absl::StrCat(path, ".kind"),
                     "must be a pin, an unpin, a recall or a compaction");
  }
}

void EventToProto(const LogEvent& event, v1::Event* proto) {
  proto->set_index(event.index);
  proto->set_after_seq(event.after_seq);
  proto->set_kind(static_cast<v1::Event::Kind>(event.kind));
  RangeToProto(event.turns, proto->mutable_range());
  proto->set_time_us(event.time_us);
}

void RangeToProto(SeqRange range, v1::SeqRange* proto) {
  proto->set_first(range.first);
  proto->set_last(range.last);
}

}  // namespace fovea::service
