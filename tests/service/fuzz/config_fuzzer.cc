// A configuration file that somebody wrote: taken, or refused with what is wrong with it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "service/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::service;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ConfigProblems problems;
  ConfigValues values = ParseConfig("fuzz.conf", text, &problems);
  const Config config = MakeConfig({{.name = "fuzz.conf", .values = std::move(values)}}, &problems);
  CheckConfig(config, &problems);
  problems.status().IgnoreError();
  return 0;
}
