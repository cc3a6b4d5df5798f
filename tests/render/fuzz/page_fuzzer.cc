// For libFuzzer: any bytes, drawn as pages (tests/render/fuzz/README.md).
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/render/fuzz/page_check.h"
#include "tests/render/fuzz/page_input.h"
#include "tests/render/pages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::render;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const PageReport report =
      CheckPages(DecodePageInput(bytes), SharedRenderer(), LimitsOfThisBuild());
  if (!report.broken.empty()) {
    std::fprintf(stderr, "broken: %s\n", report.broken.c_str());
    std::abort();
  }
  return 0;
}
