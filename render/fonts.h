// The fonts that pages are drawn with: files of Debian packages, in an explicit order.
#ifndef FOVEA_RENDER_FONTS_H_
#define FOVEA_RENDER_FONTS_H_

#include <hb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "render/typeface.h"

namespace fovea::render {

enum class Weight : uint8_t { kRegular = 0, kBold = 1 };
inline constexpr int kWeights = 2;

using FaceId = uint8_t;

// Immutable, so thread-safe.
class FontSet {
 public:
  // Maps the files under `root` (normally /usr/share/fonts) into memory and takes their digests.
  // FAILED_PRECONDITION, naming the file and its Debian package, if one is missing or unreadable.
  static absl::StatusOr<std::unique_ptr<FontSet>> Load(const std::string& root,
                                                       const Typeface& typeface = {});

  FontSet(const FontSet&) = delete;
  FontSet& operator=(const FontSet&) = delete;

  size_t size() const { return faces_.size(); }

  // Scaled to kEm units an em, with the face's own reduction applied. Immutable: may be shared.
  hb_font_t* font(FaceId face) const { return faces_[face].font.get(); }

  // The bytes of the font file, and which font of a collection is meant.
  std::string_view data(FaceId face) const;
  int index(FaceId face) const { return faces_[face].index; }

  // Faces whose marks stand high and low are drawn a little smaller, so that lines do not collide.
  int percent(FaceId face) const { return faces_[face].percent; }

  // The faces to try, in this order, for a text of this weight. Scripts that have no bold face here
  // are drawn regular: at these sizes their bold fills in.
  absl::Span<const FaceId> Chain(Weight weight) const {
    return chains_[static_cast<size_t>(weight)];
  }

  // Whether a character comes from the lender, before the chain is asked, and who that is.
  bool IsBorrowed(char32_t code_point) const {
    return code_point < 0x80 && borrowed_.find(static_cast<char>(code_point)) != std::string::npos;
  }
  FaceId Lender(Weight weight) const { return lenders_[static_cast<size_t>(weight)]; }

  // SHA-256 over all files, the characters that are borrowed and the places, 64 hex digits.
  const std::string& digest() const { return digest_; }

 private:
  template <auto kDestroy>
  struct Destroy {
    template <typename T>
    void operator()(T* object) const {
      kDestroy(object);
    }
  };
  struct Face {
    std::unique_ptr<hb_blob_t, Destroy<hb_blob_destroy>> blob;
    std::unique_ptr<hb_font_t, Destroy<hb_font_destroy>> font;
    int index = 0;
    int percent = 100;
  };

  FontSet() = default;

  std::vector<Face> faces_;
  std::vector<FaceId> chains_[kWeights];
  FaceId lenders_[kWeights] = {};
  std::string borrowed_;
  std::string digest_;
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_FONTS_H_
