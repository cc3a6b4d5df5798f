// What is known of each code point: its glyph, if it has one of its own, or why it has none.
#ifndef FOVEA_RENDER_CODE_POINTS_H_
#define FOVEA_RENDER_CODE_POINTS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "render/fonts.h"
#include "render/units.h"

namespace fovea::render {

struct CodePoint {
  enum class Kind : uint8_t {
    kSimple,    // one glyph, wherever it stands
    kComplex,   // its glyph depends on its neighbours: HarfBuzz decides
    kExtender,  // a combining mark: belongs to the character before it
    kHidden,    // draws nothing or steers the text around it
    kMissing    // no font has it
  };
  Kind kind = Kind::kMissing;
  FaceId face = 0;
  uint16_t glyph = 0;
  EmLength advance = 0;
};

// A table over all of Unicode, filled in blocks of 256 as they are first asked for. Thread-safe;
// reading a filled block takes no lock.
class CodePointTable {
 public:
  explicit CodePointTable(const FontSet& fonts);
  ~CodePointTable();
  CodePointTable(const CodePointTable&) = delete;
  CodePointTable& operator=(const CodePointTable&) = delete;

  // `code_point` must be at most U+10FFFF.
  const CodePoint& Find(Weight weight, char32_t code_point) const {
    const Block* block =
        blocks_[static_cast<size_t>(weight)][code_point >> 8].load(std::memory_order_acquire);
    if (block == nullptr) block = Fill(weight, code_point >> 8);
    return (*block)[code_point & 0xFF];
  }

  // The first face that has a glyph for every one of these, or -1.
  int FaceFor(Weight weight, absl::Span<const char32_t> code_points) const;

 private:
  static constexpr size_t kBlocks = 0x1100;
  using Block = std::array<CodePoint, 256>;

  const Block* Fill(Weight weight, size_t index) const ABSL_LOCKS_EXCLUDED(mutex_);
  CodePoint Describe(Weight weight, char32_t code_point) const;

  const FontSet& fonts_;
  mutable std::array<std::array<std::atomic<const Block*>, kBlocks>, kWeights> blocks_ = {};
  mutable absl::Mutex mutex_;
  mutable std::vector<std::unique_ptr<const Block>> owned_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_CODE_POINTS_H_
