// Readers for tests.
#ifndef FOVEA_TESTS_SUPPORT_READERS_H_
#define FOVEA_TESTS_SUPPORT_READERS_H_

#include <vector>

#include "core/reader/reader_profile.h"

namespace fovea::testing {

// One of each way to price images and text, for tests that are too long for the whole catalogue.
inline std::vector<ReaderProfile> MainReaders() {
  std::vector<ReaderProfile> readers;
  const absl::StatusOr<ReaderCatalogue> catalogue = BuiltInReaders();
  if (!catalogue.ok()) return readers;
  for (const char* name :
       {"claude", "deepseek-flash", "deepseek-ocr", "gemini-3", "qwen3-vl", "text-only"}) {
    readers.push_back(**catalogue->Find(name));
  }
  return readers;
}

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SUPPORT_READERS_H_
