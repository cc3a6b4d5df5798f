// What the store reads back, from a disk that nobody vouches for, and what a caller searches with.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/log/recall_text.h"
#include "memory_store/page_token.h"
#include "memory_store/search_text.h"
#include "memory_store/turn_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0: {
      const auto turn = fovea::DecodeTurn(bytes, 1);
      if (!turn.ok()) break;
      const fovea::RecallText recall = fovea::RecallTextOf(*turn);
      fovea::SearchText(recall);
      // It is written again as it was read.
      const auto encoded = fovea::EncodeTurn(*turn);
      if (encoded.ok() && !fovea::DecodeTurn(*encoded, 1).ok()) __builtin_trap();
      break;
    }
    case 1:
      fovea::ParsePageToken("tenant", bytes).status().IgnoreError();
      break;
    default: {
      const std::string line = fovea::OneLine(bytes);
      fovea::TrimSnippet(line, 20 + data[0]);
    }
  }
  return 0;
}
