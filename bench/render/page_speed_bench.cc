// Characters a second onto PNG pages, beside pango with cairo and beside Pillow, on the same text
// in the same run. Processor time of one thread; medians of several rounds, in which all take
// turns.
//
//   apt install python3-pil     for Pillow; without it that line is left out
//   page_speed_bench            FOVEA_BENCH_TEXT=file measures with a text of your own
#include <cairo.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "bench/render/page_text.h"
#include "render/png.h"
#include "render/renderer.h"
#include "tests/render/pages.h"

namespace fovea::bench {
namespace {

constexpr int kRounds = 7;
constexpr size_t kRivalPages = 3;  // they take long
constexpr PageTypography kTypography{.line_pitch_px = 9, .grey_bits = 4};

double ProcessorSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Speed {
  double seconds = 0;
  uint64_t characters = 0;
  uint64_t bytes = 0;
  double NanosecondsPerCharacter() const { return seconds * 1e9 / static_cast<double>(characters); }
};

Speed Median(std::vector<Speed> rounds) {
  const auto middle = rounds.begin() + static_cast<std::ptrdiff_t>(rounds.size() / 2);
  std::nth_element(rounds.begin(), middle, rounds.end(), [](const Speed& a, const Speed& b) {
    return a.NanosecondsPerCharacter() < b.NanosecondsPerCharacter();
  });
  return *middle;
}

// Fovea.

struct Pages {
  std::unique_ptr<PageRenderer> renderer = Value(CreateRenderer({}));
  std::vector<PageExtent> extents = LayOutAll(*renderer, kTypography);
  std::vector<DrawnPage> drawn;
};

struct Round {
  Speed whole;
  Speed layout;
};

Round LayOutAndDraw(Pages* pages) {
  const double start = ProcessorSeconds();
  pages->extents = LayOutAll(*pages->renderer, kTypography);
  const double laid_out = ProcessorSeconds();
  pages->drawn.clear();
  for (const PageExtent& extent : pages->extents) {
    pages->drawn.push_back(
        Value(pages->renderer->Draw(Content(), extent, kTypography, {.text = "header"})));
  }
  const uint64_t characters = Characters(pages->extents);
  Round round{.whole = {.seconds = ProcessorSeconds() - start, .characters = characters},
              .layout = {.seconds = laid_out - start, .characters = characters}};
  for (const DrawnPage& page : pages->drawn) round.whole.bytes += page.png.size();
  return round;
}

// The compression of those pages alone.
Speed Compress(const Pages& pages, const std::vector<std::string>& pixels, PageEffort effort) {
  render::PngEncoder encoder = Value(render::PngEncoder::Create());
  Speed speed{.characters = Characters(pages.extents)};
  const double start = ProcessorSeconds();
  for (size_t i = 0; i < pixels.size(); ++i) {
    const PageExtent& extent = pages.extents[i];
    speed.bytes +=
        Value(encoder.Encode(pixels[i], extent.width, extent.height, kTypography.grey_bits, effort))
            .size();
  }
  speed.seconds = ProcessorSeconds() - start;
  return speed;
}

// To copy a page as 8-bit grey, from and to memory that is at hand.
double CopySeconds(size_t bytes) {
  constexpr int kTimes = 8;
  static std::vector<char> from(size_t{1} << 21, 'x');
  static std::vector<char> to(size_t{1} << 21, 'y');
  const double start = ProcessorSeconds();
  for (int i = 0; i < kTimes; ++i) {
    std::memcpy(to.data(), from.data(), std::min(bytes, to.size()));
    asm volatile("" : : "r"(to.data()) : "memory");
  }
  return (ProcessorSeconds() - start) / kTimes;
}

// For each page what is left of drawing it without what compressing it takes right behind that, and
// what copying it takes.
void DrawWithoutCompression(const Pages& pages, const std::vector<std::string>& pixels,
                            std::vector<Speed>* drawing, std::vector<Speed>* copy) {
  render::PngEncoder encoder = Value(render::PngEncoder::Create());
  for (size_t i = 0; i < pixels.size(); ++i) {
    const PageExtent& extent = pages.extents[i];
    const double start = ProcessorSeconds();
    Value(pages.renderer->Draw(Content(), extent, kTypography, {.text = "header"}));
    const double drawn = ProcessorSeconds();
    Value(encoder.Encode(pixels[i], extent.width, extent.height, kTypography.grey_bits,
                         PageEffort::kFast));
    const double compressed = ProcessorSeconds();
    drawing->push_back(
        {.seconds = drawn - start - (compressed - drawn), .characters = extent.characters});
    copy->push_back({.seconds = CopySeconds(pixels[i].size()), .characters = extent.characters});
  }
}

// The others.

// The text of the page as one paragraph of printable ASCII.
std::string TextOf(const PageExtent& extent) {
  std::string text;
  for (size_t b = extent.begin.block; b <= extent.end.block && b < Content().blocks.size(); ++b) {
    const std::string& all = Content().blocks[b].text;
    const size_t begin = b == extent.begin.block ? extent.begin.byte : 0;
    const size_t end = b == extent.end.block ? extent.end.byte : all.size();
    text.append(all, begin, end - begin);
  }
  for (char& c : text) c = c < ' ' || c > '~' ? ' ' : c;
  return text;
}

cairo_status_t CountBytes(void* closure, const unsigned char*, unsigned int length) {
  *static_cast<uint64_t*>(closure) += length;
  return CAIRO_STATUS_SUCCESS;
}

// pango breaks the lines, cairo draws them in 8-bit grey, unhinted, and writes its PNG.
Speed DrawWithPango(const std::vector<std::string>& texts) {
  Speed speed;
  const double start = ProcessorSeconds();
  for (const std::string& text : texts) {
    cairo_surface_t* surface =
        cairo_image_surface_create(CAIRO_FORMAT_A8, kBox.width, kBox.max_height);
    cairo_t* context = cairo_create(surface);
    PangoLayout* layout = pango_cairo_create_layout(context);
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(pango_layout_get_context(layout), options);
    PangoFontDescription* font = pango_font_description_from_string("DejaVu Sans");
    pango_font_description_set_absolute_size(font, kTypography.line_pitch_px / 1.164 * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_width(layout, (kBox.width - 8) * PANGO_SCALE);
    pango_layout_set_wrap(layout, PANGO_WRAP_CHAR);
    pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
    cairo_move_to(context, 4, 0);
    pango_cairo_show_layout(context, layout);
    cairo_surface_write_to_png_stream(surface, CountBytes, &speed.bytes);
    pango_font_description_free(font);
    cairo_font_options_destroy(options);
    g_object_unref(layout);
    cairo_destroy(context);
    cairo_surface_destroy(surface);
    speed.characters += text.size();
  }
  speed.seconds = ProcessorSeconds() - start;
  return speed;
}

// Nothing if Python or Pillow is missing.
std::optional<Speed> DrawWithPillow(const std::vector<std::string>& texts) {
  const auto file = std::filesystem::temp_directory_path() / "fovea-page-speed.txt";
  {
    std::ofstream out(file);
    for (const std::string& text : texts) out << text << "\n";
  }
  const std::string command = "/usr/bin/python3 '" FOVEA_SOURCE_DIR
                              "/bench/render/pillow_pages.py' '" +
                              file.string() + "' 2>/dev/null";
  Speed speed;
  int fields = 0;
  if (FILE* out = popen(command.c_str(), "r"); out != nullptr) {
    unsigned long long characters = 0;
    unsigned long long bytes = 0;
    fields = std::fscanf(out, "%lf %llu %llu", &speed.seconds, &characters, &bytes);
    speed.characters = characters;
    speed.bytes = bytes;
    pclose(out);
  }
  std::filesystem::remove(file);
  if (fields != 3) return std::nullopt;
  return speed;
}

void Print(const char* name, const Speed& speed, const Speed& fovea) {
  const double each = speed.NanosecondsPerCharacter();
  std::printf("%-34s %8.2f M characters/s %9.1f ns each", name, 1e3 / each, each);
  if (speed.bytes > 0) {
    std::printf(" %6.2f bytes each",
                static_cast<double>(speed.bytes) / static_cast<double>(speed.characters));
  }
  std::printf("  %8.2f times Fovea's time\n", each / fovea.NanosecondsPerCharacter());
}

int Main() {
  Pages pages;
  std::printf("%s build, %s\n%zu pages of %d px, line pitch %d, %d bits, %llu characters\n",
              FOVEA_BUILD_TYPE, std::string(pages.renderer->Version()).c_str(),
              pages.extents.size(), kBox.width, kTypography.line_pitch_px, kTypography.grey_bits,
              static_cast<unsigned long long>(Characters(pages.extents)));
  if (Characters(pages.extents) == 0) {
    std::fprintf(stderr, "the text is empty\n");
    return 1;
  }
  LayOutAndDraw(&pages);
  std::vector<std::string> pixels;
  for (const DrawnPage& page : pages.drawn) pixels.push_back(render::DecodePng(page.png).pixels);
  std::vector<std::string> texts;
  texts.reserve(kRivalPages);
  for (size_t i = 0; i < kRivalPages; ++i) texts.push_back(TextOf(pages.extents[i * 7]));

  std::vector<Speed> fovea, layout, drawing, fast, small, copy, pango, pillow;
  for (int round = 0; round < kRounds; ++round) {
    const Round own = LayOutAndDraw(&pages);
    fovea.push_back(own.whole);
    layout.push_back(own.layout);
    fast.push_back(Compress(pages, pixels, PageEffort::kFast));
    DrawWithoutCompression(pages, pixels, &drawing, &copy);
    pango.push_back(DrawWithPango(texts));
    if (round < 3) small.push_back(Compress(pages, pixels, PageEffort::kSmall));
    if (round >= 3) continue;
    if (const auto speed = DrawWithPillow(texts)) pillow.push_back(*speed);
  }
  const Speed whole = Median(fovea);
  Print("Fovea, text to PNG", whole, whole);
  Print("  layout", Median(layout), whole);
  Print("  drawing without compression", Median(drawing), whole);
  Print("  compression, fast", Median(fast), whole);
  Print("  compression, small", Median(small), whole);
  Print("memcpy of the pages, 8-bit grey", Median(copy), whole);
  Print("pango and cairo, text to PNG", Median(pango), whole);
  if (pillow.empty()) {
    std::printf("Pillow is missing: apt install python3-pil\n");
  } else {
    Print("Pillow, text to PNG", Median(pillow), whole);
  }
  std::printf("drawing without compression takes %.1f times as long as the memcpy\n",
              Median(drawing).NanosecondsPerCharacter() / Median(copy).NanosecondsPerCharacter());
  return 0;
}

}  // namespace
}  // namespace fovea::bench

int main() { return fovea::bench::Main(); }
