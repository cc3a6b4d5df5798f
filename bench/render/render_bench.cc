// What the steps of drawing a page cost, by size, depth and effort. One thread; bytes_per_char is
// of the PNG. page_speed_bench compares the whole with other ways to a page.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/render/page_text.h"
#include "render/png.h"
#include "render/renderer.h"

namespace fovea::bench {
namespace {

const PageRenderer& Renderer() {
  static const std::unique_ptr<PageRenderer> renderer = Value(CreateRenderer({}));
  return *renderer;
}

benchmark::Counter Rate(uint64_t characters, const benchmark::State& state) {
  return {static_cast<double>(characters) * static_cast<double>(state.iterations()),
          benchmark::Counter::kIsRate};
}

void BM_LayOut(benchmark::State& state) {
  const PageTypography typography{.line_pitch_px = static_cast<int>(state.range(0))};
  uint64_t characters = 0;
  for ([[maybe_unused]] auto _ : state) {
    characters = Characters(LayOutAll(Renderer(), typography));
  }
  state.counters["chars/s"] = Rate(characters, state);
}
BENCHMARK(BM_LayOut)->ArgName("pitch")->Arg(10)->Arg(9)->Arg(8)->Unit(benchmark::kMillisecond);

void BM_Draw(benchmark::State& state) {
  const PageTypography typography{.line_pitch_px = static_cast<int>(state.range(0)),
                                  .grey_bits = static_cast<int>(state.range(1)),
                                  .effort = static_cast<PageEffort>(state.range(2))};
  const auto pages = LayOutAll(Renderer(), typography);
  const uint64_t characters = Characters(pages);
  uint64_t bytes = 0;
  uint64_t pixels = 0;
  for ([[maybe_unused]] auto _ : state) {
    bytes = 0;
    pixels = 0;
    for (const PageExtent& page : pages) {
      bytes += Value(Renderer().Draw(Content(), page, typography, {.text = "header"})).png.size();
      pixels += static_cast<uint64_t>(page.width) * static_cast<uint64_t>(page.height);
    }
  }
  state.counters["chars/s"] = Rate(characters, state);
  state.counters["bytes_per_char"] = static_cast<double>(bytes) / static_cast<double>(characters);
  state.counters["px_per_char"] = static_cast<double>(pixels) / static_cast<double>(characters);
}
BENCHMARK(BM_Draw)
    ->ArgNames({"pitch", "bits", "effort"})
    ->Args({10, 4, 1})
    ->Args({9, 4, 1})
    ->Args({8, 4, 1})
    ->Args({7, 4, 1})
    ->Args({9, 2, 1})
    ->Args({9, 8, 1})
    ->Args({9, 4, 2})
    ->Args({7, 4, 2})
    ->Unit(benchmark::kMillisecond);

// What is left if nothing is laid out and nothing drawn: encoding white paper.
void BM_BlankPage(benchmark::State& state) {
  const std::string white(static_cast<size_t>(kBox.width) * kBox.max_height, '\xFF');
  render::PngEncoder encoder = Value(render::PngEncoder::Create());
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(
        Value(encoder.Encode(white, kBox.width, kBox.max_height, 4, PageEffort::kFast)).size());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_BlankPage)->Unit(benchmark::kMicrosecond);

void BM_Create(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(Value(CreateRenderer({})));
}
BENCHMARK(BM_Create)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fovea::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("compiler", __VERSION__);
  benchmark::AddCustomContext("build", FOVEA_BUILD_TYPE);
  benchmark::AddCustomContext("renderer", std::string(fovea::bench::Renderer().Version()));
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
