// Content parts of OpenAI's two APIs: those of Chat ("image_url", "file", ...) and of Responses
// ("input_image", "input_file", ...), which agents mix.
#ifndef FOVEA_TRANSCRIPTS_OPENAI_PARTS_H_
#define FOVEA_TRANSCRIPTS_OPENAI_PARTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/turn.h"
#include "transcripts/lossless_json.h"
#include "transcripts/message.h"

namespace fovea::transcripts {

// Adds a message's content, a string or a list of parts, to `builder`. `phase`: of its texts.
// INVALID_ARGUMENT names the key below `path`.
absl::Status ReadOpenAiContent(const Json& content, const std::string& path,
                               const std::string& phase, MessageBuilder& builder);

// Adds a tool's output, a string or a list of parts, to `result`; any other value is its JSON.
// Gives the attributes that are kept beside the result. INVALID_ARGUMENT as above.
absl::StatusOr<Json> ReadOpenAiOutput(const Json& output, const std::string& path,
                                      ToolResultPart& result,
                                      std::vector<std::string>& unknown_keys);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_OPENAI_PARTS_H_
