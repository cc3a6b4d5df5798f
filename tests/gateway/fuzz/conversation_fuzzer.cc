// Requests' bodies on every wire: scanned, canonicalised, hashed, read as turns, cut.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/conversation.h"
#include "gateway/read_turns.h"
#include "gateway/recall_tools.h"
#include "gateway/truncate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::gateway;  // NOLINT(google-build-using-namespace)
  if (size < 2) return 0;
  const auto wire = static_cast<Wire>(1 + data[0] % 4);
  const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  Headers headers;
  DigestCache digests;
  const Route route{.wire = wire, .purpose = Purpose::kGenerate};
  const auto read = ReadConversation(route, headers, body, digests);
  if (!read.ok()) return 0;
  TurnReader turns(wire);
  for (const Item& item : read->items) {
    if (item.span.end > body.size() || item.span.begin > item.span.end) __builtin_trap();
    turns.Read(item.span.In(body)).status().IgnoreError();
  }
  // What is known of a beginning changes nothing.
  for (const size_t same : {body.size(), body.size() / 2}) {
    const KnownConversation known{*read, body, same};
    const auto again = ReadConversation(route, headers, body, digests, &known);
    if (!again.ok() || again->items.size() != read->items.size() ||
        again->array.end != read->array.end || again->frame_bytes != read->frame_bytes ||
        (!read->items.empty() && again->items.back().chain != read->items.back().chain)) {
      __builtin_trap();
    }
  }
  const auto cut = Truncated(*read, body, 100);
  if (cut.ok()) {
    // What was made can be read again.
    const auto again = ReadConversation(route, headers, Replaced(body, read->array, *cut), digests);
    if (!again.ok()) __builtin_trap();
  }
  const auto with =
      WithRecallTools(wire, body, R"([{"functionDeclarations":[{"name":"recall"}]}])");
  if (with.has_value() && with->size() <= body.size()) __builtin_trap();
  return 0;
}
