// A configuration file that somebody wrote: taken, or refused with what is wrong with it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "service/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::service;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto values = ParseConfig("fuzz.conf", text);
  if (!values.ok()) return 0;
  const auto config = MakeConfig({{.name = "fuzz.conf", .values = *std::move(values)}});
  if (config.ok()) CheckConfig(*config).IgnoreError();
  return 0;
}
