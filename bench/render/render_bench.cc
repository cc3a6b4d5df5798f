// What a page costs. Characters a second of CPU time, one thread; bytes_per_char is of the PNG.
//
// The text is this repository's own sources between lines of a made-up log. FOVEA_BENCH_TEXT names
// a file to use instead.
#include <benchmark/benchmark.h>
#include <cairo.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "core/base/sha256.h"
#include "render/png.h"
#include "render/renderer.h"

namespace fovea {
namespace {

constexpr size_t kTextBytes = 1 << 20;
constexpr PageBox kBox{.width = 1092, .min_height = 84, .max_height = 1092, .height_step = 28};

std::string ReadFile(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string LogLines(std::mt19937* random) {
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    char line[160];
    std::snprintf(
        line, sizeof line,
        "2026-11-22T03:%02u:%02u.%03uZ INFO  worker-%u commit %08x%08x took %u ms, %u rows\n",
        static_cast<unsigned>((*random)() % 60), static_cast<unsigned>((*random)() % 60),
        static_cast<unsigned>((*random)() % 1000), static_cast<unsigned>((*random)() % 8),
        static_cast<unsigned>((*random)()), static_cast<unsigned>((*random)()),
        static_cast<unsigned>((*random)() % 900), static_cast<unsigned>((*random)() % 100000));
    lines += line;
  }
  return lines;
}

std::vector<std::string> Sources() {
  std::vector<std::filesystem::path> paths;
  for (const char* room : {"core", "memory_store", "render", "service", "cli"}) {
    const auto folder = std::filesystem::path(FOVEA_SOURCE_DIR) / room;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".cc" || entry.path().extension() == ".h") {
        paths.push_back(entry.path());
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> sources;
  sources.reserve(paths.size());
  for (const auto& path : paths) sources.push_back(ReadFile(path));
  return sources;
}

std::vector<std::string> TurnTexts() {
  if (const char* file = std::getenv("FOVEA_BENCH_TEXT"); file != nullptr) {
    return {ReadFile(file)};
  }
  std::mt19937 random(1);
  const std::vector<std::string> sources = Sources();
  std::vector<std::string> texts;
  size_t bytes = 0;
  for (size_t i = 0; bytes < kTextBytes; ++i) {
    texts.push_back(i % 4 == 3 ? LogLines(&random) : sources[i % sources.size()]);
    bytes += texts.back().size();
  }
  return texts;
}

const PageContent& Content() {
  static const PageContent content = [] {
    PageContent result;
    for (std::string& text : TurnTexts()) {
      const uint64_t seq = result.blocks.size() / 2 + 1;
      result.blocks.push_back({.seq = seq,
                               .role = Role::kTool,
                               .style = PageBlock::Style::kLabel,
                               .text = "#" + std::to_string(seq) + " tool"});
      result.blocks.push_back({.seq = seq, .role = Role::kTool, .text = std::move(text)});
    }
    return result;
  }();
  return content;
}

// Exits with the error: a benchmark without fonts measures nothing.
template <typename T>
T Value(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::fprintf(stderr, "%s\n", value.status().ToString().c_str());
  std::exit(1);
}

const PageRenderer& Renderer(int level) {
  static std::unique_ptr<PageRenderer> renderers[13];
  auto& renderer = renderers[level];
  if (renderer == nullptr) renderer = Value(CreateRenderer({.compression_level = level}));
  return *renderer;
}

std::vector<PageExtent> LayOutAll(const PageTypography& typography) {
  std::vector<PageExtent> pages;
  const PagePosition end = {.block = Content().blocks.size(), .byte = 0};
  for (PagePosition at; at < end; at = pages.back().end) {
    pages.push_back(Value(Renderer(1).LayOut(Content(), at, kBox, typography)));
  }
  return pages;
}

uint64_t Characters(const std::vector<PageExtent>& pages) {
  uint64_t characters = 0;
  for (const PageExtent& page : pages) characters += page.characters;
  return characters;
}

benchmark::Counter Rate(uint64_t characters, const benchmark::State& state) {
  return {static_cast<double>(characters) * static_cast<double>(state.iterations()),
          benchmark::Counter::kIsRate};
}

void BM_LayOut(benchmark::State& state) {
  const PageTypography typography{.line_pitch_px = static_cast<int>(state.range(0))};
  uint64_t characters = 0;
  for ([[maybe_unused]] auto _ : state) {
    const auto pages = LayOutAll(typography);
    characters = Characters(pages);
  }
  state.counters["chars/s"] = Rate(characters, state);
}
BENCHMARK(BM_LayOut)->ArgName("pitch")->Arg(10)->Arg(9)->Arg(8)->Unit(benchmark::kMillisecond);

void BM_Draw(benchmark::State& state) {
  const PageTypography typography{.line_pitch_px = static_cast<int>(state.range(0)),
                                  .grey_bits = static_cast<int>(state.range(1))};
  const PageRenderer& renderer = Renderer(static_cast<int>(state.range(2)));
  const auto pages = LayOutAll(typography);
  const uint64_t characters = Characters(pages);
  uint64_t bytes = 0;
  uint64_t pixels = 0;
  for ([[maybe_unused]] auto _ : state) {
    bytes = 0;
    pixels = 0;
    for (const PageExtent& page : pages) {
      bytes += Value(renderer.Draw(Content(), page, typography, {.text = "header"})).png.size();
      pixels += static_cast<uint64_t>(page.width) * static_cast<uint64_t>(page.height);
    }
  }
  state.counters["chars/s"] = Rate(characters, state);
  state.counters["bytes_per_char"] = static_cast<double>(bytes) / static_cast<double>(characters);
  state.counters["px_per_char"] = static_cast<double>(pixels) / static_cast<double>(characters);
}
BENCHMARK(BM_Draw)
    ->ArgNames({"pitch", "bits", "level"})
    ->Args({10, 4, 1})
    ->Args({9, 4, 1})
    ->Args({8, 4, 1})
    ->Args({7, 4, 1})
    ->Args({9, 2, 1})
    ->Args({9, 8, 1})
    ->Args({9, 4, 2})
    ->Args({9, 4, 4})
    ->Args({9, 4, 6})
    ->Args({9, 4, 9})
    ->Unit(benchmark::kMillisecond);

// What is left if nothing is laid out and nothing drawn: hashing and encoding white paper.
void BM_BlankPage(benchmark::State& state) {
  const std::string white(static_cast<size_t>(kBox.width) * kBox.max_height, '\xFF');
  render::PngEncoder encoder = Value(render::PngEncoder::Create(1));
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(Sha256Hex(white));
    benchmark::DoNotOptimize(Value(encoder.Encode(white, kBox.width, kBox.max_height, 4)).size());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_BlankPage)->Unit(benchmark::kMicrosecond);

cairo_status_t CountBytes(void* closure, const unsigned char*, unsigned int length) {
  *static_cast<uint64_t*>(closure) += length;
  return CAIRO_STATUS_SUCCESS;
}

// The usual way to the same page: cairo draws the lines, unhinted, and writes its PNG.
void BM_RivalCairo(benchmark::State& state) {
  constexpr int kPitch = 9;
  constexpr size_t kLineBytes = 210;
  std::string text = Content().blocks[1].text;
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 32 || c > 126; }, ' ');
  while (text.size() < kLineBytes * 2) text += text;
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  uint64_t characters = 0;
  uint64_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    characters = 0;
    bytes = 0;
    cairo_surface_t* surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, kBox.width, kBox.max_height);
    cairo_t* context = cairo_create(surface);
    cairo_set_source_rgb(context, 1, 1, 1);
    cairo_paint(context);
    cairo_set_source_rgb(context, 0, 0, 0);
    cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context, kPitch / 1.164);
    cairo_set_font_options(context, options);
    for (int y = kPitch; y < kBox.max_height; y += kPitch) {
      const size_t at = characters % (text.size() - kLineBytes);
      cairo_move_to(context, 0, y);
      cairo_show_text(context, text.substr(at, kLineBytes).c_str());
      characters += kLineBytes;
    }
    cairo_surface_write_to_png_stream(surface, CountBytes, &bytes);
    cairo_destroy(context);
    cairo_surface_destroy(surface);
  }
  cairo_font_options_destroy(options);
  state.counters["chars/s"] = Rate(characters, state);
  state.counters["bytes_per_char"] = static_cast<double>(bytes) / static_cast<double>(characters);
}
BENCHMARK(BM_RivalCairo)->Unit(benchmark::kMillisecond);

void BM_Create(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(Value(CreateRenderer({})));
}
BENCHMARK(BM_Create)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fovea

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("compiler", __VERSION__);
  benchmark::AddCustomContext("build", FOVEA_BUILD_TYPE);
  benchmark::AddCustomContext("renderer", std::string(fovea::Renderer(1).Version()));
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
