#include "gateway/pictures.h"

#include <gd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/conversation.h"
#include "gateway/json_span.h"

namespace fovea::gateway {
namespace {

constexpr int kManyPictures = 20;
constexpr int kMaxSide = 2000;
constexpr int64_t kMaxPixels = 64'000'000;  // that are decoded: 256 MB
constexpr size_t kKeptBytes = 64 << 20;
constexpr int kJpegQuality = 90;
constexpr absl::string_view kData = "\"data\":\"";

int Big(absl::string_view bytes, size_t at, int count) {
  int value = 0;
  for (int i = 0; i < count; ++i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[at + static_cast<size_t>(i)]);
  }
  return value;
}

struct Image {
  void operator()(gdImagePtr image) const { gdImageDestroy(image); }
};

// "" if it cannot be decoded.
std::string Smaller(const std::string& picture, const PictureSize& size) {
  const auto bytes = static_cast<int>(picture.size());
  void* const data = const_cast<char*>(picture.data());
  const std::unique_ptr<gdImage, Image> image(size.jpeg ? gdImageCreateFromJpegPtr(bytes, data)
                                                        : gdImageCreateFromPngPtr(bytes, data));
  if (image == nullptr) return "";
  const double scale = static_cast<double>(kMaxSide) / std::max(size.width, size.height);
  const auto side = [scale](int whole) {
    return std::clamp(static_cast<int>(whole * scale), 1, kMaxSide);
  };
  const int width = side(gdImageSX(image.get()));
  const int height = side(gdImageSY(image.get()));
  const std::unique_ptr<gdImage, Image> small(gdImageCreateTrueColor(width, height));
  if (small == nullptr) return "";
  gdImageAlphaBlending(small.get(), 0);
  gdImageSaveAlpha(small.get(), 1);
  gdImageCopyResampled(small.get(), image.get(), 0, 0, 0, 0, width, height, gdImageSX(image.get()),
                       gdImageSY(image.get()));
  int count = 0;
  const std::unique_ptr<void, void (*)(void*)> written(
      size.jpeg ? gdImageJpegPtr(small.get(), &count, kJpegQuality)
                : gdImagePngPtr(small.get(), &count),
      gdFree);
  if (written == nullptr) return "";
  return std::string(static_cast<const char*>(written.get()), static_cast<size_t>(count));
}

}  // namespace

std::optional<PictureSize> SizeOfPicture(absl::string_view bytes) {
  if (bytes.size() >= 24 && absl::StartsWith(bytes, "\x89PNG\r\n\x1a\n")) {
    return PictureSize{.width = Big(bytes, 16, 4), .height = Big(bytes, 20, 4)};
  }
  if (!absl::StartsWith(bytes, "\xff\xd8\xff")) return std::nullopt;
  for (size_t at = 2; at + 9 < bytes.size();) {
    if (Big(bytes, at, 1) != 0xff) return std::nullopt;
    const int marker = Big(bytes, at + 1, 1);
    if (marker == 0xff) {  // filling
      ++at;
      continue;
    }
    const bool frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame) {
      return PictureSize{
          .width = Big(bytes, at + 7, 2), .height = Big(bytes, at + 5, 2), .jpeg = true};
    }
    at += 2 + static_cast<size_t>(Big(bytes, at + 2, 2));
  }
  return std::nullopt;
}

std::optional<std::string> PictureScaler::Scaled(absl::string_view body) {
  std::vector<JsonSpan> pictures;
  for (size_t at = FindText(body, kData, 0); at != absl::string_view::npos;
       at = FindText(body, kData, at)) {
    at += kData.size();
    const size_t end = body.find('"', at);
    if (end == absl::string_view::npos) break;
    // Base64 of the first bytes of a PNG, JPEG, GIF and WebP.
    const absl::string_view text = body.substr(at, end - at);
    for (const char* begin : {"iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR"}) {
      if (absl::StartsWith(text, begin)) pictures.push_back({at, end});
    }
    at = end;
  }
  if (pictures.size() <= kManyPictures) return std::nullopt;
  std::string out;
  size_t copied = 0;
  for (const JsonSpan& span : pictures) {
    const absl::string_view text = span.In(body);
    std::string head;
    // The size stands at the beginning, but for JPEGs with a long preamble.
    absl::Base64Unescape(text.substr(0, std::min<size_t>(text.size(), 1 << 18) / 4 * 4), &head);
    const auto size = SizeOfPicture(head);
    if (!size.has_value() || std::max(size->width, size->height) <= kMaxSide) continue;
    if (int64_t{size->width} * size->height > kMaxPixels) continue;
    const std::string key = Sha256Of(text);
    std::string smaller;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = done_.find(key);
      if (found != done_.end()) smaller = found->second;
    }
    if (smaller.empty()) {
      std::string picture;
      if (!absl::Base64Unescape(text, &picture)) continue;
      smaller = absl::Base64Escape(Smaller(picture, *size));
      if (smaller.empty()) continue;
      absl::MutexLock lock(&mutex_);
      if (bytes_ + smaller.size() > kKeptBytes) {
        done_.clear();
        bytes_ = 0;
      }
      bytes_ += smaller.size();
      done_.emplace(key, smaller);
    }
    absl::StrAppend(&out, body.substr(copied, span.begin - copied), smaller);
    copied = span.end;
  }
  if (copied == 0) return std::nullopt;
  absl::StrAppend(&out, body.substr(copied));
  return out;
}

}  // namespace fovea::gateway
