// What a page's bytes cost: the same pages in every encoding that could serve them. Processor time
// of one thread; of the small ones the least of three runs.
//
//   encoder_bench               FOVEA_BENCH_TEXT=file measures with a text of your own
#include <isa-l.h>
#include <libdeflate.h>
#include <webp/encode.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "bench/render/page_text.h"
#include "render/png.h"
#include "render/renderer.h"
#include "tests/render/pages.h"

namespace fovea::bench {
namespace {

constexpr size_t kStep = 9;  // every so many pages is compressed
constexpr int kRepeats = 3;
constexpr double kSlowSeconds = 2;  // an encoder that takes so long is run once

struct Page {
  int width = 0;
  int height = 0;
  uint64_t characters = 0;
  std::string pixels;  // a byte each
  std::string packed;  // as in a PNG: rows of a filter byte and 4 bits a pixel
};

double ProcessorSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::string Pack(const Page& page) {
  std::string packed;
  for (int y = 0; y < page.height; ++y) {
    packed += '\0';
    for (int x = 0; x < page.width; x += 2) {
      const auto pixel = [&](int at) {
        const bool inside = at < page.width;
        return inside ? static_cast<unsigned char>(page.pixels[y * page.width + at]) : 0;
      };
      packed += static_cast<char>((pixel(x) & 0xF0) | pixel(x + 1) >> 4);
    }
  }
  return packed;
}

std::vector<Page> DrawPages(int line_pitch_px) {
  const auto renderer = Value(CreateRenderer({}));
  const PageTypography typography{.line_pitch_px = line_pitch_px};
  const auto extents = LayOutAll(*renderer, typography);
  std::vector<Page> pages;
  for (size_t i = 0; i < extents.size(); i += kStep) {
    const DrawnPage drawn =
        Value(renderer->Draw(Content(), extents[i], typography, {.text = "header"}));
    pages.push_back({.width = extents[i].width,
                     .height = extents[i].height,
                     .characters = extents[i].characters,
                     .pixels = render::DecodePng(drawn.png).pixels});
    pages.back().packed = Pack(pages.back());
  }
  return pages;
}

size_t Igzip(const Page& page, int level) {
  static std::string memory(ISAL_DEF_LVL3_DEFAULT, '\0');
  static std::string out(size_t{4} << 20, '\0');
  isal_zstream stream = {};
  isal_deflate_stateless_init(&stream);
  stream.level = static_cast<uint32_t>(level);
  stream.level_buf = reinterpret_cast<uint8_t*>(memory.data());
  stream.level_buf_size = static_cast<uint32_t>(memory.size());
  stream.gzip_flag = IGZIP_ZLIB;
  stream.end_of_stream = 1;
  stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(page.packed.data()));
  stream.avail_in = static_cast<uint32_t>(page.packed.size());
  stream.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream.avail_out = static_cast<uint32_t>(out.size());
  if (isal_deflate_stateless(&stream) != COMP_OK) std::exit(1);
  return stream.total_out;
}

size_t Libdeflate(const Page& page, int level) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(level);
  std::string out(libdeflate_zlib_compress_bound(compressor, page.packed.size()), '\0');
  const size_t size = libdeflate_zlib_compress(compressor, page.packed.data(), page.packed.size(),
                                               out.data(), out.size());
  libdeflate_free_compressor(compressor);
  return size;
}

size_t Webp(const Page& page, int method, float quality) {
  WebPConfig config;
  WebPConfigInit(&config);
  config.lossless = 1;
  config.exact = 1;
  config.method = method;
  config.quality = quality;
  WebPPicture picture;
  WebPPictureInit(&picture);
  picture.use_argb = 1;
  picture.width = page.width;
  picture.height = page.height;
  WebPPictureAlloc(&picture);
  for (size_t at = 0; at < page.pixels.size(); ++at) {
    picture.argb[at / page.width * picture.argb_stride + at % page.width] =
        0xFF000000U | 0x010101U * static_cast<unsigned char>(page.pixels[at]);
  }
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  if (WebPEncode(&config, &picture) == 0) std::exit(1);
  const size_t size = writer.size;
  WebPMemoryWriterClear(&writer);
  WebPPictureFree(&picture);
  return size;
}

void Measure(const std::string& name, const std::vector<Page>& pages,
             const std::function<size_t(const Page&)>& compress) {
  uint64_t bytes = 0;
  uint64_t characters = 0;
  double seconds = std::numeric_limits<double>::max();
  for (int repeat = 0; repeat < kRepeats && (repeat == 0 || seconds < kSlowSeconds); ++repeat) {
    bytes = 0;
    characters = 0;
    const double start = ProcessorSeconds();
    for (const Page& page : pages) {
      bytes += compress(page);
      characters += page.characters;
    }
    seconds = std::min(seconds, ProcessorSeconds() - start);
  }
  const auto each = static_cast<double>(characters);
  std::printf("%-34s %6.2f bytes a character %10.0f ns a character %9.1f ms a page\n", name.c_str(),
              static_cast<double>(bytes) / each, seconds * 1e9 / each,
              seconds * 1e3 / static_cast<double>(pages.size()));
  std::fflush(stdout);
}

int Main() {
  for (const int pitch : {9, 7}) {
    const std::vector<Page> pages = DrawPages(pitch);
    std::printf("%zu pages of %d px, line pitch %d, 4 bits, %llu characters on the first\n",
                pages.size(), kBox.width, pitch,
                static_cast<unsigned long long>(pages.front().characters));
    for (const int level : {1, 2, 3}) {
      Measure("PNG, igzip level " + std::to_string(level), pages,
              [level](const Page& page) { return Igzip(page, level); });
    }
    for (const int level : {4, 6, 8, 9, 10, 12}) {
      Measure("PNG, libdeflate level " + std::to_string(level), pages,
              [level](const Page& page) { return Libdeflate(page, level); });
    }
    for (const auto& [method, quality] : {std::pair(0, 0),
                                          {0, 50},
                                          {0, 75},
                                          {0, 76},
                                          {0, 100},
                                          {2, 76},
                                          {3, 76},
                                          {3, 100},
                                          {6, 100}}) {
      Measure("WebP lossless, method " + std::to_string(method) + ", quality " +
                  std::to_string(quality),
              pages, [method = method, quality = quality](const Page& page) {
                return Webp(page, method, static_cast<float>(quality));
              });
    }
  }
  return 0;
}

}  // namespace
}  // namespace fovea::bench

int main() { return fovea::bench::Main(); }
