// The large memory that drawing a page takes, kept for the next page.
#ifndef FOVEA_RENDER_WORKBENCH_H_
#define FOVEA_RENDER_WORKBENCH_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "render/png.h"

namespace fovea::render {

// What one page at a time is drawn on. Thread-compatible.
struct Workbench {
  PngEncoder encoder;
  std::vector<uint8_t> pixels;
};

// Benches for as many pages as are drawn at the same time. Thread-safe.
class WorkbenchPool {
 public:
  // A free bench, or a new one. RESOURCE_EXHAUSTED if there is no memory for it.
  absl::StatusOr<std::unique_ptr<Workbench>> Take() ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      const absl::MutexLock lock(&mutex_);
      if (!free_.empty()) {
        auto bench = std::move(free_.back());
        free_.pop_back();
        return bench;
      }
    }
    auto encoder = PngEncoder::Create();
    if (!encoder.ok()) return encoder.status();
    return std::make_unique<Workbench>(Workbench{.encoder = *std::move(encoder), .pixels = {}});
  }

  // Keeps a bench for the next page, unless there are many or it has grown by an unusual page.
  void GiveBack(std::unique_ptr<Workbench> bench) ABSL_LOCKS_EXCLUDED(mutex_) {
    if (bench->pixels.capacity() > kMaxKeptPixels) return;
    const absl::MutexLock lock(&mutex_);
    if (free_.size() < kMaxKept) free_.push_back(std::move(bench));
  }

 private:
  static constexpr size_t kMaxKept = 64;
  static constexpr size_t kMaxKeptPixels = size_t{8} << 20;

  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Workbench>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_WORKBENCH_H_
