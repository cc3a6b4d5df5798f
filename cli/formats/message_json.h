// Messages of the public API as JSON for scripts: every field by its name in the proto, numbers as
// numbers, enumerators in lower case without their prefix, bytes as text where they are text.
#ifndef FOVEA_CLI_FORMATS_MESSAGE_JSON_H_
#define FOVEA_CLI_FORMATS_MESSAGE_JSON_H_

#include <google/protobuf/message.h>

#include "cli/formats/json.h"

namespace fovea::cli {

// All fields in the order of their numbers, also those that have their default value; of a oneof,
// only the one that is set.
Json MessageToJson(const google::protobuf::Message& message);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_MESSAGE_JSON_H_
