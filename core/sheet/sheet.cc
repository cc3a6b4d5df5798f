#include "core/sheet/sheet.h"

#include <algorithm>
#include <utility>

namespace fovea {

uint64_t SheetPart::ElidedOf(uint64_t seq) const {
  const auto found =
      std::ranges::lower_bound(elided_of_turns, seq, {}, &std::pair<uint64_t, uint64_t>::first);
  return found != elided_of_turns.end() && found->first == seq ? found->second : 0;
}

void SheetTotals::Add(const SheetPart& part) {
  tokens += part.tokens;
  verbatim_tokens += part.verbatim_tokens();
  images += part.images();
  bytes += part.bytes();
}

void SheetTotals::Remove(const SheetPart& part) {
  tokens -= part.tokens;
  verbatim_tokens -= part.verbatim_tokens();
  images -= part.images();
  bytes -= part.bytes();
}

SheetTotals& SheetTotals::operator+=(const SheetTotals& other) {
  tokens += other.tokens;
  verbatim_tokens += other.verbatim_tokens;
  images += other.images;
  bytes += other.bytes;
  return *this;
}

const SheetPart* Sheet::latent() const {
  const Parts& latent = parts(Section::kLatent);
  return latent.empty() ? nullptr : &latent.front();
}

std::vector<const SheetPart*> Sheet::prefix() const {
  std::vector<const SheetPart*> prefix;
  for (const Section section : {Section::kHead, Section::kLatent, Section::kRuns, Section::kPins}) {
    for (const SheetPart& part : parts(section)) prefix.push_back(&part);
  }
  return prefix;
}

const SheetPart* Sheet::HomeOf(uint64_t seq) const {
  // Within a section parts are in order of their turns. Runs may lie between latent turns, so that
  // the latent part is asked last.
  for (const Section section : {Section::kHead, Section::kRuns, Section::kTail, Section::kLatent}) {
    const Parts& parts = at(section).parts;
    const auto found = std::ranges::lower_bound(
        parts, seq, {}, [](const SheetPart& part) { return part.turns.last; });
    if (found != parts.end() && found->turns.contains(seq)) return &*found;
  }
  return nullptr;
}

void Sheet::Add(Section section, SheetPart part) {
  Shelf& shelf = at(section);
  part.section = section;
  shelf.totals.Add(part);
  totals_.Add(part);
  shelf.parts.push_back(std::move(part));
}

SheetPart Sheet::TakeFirst(Section section) {
  Shelf& shelf = at(section);
  SheetPart part = std::move(shelf.parts.front());
  shelf.parts.pop_front();
  shelf.totals.Remove(part);
  totals_.Remove(part);
  return part;
}

SheetPart Sheet::TakeLast(Section section) {
  Shelf& shelf = at(section);
  SheetPart part = std::move(shelf.parts.back());
  shelf.parts.pop_back();
  shelf.totals.Remove(part);
  totals_.Remove(part);
  return part;
}

Sheet::Parts Sheet::TakeAll(Section section) {
  Shelf& shelf = at(section);
  Parts parts = std::exchange(shelf.parts, {});
  shelf.totals = {};
  totals_ = {};
  for (const Shelf& other : shelves_) totals_ += other.totals;
  return parts;
}

void Sheet::Change(Section section, size_t index, absl::FunctionRef<void(SheetPart&)> change) {
  Shelf& shelf = at(section);
  SheetPart& part = shelf.parts[index];
  shelf.totals.Remove(part);
  totals_.Remove(part);
  change(part);
  shelf.totals.Add(part);
  totals_.Add(part);
}

}  // namespace fovea
