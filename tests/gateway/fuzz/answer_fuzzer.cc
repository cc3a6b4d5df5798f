// Providers' answers in pieces, streamed and whole, on every wire: read along and relayed.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/answer.h"
#include "gateway/relay.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::gateway;  // NOLINT(google-build-using-namespace)
  if (size < 3) return 0;
  const auto wire = static_cast<Wire>(1 + data[0] % 4);
  const bool stream = (data[0] & 0x80) != 0;
  const size_t step = 1 + data[1];
  const absl::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  AnswerReader reader(wire, stream);
  const auto relay = Relay::Create(wire, stream);
  std::string out;
  for (int round = 0; round < 2; ++round) {
    relay->BeginRound();
    for (size_t at = 0; at < bytes.size(); at += step) {
      if (round == 0) reader.Feed(bytes.substr(at, step));
      relay->Feed(bytes.substr(at, step), &out);
    }
    relay->EndRound(&out);
    std::map<std::string, std::string> texts;
    for (const HiddenCall& call : relay->calls()) texts[call.id] = "text";
    relay->Results(texts);
    relay->visible();
    if (!relay->goes_on()) break;
  }
  reader.End();
  reader.items();
  // What holds nothing of ours comes out as it went in.
  if (!relay->hid_anything() && relay->rounds() == 1 && wire != Wire::kOpenAiResponses &&
      out != bytes) {
    __builtin_trap();
  }
  return 0;
}
