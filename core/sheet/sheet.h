// The sheet: a served context as one value, the ordered list of its priced parts.
#ifndef FOVEA_CORE_SHEET_SHEET_H_
#define FOVEA_CORE_SHEET_SHEET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/sheet/sheet_part.h"

namespace fovea {

// What parts cost together.
struct SheetTotals {
  int64_t tokens = 0;
  int64_t verbatim_tokens = 0;  // SheetPart::verbatim_tokens
  size_t images = 0;
  uint64_t bytes = 0;  // of images

  void Add(const SheetPart& part);
  void Remove(const SheetPart& part);
  SheetTotals& operator+=(const SheetTotals& other);
  bool operator==(const SheetTotals&) const = default;
};

// In the order served; every turn of the log has its home in exactly one part, and pins repeat
// some. All but the tail is the prefix, which changes only when the epoch does. The sheet keeps its
// totals, so that asking for them costs the same however many parts there are. Thread-compatible;
// copyable.
class Sheet {
 public:
  using Section = SheetSection;
  static constexpr size_t kSections = 5;
  using Parts = std::deque<SheetPart>;

  const Parts& parts(Section section) const { return at(section).parts; }
  const Parts& head() const { return parts(Section::kHead); }
  // Null if no turn is latent.
  const SheetPart* latent() const;
  const Parts& runs() const { return parts(Section::kRuns); }
  const Parts& pins() const { return parts(Section::kPins); }
  const Parts& tail() const { return parts(Section::kTail); }
  // All that stand before the tail, in order. They live until the next change.
  std::vector<const SheetPart*> prefix() const;
  // The part that is the turn's home; null if there is none.
  const SheetPart* HomeOf(uint64_t seq) const;

  const SheetTotals& totals() const { return totals_; }
  const SheetTotals& totals(Section section) const { return at(section).totals; }
  int64_t tokens() const { return totals_.tokens; }

  // Changes keep the totals right.
  void Add(Section section, SheetPart part);
  SheetPart TakeFirst(Section section);  // which must not be empty
  SheetPart TakeLast(Section section);   // which must not be empty
  Parts TakeAll(Section section);
  void Change(Section section, size_t index, absl::FunctionRef<void(SheetPart&)> change);

 private:
  struct Shelf {
    Parts parts;
    SheetTotals totals;
  };
  const Shelf& at(Section section) const { return shelves_[static_cast<size_t>(section)]; }
  Shelf& at(Section section) { return shelves_[static_cast<size_t>(section)]; }

  std::array<Shelf, kSections> shelves_;
  SheetTotals totals_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_SHEET_SHEET_H_
