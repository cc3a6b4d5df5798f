// The built-in readers for tests. A file that is wrong fails, by its name, the tests that ask for
// the catalogue or for one of its readers; no test is stopped by it.
#ifndef FOVEA_TESTS_CORE_READER_BUILT_IN_H_
#define FOVEA_TESTS_CORE_READER_BUILT_IN_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/reader/reader_family.h"
#include "core/reader/reader_files.h"
#include "core/reader/reader_profile.h"

namespace fovea::transcription {

// All readers but those of files that are wrong.
inline ReaderCatalogue BuiltIn() {
  ReaderCatalogue catalogue;
  for (const ReaderFile& file : BuiltInReaderFiles()) {
    auto profiles = ParseReaderFile(file.name, file.json);
    EXPECT_TRUE(profiles.ok()) << profiles.status();
    if (!profiles.ok()) continue;
    for (ReaderProfile& profile : *profiles) catalogue.Add(std::move(profile));
  }
  return catalogue;
}

// An empty profile if there is none.
inline ReaderProfile BuiltIn(const std::string& name) {
  const ReaderCatalogue catalogue = BuiltIn();
  const auto reader = catalogue.Find(name);
  EXPECT_TRUE(reader.ok()) << reader.status();
  return reader.ok() ? **reader : ReaderProfile();
}

}  // namespace fovea::transcription

#endif  // FOVEA_TESTS_CORE_READER_BUILT_IN_H_
