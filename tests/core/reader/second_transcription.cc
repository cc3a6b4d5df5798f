#include "tests/core/reader/second_transcription.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace fovea::transcription {
namespace {

double Up(double x) { return std::ceil(x - 1e-9); }

// ---- one grid ----

int64_t Claude(double w, double h, double side, double most) {
  const auto fits = [&](double a, double b) {
    return Up(a / 28) * 28 <= side && Up(b / 28) * 28 <= side && Up(a / 28) * Up(b / 28) <= most;
  };
  const double longer = std::max(w, h);
  const double shorter = std::min(w, h);
  double a = longer;
  double b = shorter;
  for (; !fits(a, b); b = std::max(1.0, std::nearbyint(a * shorter / longer))) a -= 1;
  return static_cast<int64_t>(Up(a / 28) * Up(b / 28));
}

int64_t SmartResize(double w, double h, double factor, double least, double most) {
  if (std::max(w, h) / std::min(w, h) > 200) return -1;
  double hh = std::max(factor, std::nearbyint(h / factor) * factor);
  double ww = std::max(factor, std::nearbyint(w / factor) * factor);
  if (hh * ww > most) {
    const double beta = std::sqrt(h * w / most);
    hh = std::max(factor, std::floor(h / beta / factor) * factor);
    ww = std::max(factor, std::floor(w / beta / factor) * factor);
  } else if (hh * ww < least) {
    const double beta = std::sqrt(least / (h * w));
    hh = std::ceil(h * beta / factor) * factor;
    ww = std::ceil(w * beta / factor) * factor;
  }
  return static_cast<int64_t>(hh / factor * (ww / factor));
}

int64_t DeepSeekFlash(double w, double h) {
  if (w * h > 1302.0 * 1302.0) return 1024;
  if (w * h < 544.0 * 544.0) {
    const double scale = std::sqrt(544.0 * 544.0 / (w * h));
    w = std::ceil(w * scale);
    h = std::ceil(h * scale);
  }
  return std::min<int64_t>(1024, static_cast<int64_t>(Up(h / 42) * (Up(w / 42) + 1) + 2));
}

int64_t OpenAiPatches(double w, double h, double most, double side, double multiplier) {
  if (side > 0 && std::max(w, h) > side) {
    const double fit = side / std::max(w, h);
    w = std::max(1.0, std::floor(w * fit));
    h = std::max(1.0, std::floor(h * fit));
  }
  if (std::ceil(w / 32) * std::ceil(h / 32) > most) {
    if (side == 0) return -1;
    double r = std::sqrt(32.0 * 32.0 * most / (w * h));
    r *= std::min(std::floor(w * r / 32) / (w * r / 32), std::floor(h * r / 32) / (h * r / 32));
    w = std::max(1.0, std::floor(w * r + 1e-6));
    h = std::max(1.0, std::floor(h * r + 1e-6));
  }
  return static_cast<int64_t>(Up(std::ceil(w / 32) * std::ceil(h / 32) * multiplier));
}

int64_t Kimi(int w, int h, double limit) {
  const double patches = std::max(1, w / 14) * static_cast<double>(std::max(1, h / 14));
  const double scale = std::min({1.0, std::sqrt(limit / patches), 512.0 * 14 / w, 512.0 * 14 / h});
  const double ww = std::max(1.0, std::floor(w * scale));
  const double hh = std::max(1.0, std::floor(h * scale));
  return static_cast<int64_t>(Up(ww / 28) * Up(hh / 28));
}

int64_t Mistral(double w, double h, double side, double patch) {
  const double ratio = std::max(w / side, h / side);
  if (ratio > 1) {
    w = std::max(1.0, std::nearbyint(w / ratio));
    h = std::max(1.0, std::nearbyint(h / ratio));
  }
  const double columns = std::floor((w - 1) / patch) + 1;
  const double rows = std::floor((h - 1) / patch) + 1;
  return static_cast<int64_t>(rows * (columns + 1));
}

int64_t Gemma4(double w, double h) {
  const double k = std::sqrt(1120.0 * 9 * 256 / (w * h));
  const double columns = std::clamp(std::floor(k * w / 48), 1.0, 1120.0);
  const double rows = std::clamp(std::floor(k * h / 48), 1.0, 1120.0);
  return static_cast<int64_t>(columns * rows);
}

// ---- tiles ----

using Pair = std::pair<int, int>;  // columns, rows

std::vector<Pair> Pairs(int least, int most) {
  std::vector<Pair> pairs;
  for (int n = least; n <= most; ++n) {
    for (int columns = 1; columns <= n; ++columns) {
      if (n % columns == 0) pairs.emplace_back(columns, n / columns);
    }
  }
  return pairs;
}

// As in InternVL's and DeepSeek-OCR's code: sorted by area, ties to the larger where it is half
// full.
Pair Closest(double w, double h, int least, int most, double tile) {
  Pair best{1, 1};
  double best_difference = 1e18;
  for (const auto& [columns, rows] : Pairs(least, most)) {
    const double difference = std::fabs(w / h - static_cast<double>(columns) / rows);
    if (difference < best_difference) {
      best_difference = difference;
      best = {columns, rows};
    } else if (difference == best_difference && w * h > 0.5 * tile * tile * columns * rows) {
      best = {columns, rows};
    }
  }
  return best;
}

// As in LLaVA's code: the most effective pixels, then the least waste.
Pair Roomiest(int w, int h, int most, int tile) {
  Pair best{1, 1};
  int64_t best_effective = 0;
  int64_t least_wasted = INT64_MAX;
  for (const auto& [columns, rows] : Pairs(1, most)) {
    const double scale =
        std::min(static_cast<double>(columns) * tile / w, static_cast<double>(rows) * tile / h);
    const int64_t effective =
        std::min(static_cast<int64_t>(w * scale) * static_cast<int64_t>(h * scale), int64_t{w} * h);
    const int64_t wasted = int64_t{columns} * tile * rows * tile - effective;
    if (effective > best_effective || (effective == best_effective && wasted < least_wasted)) {
      best_effective = effective;
      least_wasted = wasted;
      best = {columns, rows};
    }
  }
  return best;
}

// The smallest enlargement, or else the smallest reduction.
Pair LeastScaled(double w, double h, int most, double tile) {
  std::vector<std::tuple<double, int, Pair>> scales;
  for (const Pair& pair : Pairs(1, most)) {
    scales.emplace_back(std::min(pair.first * tile / w, pair.second * tile / h),
                        pair.first * pair.second, pair);
  }
  const bool enlarges =
      std::any_of(scales.begin(), scales.end(), [](const auto& s) { return std::get<0>(s) >= 1; });
  const auto worse = [&](const auto& a, const auto& b) {
    const double sa = std::get<0>(a);
    const double sb = std::get<0>(b);
    if (enlarges && (sa >= 1) != (sb >= 1)) return sa < 1;
    if (sa != sb) return enlarges ? sa > sb : sa < sb;
    return std::get<1>(a) > std::get<1>(b);
  };
  auto best = scales.front();
  for (const auto& candidate : scales) {
    if (worse(best, candidate)) best = candidate;
  }
  return std::get<2>(best);
}

int64_t OpenAiTiles(double w, double h, int64_t base, int64_t tile) {
  const double fit = std::min(1.0, 2048 / std::max(w, h));
  w *= fit;
  h *= fit;
  const double shrink = std::min(1.0, 768 / std::min(w, h));
  w = std::max(1.0, std::floor(w * shrink + 1e-9));
  h = std::max(1.0, std::floor(h * shrink + 1e-9));
  return base + tile * static_cast<int64_t>(std::ceil(w / 512) * std::ceil(h / 512));
}

int64_t Gemini2(int w, int h) {
  if (w <= 384 && h <= 384) return 258;
  const double unit = std::max(1.0, std::floor(std::min(w, h) * 2 / 3.0 + 1e-9));
  return 258 * static_cast<int64_t>(std::ceil(w / unit) * std::ceil(h / unit));
}

int64_t InternVl(int w, int h) {
  const auto [columns, rows] = Closest(w, h, 1, 12, 448);
  const int n = columns * rows;
  return 256 * (n + (n > 1 ? 1 : 0)) + 2;
}

int64_t Gundam(int w, int h) {
  if (w <= 640 && h <= 640) return 273;
  const auto [columns, rows] = Closest(w, h, 2, 6, 640);
  return 273 + (10 * rows) * (10 * columns + 1);
}

int64_t DeepSeekOcr2(int w, int h) {
  if (w <= 768 && h <= 768) return 257;
  const auto [columns, rows] = Closest(w, h, 2, 6, 768);
  return 257 + 144 * columns * rows;
}

int64_t DeepSeekVl2(int w, int h) {
  const auto [columns, rows] = Roomiest(w, h, 9, 384);
  return 14 * 15 + 1 + (14 * rows) * (14 * columns + 1);
}

int64_t MiniCpm(double w, double h) {
  const int n = static_cast<int>(std::min(9.0, std::ceil(w * h / (448.0 * 448.0))));
  if (n <= 1) return 64 + 30;
  Pair best{1, 1};
  double best_error = 1e18;
  for (int m : {n - 1, n, n + 1}) {
    if (m == 1 || m > 9) continue;
    for (const auto& [columns, rows] : Pairs(m, m)) {
      const double error =
          std::fabs(std::log(w / h) - std::log(static_cast<double>(columns) / rows));
      if (error < best_error) {
        best_error = error;
        best = {columns, rows};
      }
    }
  }
  return 64 * (best.first * best.second + 1) + 30;
}

int64_t Llama4(int w, int h) {
  const auto [columns, rows] = LeastScaled(w, h, 16, 336);
  if (columns * rows == 1) return 147;
  return 1 + rows * columns * 144 + rows * (columns - 1) + rows + 1 + 144 + 1;
}

int64_t Step(int w, int h) {
  const int side = std::max(w, h);
  if (side <= 728) return 171;
  const double tiles = side / 504.0;
  const double whole = std::floor(tiles);
  const auto n = static_cast<int64_t>(std::max(1.0, tiles - whole > 0.2 ? whole + 1 : whole));
  return 171 + 83 * n * n + n - 1;
}

int64_t Phi4(int w, int h) {
  int columns = (w + 447) / 448;
  int rows = (h + 447) / 448;
  if (columns * rows > 36) std::tie(columns, rows) = Closest(w, h, 1, 36, 448);
  const double scale = std::min(columns * 448.0 / w, rows * 448.0 / h);
  const double ww = std::max(1.0, std::floor(w * scale));
  const double hh = std::max(1.0, std::floor(h * scale));
  const auto across = static_cast<int64_t>(std::ceil(ww * 16 / 448));
  const auto down = static_cast<int64_t>(std::ceil(hh * 16 / 448));
  return 256 + 1 + 16 + across * down + down;
}

int64_t LlavaOneVision(int w, int h) {
  const auto [grid_columns, grid_rows] = Roomiest(w, h, 36, 384);
  int columns = 27 * grid_columns;
  int rows = 27 * grid_rows;
  if (static_cast<double>(w) / h > static_cast<double>(columns) / rows) {
    rows -= 2 * ((rows - static_cast<int>(h * (static_cast<double>(columns) / w))) / 2);
  } else {
    columns -= 2 * ((columns - static_cast<int>(w * (static_cast<double>(rows) / h))) / 2);
  }
  const double ratio = std::sqrt(columns * rows / (9.0 * 27 * 27));
  if (ratio > 1.1) {
    columns = static_cast<int>(columns / ratio);
    rows = static_cast<int>(rows / ratio);
  }
  return 729 + int64_t{columns} * rows + rows;
}

int64_t Molmo(int w, int h) {
  const auto [columns, rows] = LeastScaled(std::max(1, w - 112), std::max(1, h - 112), 12, 16 * 14);
  const int across = 16 * columns + 8;
  const int down = 16 * rows + 8;
  return (2 + 12 * 13) + (2 + ((across + 1) / 2 + 1) * ((down + 1) / 2));
}

int64_t Idefics(double w, double h, double side, double tile, int64_t tokens) {
  const double shorter = std::floor(side * std::min(w, h) / std::max(w, h) + 1e-9);
  const auto along = static_cast<int64_t>(std::ceil(side / tile));
  const auto across = static_cast<int64_t>(std::ceil(std::max(1.0, shorter) / tile));
  return (along * across + 1) * (tokens + 2) + (w >= h ? across : along);
}

}  // namespace

int64_t TokensOnceMore(const std::string& reader, int width, int height) {
  using Rule = std::function<int64_t(int, int)>;
  const auto smart = [](double factor, double least, double most, int64_t overhead) -> Rule {
    return [=](int w, int h) {
      const int64_t tokens = SmartResize(w, h, factor, least, most);
      return tokens < 0 ? tokens : tokens + overhead;
    };
  };
  const auto patches = [](double most, double side, double multiplier) -> Rule {
    return [=](int w, int h) { return OpenAiPatches(w, h, most, side, multiplier); };
  };
  const auto tiles = [](int64_t base, int64_t tile) -> Rule {
    return [=](int w, int h) { return OpenAiTiles(w, h, base, tile); };
  };
  const auto always = [](int64_t tokens) -> Rule { return [=](int, int) { return tokens; }; };
  static const auto* const rules = new std::map<std::string, Rule>{
      {"claude", [](int w, int h) { return Claude(w, h, 2576, 4784); }},
      {"claude-standard", [](int w, int h) { return Claude(w, h, 1568, 1568); }},
      {"computer-use-preview", tiles(65, 129)},
      {"deepseek-flash", [](int w, int h) { return DeepSeekFlash(w, h) + 3; }},
      {"deepseek-ocr",
       [](int w, int h) -> int64_t {
         if (w != h || (w != 512 && w != 640 && w != 1024 && w != 1280)) return -1;
         return w / 64 * (w / 64 + 1) + 1;
       }},
      {"deepseek-ocr-2", DeepSeekOcr2},
      {"deepseek-ocr-gundam", Gundam},
      {"deepseek-v4-vision", always(384)},
      {"deepseek-vl2", DeepSeekVl2},
      {"dots-ocr", smart(28, 3136, 11289600, 2)},
      {"gemini-2", Gemini2},
      {"gemma-3", always(256 + 4)},
      {"gemma-4", [](int w, int h) { return Gemma4(w, h) + 2; }},
      {"glm-v", smart(28, 6272, 28.0 * 28 * 6144, 2)},
      {"gpt-4o", tiles(85, 170)},
      {"gpt-4o-mini", tiles(2833, 5667)},
      {"gpt-5", tiles(70, 140)},
      {"gpt-5-mini", patches(1536, 2048, 1.62)},
      {"gpt-5-nano", patches(1536, 2048, 2.46)},
      {"gpt-5.4", patches(2500, 2048, 1.2)},
      {"gpt-5.6", patches(30000, 0, 1.2)},
      {"grok",
       [](int w, int h) {
         return 256 * (std::min<int64_t>(6, int64_t{(w + 447) / 448} * ((h + 447) / 448)) + 1);
       }},
      {"hunyuan-ocr", smart(32, 512.0 * 512, 2048.0 * 2048, 0)},
      {"idefics3", [](int w, int h) { return Idefics(w, h, 1456, 364, 169); }},
      {"internvl", InternVl},
      {"kimi-k2.5", [](int w, int h) { return Kimi(w, h, 16384) + 3; }},
      {"kimi-k3", [](int w, int h) { return Kimi(w, h, 65536) + 15; }},
      {"kimi-vl", [](int w, int h) { return Kimi(w, h, 4096) + 3; }},
      {"llama-3.2-vision", always(1)},
      {"llama-4", Llama4},
      {"llava-onevision", LlavaOneVision},
      {"minicpm-v", [](int w, int h) { return MiniCpm(w, h); }},
      {"mistral-small-3", [](int w, int h) { return Mistral(w, h, 1540, 28); }},
      {"molmo", Molmo},
      {"o3", tiles(75, 150)},
      {"o4-mini", patches(1536, 2048, 1.72)},
      {"paddleocr-vl", smart(28, 147384, 2822400, 2)},
      {"phi-4", Phi4},
      {"pixtral", [](int w, int h) { return Mistral(w, h, 1024, 16); }},
      {"qwen2.5-vl", smart(28, 56.0 * 56, 28.0 * 28 * 1280, 2)},
      {"qwen3-vl", smart(32, 65536, 16777216, 2)},
      {"smolvlm2", [](int w, int h) { return Idefics(w, h, 2048, 512, 64); }},
      {"step-3", Step}};
  const auto found = rules->find(reader);
  return found == rules->end() ? -2 : found->second(width, height);
}

}  // namespace fovea::transcription
