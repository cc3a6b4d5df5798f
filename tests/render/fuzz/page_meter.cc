#include "tests/render/fuzz/page_meter.h"

#include <malloc.h>

#include <ctime>
#include <fstream>
#include <string>

namespace fovea::render {
namespace {

double ThreadSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

uint64_t StatusBytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kilobytes = 0;
    if (word == field && status >> kilobytes) return kilobytes << 10;
  }
  return 0;
}

// Freed memory goes back to the system, so that taking it again shows, and the peak falls to what
// is in use.
uint64_t StartOfPeak(bool measure_memory) {
  if (!measure_memory) return 0;
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
  return StatusBytes("VmRSS:");
}

}  // namespace

PageMeter::PageMeter(bool measure_memory)
    : measure_memory_(measure_memory),
      resident_before_(StartOfPeak(measure_memory)),
      seconds_before_(ThreadSeconds()) {}

double PageMeter::Seconds() const { return ThreadSeconds() - seconds_before_; }

uint64_t PageMeter::PeakBytes() const {
  if (!measure_memory_) return 0;
  const uint64_t peak = StatusBytes("VmHWM:");
  return peak > resident_before_ ? peak - resident_before_ : 0;
}

}  // namespace fovea::render
