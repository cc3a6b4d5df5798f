// The one list of wire formats.
#ifndef FOVEA_SERVICE_WIRE_FORMATS_H_
#define FOVEA_SERVICE_WIRE_FORMATS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "service/wire/format.h"

namespace fovea::wire {

enum class PayloadFormat : uint8_t {
  kOpenAiChat = 1,
  kAnthropic = 2,
  kOpenAiResponses = 3,
  kGemini = 4,
  kVllm = 5,
  kDeepSeek = 6
};

// How an API lists tools.
enum class ToolShape : uint8_t {
  kChat = 1,       // {"type": "function", "function": {...}}
  kAnthropic = 2,  // "input_schema"
  kResponses = 3,  // {"type": "function", ...}
  kGemini = 4      // one object with "functionDeclarations"
};

struct FormatEntry {
  PayloadFormat format;
  std::string_view name;  // as the command line and documents have it
  int number;             // of fovea.v1.WireFormat
  std::unique_ptr<JsonFormat> (*make)();
  ToolShape tools;
};

// All formats, each once.
std::span<const FormatEntry> Formats();
const FormatEntry& EntryOf(PayloadFormat format);
// Null if no format has the number.
const FormatEntry* EntryOfNumber(int number);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_FORMATS_H_
