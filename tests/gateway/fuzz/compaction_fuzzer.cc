// Requests for a compaction, and what an agent makes of the handle that it got.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/compaction.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::gateway;  // NOLINT(google-build-using-namespace)
  if (size < 2) return 0;
  static const std::unique_ptr<Database> database = *Database::Open(":memory:");
  static Compactions compactions(*database, "tenant");
  // One that is known, so that inputs can hold it.
  static const std::string handle =
      *compactions.Keep(R"({"model":"m","input":[{"role":"user","content":"said"}]})");
  const Route route{.wire = Wire::kOpenAiResponses,
                    .purpose = (data[0] & 1) != 0 ? Purpose::kCompact : Purpose::kGenerate};
  std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  // "@" stands for the handle.
  for (size_t at = body.find('@'); at != std::string::npos && body.size() < 100'000;
       at = body.find('@', at + handle.size())) {
    body.replace(at, 1, handle);
  }
  DigestCache digests;
  const auto expanded = compactions.Expanded(body, digests);
  // What was expanded is a conversation.
  if (expanded.has_value() && !ReadConversation(route, Headers(), *expanded, digests).ok()) {
    __builtin_trap();
  }
  const auto asked = AsksForCompaction(route, body);
  if (!asked.has_value()) return 0;
  CompactionMediaType(route, *asked);
  if (CompactionAnswer(route, *asked, handle, 1).find(handle) == std::string::npos) {
    __builtin_trap();
  }
  return 0;
}
