#include "render/fonts.h"

#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "render/units.h"

namespace fovea::render {
namespace {

struct FontFile {
  enum class Use : uint8_t { kAnyWeight, kRegular, kBold, kLenderRegular, kLenderBold };
  Use use = Use::kAnyWeight;
  const char* package;
  const char* path;
  int index = 0;
  int percent = 100;
};

constexpr char kDejaVu[] = "fonts-dejavu-core";
constexpr char kNoto[] = "fonts-noto-core";
constexpr char kCjk[] = "fonts-noto-cjk";
constexpr char kSymbola[] = "fonts-symbola";

// The faces that every other script falls back to, in this order. Changing it changes pages:
// FontSet::digest covers it.
constexpr FontFile kFallbacks[] = {
    {FontFile::Use::kRegular, kDejaVu, "truetype/dejavu/DejaVuSans.ttf"},
    {FontFile::Use::kBold, kDejaVu, "truetype/dejavu/DejaVuSans-Bold.ttf"},
    {FontFile::Use::kRegular, kDejaVu, "truetype/dejavu/DejaVuSansMono.ttf"},
    {FontFile::Use::kBold, kDejaVu, "truetype/dejavu/DejaVuSansMono-Bold.ttf"},
    // Index 2 of the collection is the simplified Chinese design; it holds kana and hangul too.
    {.package = kCjk, .path = "opentype/noto/NotoSansCJK-Regular.ttc", .index = 2},
    {.package = kNoto, .path = "truetype/noto/NotoSans-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansDevanagari-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansThai-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansBengali-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansTamil-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansTelugu-Regular.ttf", .percent = 85},
    {.package = kNoto, .path = "truetype/noto/NotoSansKannada-Regular.ttf", .percent = 85},
    {.package = kNoto, .path = "truetype/noto/NotoSansMalayalam-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansGujarati-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansGurmukhi-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansOriya-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansSinhala-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansMyanmar-Regular.ttf", .percent = 80},
    {.package = kNoto, .path = "truetype/noto/NotoSansKhmer-Regular.ttf", .percent = 80},
    {.package = kNoto, .path = "truetype/noto/NotoSerifTibetan-Regular.ttf", .percent = 80},
    {.package = kNoto, .path = "truetype/noto/NotoSansArabic-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansHebrew-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansArmenian-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansGeorgian-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansLao-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansEthiopic-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansSyriac-Regular.ttf", .percent = 90},
    {.package = kNoto, .path = "truetype/noto/NotoSansThaana-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansNKo-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansCherokee-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansCanadianAboriginal-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansMongolian-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansMath-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansSymbols-Regular.ttf"},
    {.package = kNoto, .path = "truetype/noto/NotoSansSymbols2-Regular.ttf"},
    {.package = kSymbola, .path = "truetype/ancient-scripts/Symbola_hint.ttf"},
};

// The typeface's four, then the fallbacks.
std::vector<FontFile> FilesOf(const Typeface& typeface) {
  using Use = FontFile::Use;
  std::vector<FontFile> files;
  for (const auto& [use, path] :
       {std::pair(Use::kRegular, typeface.regular), std::pair(Use::kBold, typeface.bold),
        std::pair(Use::kLenderRegular, typeface.lender_regular),
        std::pair(Use::kLenderBold, typeface.lender_bold)}) {
    files.push_back(
        {.use = use, .package = typeface.package, .path = path, .percent = typeface.percent});
  }
  files.insert(files.end(), std::begin(kFallbacks), std::end(kFallbacks));
  return files;
}

bool IsInChain(FontFile::Use use, Weight weight) {
  return use == FontFile::Use::kAnyWeight ||
         use == (weight == Weight::kBold ? FontFile::Use::kBold : FontFile::Use::kRegular);
}

bool IsLender(FontFile::Use use, Weight weight) {
  return use ==
         (weight == Weight::kBold ? FontFile::Use::kLenderBold : FontFile::Use::kLenderRegular);
}

hb_font_t* CreateFont(hb_blob_t* blob, const FontFile& file) {
  hb_face_t* face = hb_face_create(blob, file.index);
  hb_face_make_immutable(face);
  hb_font_t* font = hb_font_create(face);
  hb_face_destroy(face);
  const int scale = static_cast<int>(int64_t{kEm} * file.percent / 100);
  hb_font_set_scale(font, scale, scale);
  hb_font_make_immutable(font);
  return font;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FontSet>> FontSet::Load(const std::string& root,
                                                       const Typeface& typeface) {
  std::unique_ptr<FontSet> set(new FontSet);
  set->borrowed_ = typeface.borrowed;
  Sha256 digest;
  digest.UpdateField(typeface.borrowed).UpdateNumber(typeface.places);
  for (const FontFile& file : FilesOf(typeface)) {
    const auto path = std::filesystem::path(root) / file.path;
    Face face{.blob = {}, .font = {}, .index = file.index, .percent = file.percent};
    face.blob.reset(hb_blob_create_from_file_or_fail(path.c_str()));
    if (face.blob == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat(
          "font file ", path.string(), " cannot be read: install the package ", file.package));
    }
    face.font.reset(CreateFont(face.blob.get(), file));
    if (hb_face_get_glyph_count(hb_font_get_face(face.font.get())) == 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          "font file ", path.string(), " is not a font: reinstall the package ", file.package));
    }
    const auto id = static_cast<FaceId>(set->faces_.size());
    set->faces_.push_back(std::move(face));
    digest.UpdateNumber(file.index).UpdateNumber(file.percent).UpdateField(set->data(id));
    for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
      const auto place = static_cast<size_t>(weight);
      if (IsInChain(file.use, weight)) set->chains_[place].push_back(id);
      if (IsLender(file.use, weight)) set->lenders_[place] = id;
    }
  }
  set->digest_ = digest.HexDigest();
  return set;
}

std::string_view FontSet::data(FaceId face) const {
  unsigned int length = 0;
  const char* bytes = hb_blob_get_data(faces_[face].blob.get(), &length);
  return {bytes, length};
}

}  // namespace fovea::render
