// The type of JSON alone, for headers.
#ifndef FOVEA_CLI_FORMATS_JSON_FWD_H_
#define FOVEA_CLI_FORMATS_JSON_FWD_H_

#include <nlohmann/json_fwd.hpp>

namespace fovea::cli {

using Json = nlohmann::ordered_json;

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_JSON_FWD_H_
