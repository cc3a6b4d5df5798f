// Where text of a session stands: how far it has been forgotten.
#ifndef FOVEA_CORE_SHEET_PLACE_H_
#define FOVEA_CORE_SHEET_PLACE_H_

#include <compare>
#include <cstddef>

namespace fovea {

// Ordered from sharp to forgotten: verbatim text, the rungs of a ladder (0 is the sharpest), the
// gist, latent. Text moves only to later places.
class Place {
 public:
  constexpr Place() = default;  // verbatim
  static constexpr Place Verbatim() { return Place(-1); }
  static constexpr Place Rung(size_t index) { return Place(static_cast<int>(index)); }
  static constexpr Place Gist() { return Place(kGist); }
  static constexpr Place Latent() { return Place(kGist + 1); }

  constexpr bool is_verbatim() const { return depth_ < 0; }
  constexpr bool is_rung() const { return depth_ >= 0 && depth_ < kGist; }
  constexpr bool is_gist() const { return depth_ == kGist; }
  constexpr bool is_latent() const { return depth_ > kGist; }
  // Of a rung: its index.
  constexpr size_t rung() const { return static_cast<size_t>(depth_); }

  // The places that pages and their text fade through, counted for a ladder of `rungs`: its rungs,
  // then the gist, then latent. Not for verbatim text.
  constexpr size_t Position(size_t rungs) const {
    return is_rung() ? rung() : is_gist() ? rungs : rungs + 1;
  }
  static constexpr Place At(size_t position, size_t rungs) {
    return position < rungs ? Rung(position) : position == rungs ? Gist() : Latent();
  }

  constexpr auto operator<=>(const Place&) const = default;

 private:
  static constexpr int kGist = 1'000'000;
  explicit constexpr Place(int depth) : depth_(depth) {}

  int depth_ = -1;
};

}  // namespace fovea

#endif  // FOVEA_CORE_SHEET_PLACE_H_
