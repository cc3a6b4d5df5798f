#include "tests/render/golden.h"

#include <gtest/gtest.h>
#include <hb-ot.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "render/png.h"

namespace fovea::render {
namespace {

namespace fs = std::filesystem;

constexpr char kMadeWith[] = "made_with.txt";

fs::path Kept(const std::string& file) {
  return fs::path(FOVEA_SOURCE_DIR) / "tests/render/goldens" / file;
}

fs::path Scratch(const std::string& file) {
  const fs::path folder = fs::path(FOVEA_BINARY_DIR) / "goldens";
  fs::create_directories(folder);
  return folder / file;
}

bool Updating() { return std::getenv("FOVEA_UPDATE_GOLDENS") != nullptr; }

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  ASSERT_TRUE(file.flush()) << path;
}

std::string NameOf(hb_font_t* font) {
  char name[64] = {};
  unsigned int size = sizeof(name);
  hb_ot_name_get_utf8(hb_font_get_face(font), HB_OT_NAME_ID_FULL_NAME, HB_LANGUAGE_INVALID, &size,
                      name);
  return name;
}

// A line for each font, and one for the libraries.
std::string MadeWith() {
  const FontSet& fonts = *SharedParts().fonts;
  std::string lines;
  for (size_t i = 0; i < fonts.size(); ++i) {
    const auto face = static_cast<FaceId>(i);
    absl::StrAppend(&lines, NameOf(fonts.font(face)), " ",
                    Sha256Hex(fonts.data(face)).substr(0, 16), "\n");
  }
  const std::string version(SharedRenderer().Version());
  return lines + version.substr(version.find("freetype")) + "\n";
}

std::set<std::string> Lines(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

// What is not as it was when the goldens were made.
std::string OtherFonts() {
  const std::set<std::string> then = Lines(ReadFile(Kept(kMadeWith)));
  const std::set<std::string> now = Lines(MadeWith());
  std::string words;
  for (const std::string& line : then) {
    if (now.count(line) == 0) absl::StrAppend(&words, "\n  the goldens were made with ", line);
  }
  for (const std::string& line : now) {
    if (then.count(line) == 0) absl::StrAppend(&words, "\n  here is ", line);
  }
  return words.empty() ? "\n  fonts and libraries are those that the goldens were made with"
                       : words;
}

void Update(const std::string& file, const std::string& bytes) {
  fs::create_directories(Kept(""));
  WriteFile(Kept(file), bytes);
  WriteFile(Kept(kMadeWith), MadeWith());
}

constexpr char kHowToUpdate[] =
    "\n  if that is wanted: FOVEA_UPDATE_GOLDENS=1, and look at what changed";

std::string DifferencePng(const Picture& a, const Picture& b) {
  std::string pixels(a.pixels.size(), '\0');
  for (size_t i = 0; i < pixels.size(); ++i) {
    const int difference =
        std::abs(static_cast<unsigned char>(a.pixels[i]) - static_cast<unsigned char>(b.pixels[i]));
    pixels[i] = static_cast<char>(255 - difference);
  }
  auto encoder = PngEncoder::Create();
  if (!encoder.ok()) return "";
  return encoder->Encode(pixels, a.width, a.height, 8, PageEffort::kFast).value_or("");
}

}  // namespace

PictureDifference Compare(const Picture& a, const Picture& b) {
  PictureDifference found{.same_size = a.width == b.width && a.height == b.height};
  if (!found.same_size) return found;
  uint64_t sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    const int difference =
        std::abs(static_cast<unsigned char>(a.pixels[i]) - static_cast<unsigned char>(b.pixels[i]));
    found.pixels += difference > 0 ? 1 : 0;
    found.most = std::max(found.most, difference);
    sum += static_cast<uint64_t>(difference);
  }
  if (found.pixels > 0) found.mean = static_cast<double>(sum) / static_cast<double>(found.pixels);
  return found;
}

void ExpectGoldenText(const std::string& name, const std::string& text) {
  const std::string file = name + ".txt";
  if (Updating()) return Update(file, text);
  const std::string kept = ReadFile(Kept(file));
  if (kept == text) return;
  WriteFile(Scratch(file), text);
  EXPECT_EQ(text, kept) << file << " differs; the actual one is " << Scratch(file).string()
                        << OtherFonts() << kHowToUpdate;
}

void ExpectGoldenPicture(const std::string& name, const std::string& png) {
  if (Updating()) return Update(name + ".png", png);
  const Picture kept = DecodePng(ReadFile(Kept(name + ".png")));
  const Picture actual = DecodePng(png);
  const PictureDifference difference = Compare(kept, actual);
  if (difference.same_size && difference.pixels == 0) return;
  WriteFile(Scratch(name + ".actual.png"), png);
  std::string words;
  if (difference.same_size) {
    WriteFile(Scratch(name + ".difference.png"), DifferencePng(kept, actual));
    const double share =
        100.0 * static_cast<double>(difference.pixels) / static_cast<double>(actual.pixels.size());
    words = absl::StrCat(difference.pixels, " of ", actual.pixels.size(), " pixels differ (", share,
                         " %), by ", difference.mean, " of 255 on average, ", difference.most,
                         " at most");
  } else {
    words = absl::StrCat("it has ", kept.width, "×", kept.height, " pixels, not ", actual.width,
                         "×", actual.height);
  }
  ADD_FAILURE() << name << ".png: " << words << "; see " << Scratch(name + ".*.png").string()
                << OtherFonts() << kHowToUpdate;
}

}  // namespace fovea::render
