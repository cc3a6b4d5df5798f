// Files that somebody imports: any bytes as each of the formats, and as what they seem to be.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/log/recall_text.h"
#include "transcripts/transcript.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::transcripts;  // NOLINT(google-build-using-namespace)
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  Format format = Formats()[data[0] % Formats().size()].format;
  const bool detect = (data[0] & 0x80U) != 0;
  const ReadOptions options{.live = (data[0] & 0x40U) != 0, .strict = (data[0] & 0x20U) != 0};
  if (detect) {
    const auto detected = DetectFormat(bytes);
    if (!detected.ok()) return 0;
    format = *detected;
  }
  ReadReport report;
  ReadTranscripts(
      bytes, format, options,
      [](Transcript transcript) {
        for (const fovea::Turn& turn : transcript.turns) fovea::RecallTextOf(turn);
        return absl::OkStatus();
      },
      &report)
      .IgnoreError();
  return 0;
}
