// What the chat templates of single models ask, beyond the API that serves them.
#ifndef FOVEA_SERVICE_WIRE_READER_DIALECT_H_
#define FOVEA_SERVICE_WIRE_READER_DIALECT_H_

#include "core/reader/reader_profile.h"

namespace fovea::wire {

struct ReaderDialect {
  // The template raises unless user and assistant take turns; calls and their results do not count.
  bool roles_alternate = false;
  // Ids of calls are nine letters and digits.
  bool nine_character_ids = false;
  // The model refuses a call without the reasoning that led to it: the field reasoning_content.
  bool wants_reasoning = false;
  bool operator==(const ReaderDialect&) const = default;
};

// By the family that the profile's name, or one of its models, names.
ReaderDialect DialectOf(const ReaderProfile& reader);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_READER_DIALECT_H_
