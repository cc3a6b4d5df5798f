// The processor time and the memory that a piece of work takes.
#ifndef FOVEA_TESTS_RENDER_FUZZ_PAGE_METER_H_
#define FOVEA_TESTS_RENDER_FUZZ_PAGE_METER_H_

#include <cstdint>

namespace fovea::render {

// Starts measuring when it is made. Thread-compatible; memory is the whole process's, so nothing
// else may run in it.
class PageMeter {
 public:
  explicit PageMeter(bool measure_memory);

  double Seconds() const;  // of this thread
  // How much the resident memory was above its start at its peak; 0 if it is not measured.
  uint64_t PeakBytes() const;

 private:
  const bool measure_memory_;
  const uint64_t resident_before_;
  const double seconds_before_;
};

}  // namespace fovea::render

#endif  // FOVEA_TESTS_RENDER_FUZZ_PAGE_METER_H_
