#include "render/glyphs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

const Rasterizer& SharedRasterizer() {
  static const auto& rasterizer =
      *new std::unique_ptr<const Rasterizer>(*Rasterizer::Create(*SharedParts().fonts));
  return *rasterizer;
}

GlyphKey KeyOf(char32_t code_point, int pitch = 12) {
  const CodePoint& character = SharedParts().table->Find(Weight::kRegular, code_point);
  return {.face = character.face,
          .glyph = character.glyph,
          .line_pitch_px = static_cast<uint8_t>(pitch),
          .grey_bits = 4};
}

std::vector<int> InkOf(const Glyph& glyph) {
  std::vector<int> ink;
  for (int row = 0; row < glyph.rows; ++row) {
    for (int i = 0; i < glyph.width; ++i) ink.push_back(glyph.ink[row * glyph.stride + i]);
  }
  return ink;
}

TEST(GlyphCache, AGlyphIsAsDrawnAndStaysWhereItIs) {
  GlyphCache cache(SharedRasterizer(), 1 << 20);
  const auto generation = cache.Current();
  for (const GlyphKey& key : {KeyOf(0x4F60), KeyOf(0x4F60, 20), KeyOf('g')}) {
    const Glyph first = generation->Get(key);
    const GlyphPixels drawn = SharedRasterizer().Draw(key);
    EXPECT_EQ(InkOf(first), InkOf(drawn.Get()));
    EXPECT_EQ(first.left, drawn.shape.left);
    EXPECT_EQ(first.top, drawn.shape.top);
    EXPECT_EQ(generation->Get(key).ink, first.ink);
  }
}

// What a glyph's pixels depend on is all in its key.
TEST(GlyphCache, KeysThatDifferInOneThingAreOtherGlyphs) {
  GlyphCache cache(SharedRasterizer(), 1 << 20);
  const auto generation = cache.Current();
  const GlyphKey key = KeyOf('g');
  GlyphKey other[5] = {key, key, key, key, key};
  other[0].face = static_cast<FaceId>(key.face + 1);
  other[1].glyph = static_cast<uint16_t>(key.glyph + 1);
  other[2].line_pitch_px = 13;
  other[3].phase = 1;
  other[4].grey_bits = 8;
  const uint8_t* ink = generation->Get(key).ink;
  for (const GlyphKey& each : other) EXPECT_NE(generation->Get(each).ink, ink);
}

TEST(GlyphCache, AGenerationLivesUntilItHoldsMoreThanTheMost) {
  GlyphCache first(SharedRasterizer(), 1 << 20);
  first.Current()->Get(KeyOf('a'));
  const size_t bytes = first.Current()->bytes();
  EXPECT_GT(bytes, 64U);
  EXPECT_LT(bytes, 1000U);
  first.Current()->Get(KeyOf('a'));
  EXPECT_EQ(first.Current()->bytes(), bytes) << "it is there already";

  for (const size_t most : {bytes, bytes - 1}) {
    GlyphCache cache(SharedRasterizer(), most);
    const auto before = cache.Current();
    before->Get(KeyOf('a'));
    EXPECT_EQ(cache.Current() == before, most == bytes);
  }
}

TEST(GlyphCache, TwoGenerationsAreKept) {
  GlyphCache cache(SharedRasterizer(), 1);
  auto generation = cache.Current();
  generation->Get(KeyOf('a'));
  const std::weak_ptr<GlyphCache::Generation> first = generation;
  generation = cache.Current();
  EXPECT_FALSE(first.expired());
  generation->Get(KeyOf('b'));
  const std::weak_ptr<GlyphCache::Generation> second = generation;
  generation = cache.Current();
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());
}

// Every narrow glyph of an atlas has as many rows, and the ink of the rasterizer's.
TEST(AsciiAtlas, HasTheGlyphsThatAreDrawnWithBlankRowsAround) {
  const AsciiAtlas atlas(*SharedParts().table, SharedRasterizer(), 10, 4);
  for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
    for (int phase = 0; phase < kPhases; ++phase) {
      const Glyph* glyphs = atlas.Glyphs(weight, phase);
      const int rows = glyphs[size_t{'x'}].rows;
      for (char32_t c = 0x21; c < 0x7F; ++c) {
        const CodePoint& character = SharedParts().table->Find(weight, c);
        const GlyphPixels drawn = SharedRasterizer().Draw({.face = character.face,
                                                           .glyph = character.glyph,
                                                           .line_pitch_px = 10,
                                                           .phase = static_cast<uint8_t>(phase),
                                                           .grey_bits = 4});
        const Glyph& found = glyphs[c];
        SCOPED_TRACE(static_cast<char>(c));
        EXPECT_EQ(found.left, drawn.shape.left);
        EXPECT_EQ(found.width, drawn.shape.width);
        EXPECT_TRUE(found.stride != 8 || found.rows == rows);
        for (int row = 0; row < found.rows; ++row) {
          const int from = row - (found.top - drawn.shape.top);
          for (int i = 0; i < found.width; ++i) {
            const bool inside = from >= 0 && from < drawn.shape.rows;
            ASSERT_EQ(found.ink[row * found.stride + i],
                      inside ? drawn.ink[static_cast<size_t>(from) * drawn.shape.stride + i] : 0);
          }
        }
        EXPECT_GE(found.rows - found.top, drawn.shape.rows - drawn.shape.top) << "nothing is cut";
      }
      EXPECT_EQ(glyphs[size_t{' '}].ink, nullptr);
      EXPECT_EQ(glyphs[0x7F].ink, nullptr);
    }
  }
}

}  // namespace
}  // namespace fovea::render
