// What each decoder takes and refuses, to the byte and to the shade.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/page/picture_size.h"
#include "render/picture.h"
#include "render/picture_scaler.h"
#include "tests/render/images.h"

namespace fovea::render {
namespace {

constexpr int kPaper = 255;

bool IsPicture(std::string_view data, ImageSize size) {
  const auto picture = DecodePicture(data, size);
  EXPECT_TRUE(picture.ok() || picture.status().code() == absl::StatusCode::kInvalidArgument);
  return picture.ok();
}

std::vector<int> Shades(std::string_view data, ImageSize size) {
  const auto picture = DecodePicture(data, size);
  EXPECT_TRUE(picture.ok()) << picture.status();
  return picture.ok() ? std::vector<int>(picture->begin(), picture->end()) : std::vector<int>();
}

// How often somebody is asked while the whole picture is decoded.
int AskingsFor(std::string_view data, ImageSize size) {
  int asked = 0;
  DecodingWatch watch([&] {
    ++asked;
    return absl::OkStatus();
  });
  EXPECT_TRUE(DecodePicture(data, size, &watch).ok());
  return asked;
}

RgbaImage Noise(int width, int height) {
  RgbaImage image = Plain(width, height, 0, 0, 0, 255);
  std::mt19937 random(9);
  for (size_t at = 0; at < image.pixels.size(); at += 4) {
    const auto grey = static_cast<uint8_t>(random());
    std::fill_n(image.pixels.begin() + static_cast<ptrdiff_t>(at), 3, grey);
  }
  return image;
}

// A GIF, byte by byte. Its colours are greys; its pixels stand in the file uncompressed.
std::string Word(int value) { return {static_cast<char>(value), static_cast<char>(value >> 8)}; }

std::string ColorsOf(const std::vector<int>& greys) {
  std::string colors;
  for (const int grey : greys) colors.append(3, static_cast<char>(grey));
  return colors;
}

// 0x80 says that there are colours, the lowest bits that there are 2^(n + 1).
char ColorFlags(const std::vector<int>& greys) {
  int bits = 0;
  while (size_t{2} << bits < greys.size()) ++bits;
  return static_cast<char>(greys.empty() ? 0 : 0x80 | bits);
}

std::string Screen(int width, int height, const std::vector<int>& greys) {
  return absl::StrCat("GIF89a", Word(width), Word(height), std::string(1, ColorFlags(greys)),
                      std::string(2, 0), ColorsOf(greys));
}

std::string Extension(char label, const std::string& block) {
  return absl::StrCat("!", std::string(1, label), std::string(1, static_cast<char>(block.size())),
                      block, std::string(1, 0));
}

// Says which index is transparent, if `flags` is 1.
std::string Control(int flags, int index) {
  return Extension('\xF9', {static_cast<char>(flags), 0, 0, static_cast<char>(index)});
}

struct Place {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

// Codes of 8 bits: below 128 a pixel, 128 to begin again before they become longer, 129 the end.
std::string Frame(const Place& place, const std::vector<int>& indices, bool interlaced = false,
                  const std::vector<int>& greys = {}) {
  std::string codes = "\x80";
  for (size_t i = 0; i < indices.size(); ++i) {
    if (i % 100 == 99) codes += '\x80';
    codes += static_cast<char>(indices[i]);
  }
  codes += '\x81';
  const auto flags = static_cast<char>(ColorFlags(greys) | (interlaced ? 0x40 : 0));
  std::string frame =
      absl::StrCat(",", Word(place.left), Word(place.top), Word(place.width), Word(place.height),
                   std::string(1, flags), ColorsOf(greys), "\x07");
  for (size_t at = 0; at < codes.size(); at += 255) {
    const std::string block = codes.substr(at, 255);
    absl::StrAppend(&frame, std::string(1, static_cast<char>(block.size())), block);
  }
  return frame + '\0';
}

const std::vector<int> kFourGreys = {10, 90, 170, 250};

TEST(Gif, CutOffAtAnyByteItIsNoPicture) {
  const std::string data =
      absl::StrCat(Screen(3, 2, kFourGreys), Extension('\xFE', "a comment"), Control(1, 3),
                   Extension('\xFF', "NETSCAPE2.0"), Frame({0, 0, 3, 2}, {0, 1, 2, 3, 2, 1}), ";");
  for (size_t length = 0; length <= data.size(); ++length) {
    const bool whole = length + 1 >= data.size();  // only the trailer says nothing
    EXPECT_EQ(IsPicture(std::string_view(data).substr(0, length), {3, 2}), whole) << length;
  }
  EXPECT_EQ(Shades(data, {3, 2}), (std::vector<int>{10, 90, 170, kPaper, 170, 90}));
}

TEST(Gif, WithoutAFrameItIsNoPicture) {
  EXPECT_FALSE(IsPicture(Screen(3, 2, kFourGreys) + ";", {3, 2}));
  EXPECT_FALSE(IsPicture(absl::StrCat(Screen(3, 2, kFourGreys), Control(1, 3), ";"), {3, 2}));
  EXPECT_FALSE(IsPicture(Screen(3, 2, kFourGreys) + "?", {3, 2}));
}

TEST(Gif, OnlyTheFirstFrameIsShown) {
  const Place all = {0, 0, 2, 1};
  EXPECT_EQ(Shades(absl::StrCat(Screen(2, 1, kFourGreys), Frame(all, {1, 2}), Control(1, 1),
                                Frame(all, {3, 3}), ";"),
                   {2, 1}),
            (std::vector<int>{90, 170}));
}

TEST(Gif, OneIndexIsTransparentIfTheControlBlockBeforeTheFrameSaysSo) {
  const auto shades = [](const std::string& extensions) {
    return Shades(
        absl::StrCat(Screen(4, 1, kFourGreys), extensions, Frame({0, 0, 4, 1}, {0, 1, 2, 3}), ";"),
        {4, 1});
  };
  EXPECT_EQ(shades(""), kFourGreys);
  EXPECT_EQ(shades(Control(1, 0)), (std::vector<int>{kPaper, 90, 170, 250}));
  EXPECT_EQ(shades(Control(1, 1)), (std::vector<int>{10, kPaper, 170, 250}));
  EXPECT_EQ(shades(Control(1, 200)), kFourGreys);
  EXPECT_EQ(shades(Control(0, 1)), kFourGreys) << "without the flag";
  EXPECT_EQ(shades(Control(1, 1) + Control(1, 2)), (std::vector<int>{10, 90, kPaper, 250}));
  EXPECT_EQ(shades(Extension('\xFE', {1, 0, 0, 1})), kFourGreys) << "a comment";
  EXPECT_EQ(shades(Extension('\xF9', {1, 0, 0, 1, 0})), kFourGreys) << "too long for one";
  EXPECT_EQ(shades(Control(1, 1) + Extension('\xFE', "more")),
            (std::vector<int>{10, kPaper, 170, 250}));
}

TEST(Gif, AFramesOwnColoursComeFirst) {
  const Place all = {0, 0, 4, 1};
  const std::vector<int> own = {5, 6, 7, 8};
  EXPECT_EQ(
      Shades(absl::StrCat(Screen(4, 1, kFourGreys), Frame(all, {0, 1, 2, 3}, false, own), ";"),
             {4, 1}),
      own);
  EXPECT_EQ(
      Shades(absl::StrCat(Screen(4, 1, {}), Frame(all, {3, 2, 1, 0}, false, own), ";"), {4, 1}),
      (std::vector<int>{8, 7, 6, 5}));
  EXPECT_FALSE(IsPicture(absl::StrCat(Screen(4, 1, {}), Frame(all, {0, 1, 2, 3}), ";"), {4, 1}));
}

TEST(Gif, AnIndexWithoutAColourIsWhite) {
  EXPECT_EQ(Shades(absl::StrCat(Screen(4, 1, {10, 90}), Frame({0, 0, 4, 1}, {0, 1, 2, 127}), ";"),
                   {4, 1}),
            (std::vector<int>{10, 90, kPaper, kPaper}));
}

TEST(Gif, AFrameLiesWithinItsCanvas) {
  const auto drawn = [](const Place& place) {
    const std::vector<int> indices(static_cast<size_t>(place.width) * place.height, 0);
    return IsPicture(absl::StrCat(Screen(6, 5, kFourGreys), Frame(place, indices), ";"), {6, 5});
  };
  EXPECT_TRUE(drawn({0, 0, 6, 5}));
  EXPECT_TRUE(drawn({5, 4, 1, 1}));
  EXPECT_TRUE(drawn({2, 1, 4, 4}));
  EXPECT_FALSE(drawn({3, 1, 4, 4}));
  EXPECT_FALSE(drawn({2, 2, 4, 4}));
  EXPECT_FALSE(drawn({0, 0, 7, 5}));
  EXPECT_FALSE(drawn({0, 0, 6, 6}));
  EXPECT_FALSE(drawn({6, 0, 1, 1}));
  EXPECT_FALSE(drawn({0, 0, 0, 1}));
  EXPECT_FALSE(drawn({0, 0, 1, 0}));
}

TEST(Gif, AroundAFrameIsWhite) {
  for (const bool interlaced : {false, true}) {
    const std::string data = absl::StrCat(Screen(5, 5, kFourGreys),
                                          Frame({1, 2, 3, 2}, {0, 1, 2, 2, 1, 0}, interlaced), ";");
    std::vector<int> wanted(25, kPaper);
    const std::vector<int> rows[] = {{10, 90, 170}, {170, 90, 10}};
    for (int row = 0; row < 2; ++row) std::copy_n(rows[row].begin(), 3, &wanted[row * 5 + 11]);
    EXPECT_EQ(Shades(data, {5, 5}), wanted) << interlaced;
  }
}

// The standard's order: every eighth row from the first, then from the fifth, every fourth from the
// third, every second from the second.
TEST(Gif, InterlacedRowsComeInFourPasses) {
  constexpr std::pair<int, int> kPasses[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
  std::vector<int> greys;
  for (int i = 0; i < 32; ++i) greys.push_back(i * 7);
  for (int height = 1; height <= 32; ++height) {
    std::vector<int> rows;
    for (const auto& [first, step] : kPasses) {
      for (int y = first; y < height; y += step) rows.push_back(y);
    }
    const std::string data =
        absl::StrCat(Screen(1, height, greys), Frame({0, 0, 1, height}, rows, true), ";");
    EXPECT_EQ(Shades(data, {1, height}), std::vector<int>(greys.begin(), greys.begin() + height));
  }
}

// libjpeg decodes at 1, 2, 4 or 8 eighths: the fewest that leave twice the size wanted either way.
TEST(Jpeg, IsDecodedAtTwiceTheSizeWantedOrMore) {
  struct Case {
    ImageSize to;
    int eighths;
  };
  const std::string data = EncodeJpeg(Noise(160, 80));
  for (const Case& wanted : {Case{{3, 2}, 1},
                             {{10, 5}, 1},
                             {{11, 5}, 2},
                             {{10, 6}, 2},
                             {{20, 10}, 2},
                             {{21, 10}, 4},
                             {{20, 11}, 4},
                             {{40, 20}, 4},
                             {{41, 20}, 8},
                             {{40, 21}, 8},
                             {{80, 40}, 8},
                             {{160, 80}, 8}}) {
    SCOPED_TRACE(absl::StrCat(wanted.to.width, " ", wanted.to.height));
    const std::vector<int> shades = Shades(data, wanted.to);
    for (const int eighths : {1, 2, 4, 8}) {
      const RgbaImage decoded = DecodeJpegAt(data, eighths);
      if (decoded.width < wanted.to.width || decoded.height < wanted.to.height) continue;
      PictureScaler scaler({decoded.width, decoded.height}, wanted.to);
      for (int y = 0; y < decoded.height; ++y) {
        std::vector<uint8_t> row;
        for (int x = 0; x < decoded.width; ++x) {
          row.push_back(decoded.pixels[(static_cast<size_t>(y) * decoded.width + x) * 4]);
        }
        scaler.AddRow(y, row);
      }
      const std::vector<uint8_t> scaled = scaler.Finish();
      EXPECT_EQ(shades == std::vector<int>(scaled.begin(), scaled.end()), eighths == wanted.eighths)
          << eighths;
    }
  }
}

TEST(Jpeg, OfMuchDamageIsNoPicture) {
  EXPECT_TRUE(IsPicture(EncodeDamagedJpeg(0), {40, 40}));
  EXPECT_TRUE(IsPicture(EncodeDamagedJpeg(1), {40, 40}));
  EXPECT_TRUE(IsPicture(EncodeDamagedJpeg(64), {40, 40}));
  EXPECT_FALSE(IsPicture(EncodeDamagedJpeg(65), {40, 40}));
}

TEST(Jpeg, EachScanAsksAsMuchAsItDecodes) {
  constexpr ImageSize kTo{.width = 8, .height = 8};
  const int few = AskingsFor(EncodeJpegInScans(1024, 1024, 4), kTo);
  const int many = AskingsFor(EncodeJpegInScans(1024, 1024, 12), kTo);
  EXPECT_EQ(many - few, 8) << "a scan is a MiPixel";
}

TEST(Png, CutOffBeforeItsLastChunkItIsStillAPicture) {
  const std::string data = EncodePng(Noise(7, 5));
  const size_t end = data.size() - 12;  // without the chunk that says that it ends
  ASSERT_EQ(data.substr(end + 4, 4), "IEND");
  for (size_t length = 0; length <= data.size(); ++length) {
    EXPECT_EQ(IsPicture(std::string_view(data).substr(0, length), {7, 5}), length >= end) << length;
  }
}

TEST(Png, InterlacedItIsTheSamePictureAtAnySize) {
  for (int height = 1; height <= 9; ++height) {
    for (int width = 1; width <= 9; ++width) {
      const RgbaImage image = Noise(width, height);
      std::vector<int> greys;
      for (size_t at = 0; at < image.pixels.size(); at += 4) greys.push_back(image.pixels[at]);
      const ImageSize size = {.width = width, .height = height};
      EXPECT_EQ(Shades(EncodePng(image, true), size), greys) << width << " " << height;
      EXPECT_EQ(Shades(EncodePng(image), size), greys) << width << " " << height;
    }
  }
}

TEST(Webp, CutOffItIsNoPicture) {
  const std::string data = EncodeWebp(Noise(7, 5), true);
  for (size_t length = 0; length < data.size(); ++length) {
    EXPECT_FALSE(IsPicture(std::string_view(data).substr(0, length), {7, 5})) << length;
  }
  EXPECT_TRUE(IsPicture(data, {7, 5}));
}

TEST(Webp, HasThePicturesShades) {
  const RgbaImage image = Noise(7, 5);
  std::vector<int> greys;
  for (size_t at = 0; at < image.pixels.size(); at += 4) greys.push_back(image.pixels[at]);
  EXPECT_EQ(Shades(EncodeWebp(image, true), {7, 5}), greys);
}

TEST(DecodePicture, AsksAtOnceAndThenForEachMiPixel) {
  const RgbaImage image = Plain(1024, 2560, 1, 2, 3, 255);
  const std::vector<int> tall(64 * 32, 0);
  const auto gif =
      absl::StrCat(Screen(1024, 2560, kFourGreys), Frame({9, 1000, 64, 32}, tall), ";");
  for (const std::string& data :
       {EncodePng(image), EncodeWebp(image, true), EncodeGif(image, {}), gif}) {
    EXPECT_EQ(AskingsFor(data, {8, 20}), 1 + 2) << data.substr(0, 4);
  }
}

TEST(DecodePicture, IsNotEnlargedAndNotOfNothing) {
  const std::string data = EncodePng(Plain(30, 20, 0, 0, 0, 255));
  for (const ImageSize size : {ImageSize{30, 20}, {1, 1}, {30, 1}, {1, 20}}) {
    EXPECT_TRUE(IsPicture(data, size)) << size.width << " " << size.height;
  }
  for (const ImageSize size : {ImageSize{31, 20}, {30, 21}, {0, 20}, {30, 0}, {-1, 5}, {5, -1}}) {
    EXPECT_FALSE(IsPicture(data, size)) << size.width << " " << size.height;
  }
}

TEST(DecodingWatch, AsksWhenAMiPixelIsDecoded) {
  int asked = 0;
  DecodingWatch watch([&] { return ++asked < 3 ? absl::OkStatus() : absl::CancelledError(); });
  EXPECT_FALSE(watch.AsksForEndAfter((1 << 20) - 1));
  EXPECT_EQ(asked, 0);
  EXPECT_FALSE(watch.AsksForEndAfter(1));
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(watch.AsksForEndAfter((1 << 20) - 1)) << "they are counted anew";
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(watch.AsksForEnd());
  EXPECT_EQ(asked, 2);
  EXPECT_FALSE(watch.AsksForEndAfter((1 << 20) - 1));
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(watch.status().ok());
  EXPECT_TRUE(watch.AsksForEndAfter(5000));
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(watch.status().code(), absl::StatusCode::kCancelled);
}

TEST(PictureScaler, RowsInAnyOrderAddUp) {
  constexpr ImageSize kFrom{.width = 24, .height = 20};
  constexpr ImageSize kTo{.width = 7, .height = 5};
  const RgbaImage image = Noise(kFrom.width, kFrom.height);
  const auto row_of = [&](int y) {
    std::vector<uint8_t> row;
    for (int x = 0; x < kFrom.width; ++x) {
      row.push_back(image.pixels[(static_cast<size_t>(y) * kFrom.width + x) * 4]);
    }
    return row;
  };
  PictureScaler downwards(kFrom, kTo);
  PictureScaler upwards(kFrom, kTo);
  for (int y = 0; y < kFrom.height; ++y) {
    downwards.AddRow(y, row_of(y));
    upwards.AddRow(kFrom.height - 1 - y, row_of(kFrom.height - 1 - y));
  }
  EXPECT_EQ(downwards.Finish(), upwards.Finish());
}

}  // namespace
}  // namespace fovea::render
