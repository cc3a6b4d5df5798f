// The JSON that the command line reads and writes (transcripts/lossless_json.h), by its short
// names.
#ifndef FOVEA_CLI_FORMATS_JSON_H_
#define FOVEA_CLI_FORMATS_JSON_H_

#include "cli/formats/json_fwd.h"
#include "transcripts/lossless_json.h"

namespace fovea::cli {

using transcripts::BytesOf;
using transcripts::DumpJson;
using transcripts::JsonOf;
using transcripts::kMaxJsonDepth;
using transcripts::ParseJson;

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_JSON_H_
