// Profiles of readers that somebody wrote, and what they make of pictures' sizes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/reader/reader_family.h"
#include "core/reader/reader_profile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const std::string_view json(reinterpret_cast<const char*>(data + 4), size - 4);
  const auto readers = fovea::ParseReaderFile("fuzz.json", json);
  if (!readers.ok()) return 0;
  for (const fovea::ReaderProfile& reader : *readers) {
    const int width = 1 + data[0] + 256 * data[1];
    const int height = 1 + data[2] + 256 * data[3];
    const auto tokens = fovea::ImageTokens(reader, width, height, 1 + data[0]);
    if (tokens.ok() && *tokens < 0) __builtin_trap();
  }
  return 0;
}
