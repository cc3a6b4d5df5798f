// How fast text is counted exactly, beside npm's gpt-tokenizer on the same texts, and what a
// megabyte costs that is one piece or no UTF-8. All times are of processor time, one thread.
//
//   scripts/install-vocabularies.sh
//   node tests/core/tokens/reference_counts.mjs install   for gpt-tokenizer
//   token_bench
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/tokens/bpe_counter.h"
#include "core/tokens/bpe_vocabulary.h"
#include "core/tokens/token_counter.h"
#include "tests/support/histories.h"

namespace fovea {
namespace {

using std::filesystem::path;

constexpr size_t kMegabyte = 1'000'000;
constexpr int kPasses = 5;

double ProcessorSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

path Vocabularies() {
  if (const char* folder = std::getenv("FOVEA_VOCABULARIES"); folder != nullptr) return folder;
  const char* home = std::getenv("HOME");
  return path(home == nullptr ? "/" : home) / ".local/share/fovea/vocabularies";
}

std::vector<std::string> SharedTexts() {
  std::vector<std::string> texts;
  for (const char* file : {"trajectories/deepswe", "trajectories/pi", "trajectories/swe-smith",
                           "trajectories/swe-agent", "trajectories/tau-airline",
                           "trajectories/aider", "multilingual/xquad"}) {
    for (const auto& session : testing::SharedSessions(std::string(file) + ".jsonl.gz")) {
      for (const Turn& turn : session.turns) {
        for (const Part& part : turn.parts) {
          if (const auto* text = std::get_if<TextPart>(&part)) {
            texts.push_back(text->text);
          } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
            texts.push_back(call->arguments_json);
          } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
            for (const auto& content : result->content) {
              if (const auto* shown = std::get_if<TextPart>(&content)) texts.push_back(shown->text);
            }
          }
        }
      }
    }
  }
  return texts;
}

size_t BytesOf(const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  return bytes;
}

struct Measured {
  double seconds = 0;  // the fastest pass
  int64_t tokens = 0;
};

template <class Count>
Measured Measure(const std::vector<std::string>& texts, Count count) {
  Measured best{.seconds = 1e9};
  for (int pass = 0; pass < kPasses; ++pass) {
    const double start = ProcessorSeconds();
    best.tokens = 0;
    for (const std::string& text : texts) best.tokens += count(text);
    best.seconds = std::min(best.seconds, ProcessorSeconds() - start);
  }
  return best;
}

struct Loaded {
  std::unique_ptr<BpeCounter> counter;
  double seconds = 0;
};

std::optional<Loaded> Load(const char* file, SplitPattern split) {
  const std::ifstream in(Vocabularies() / file, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream bytes;
  bytes << in.rdbuf();
  const double start = ProcessorSeconds();
  const bool json = path(file).extension() == ".json";
  const auto vocabulary =
      json ? ParseTokenizerJson(bytes.str()) : ParseTiktoken(bytes.str(), split);
  if (!vocabulary.ok()) {
    std::printf("%s: %s\n", file, vocabulary.status().ToString().c_str());
    return std::nullopt;
  }
  auto counter = BpeCounter::Create(*vocabulary);
  if (!counter.ok()) return std::nullopt;
  return Loaded{.counter = *std::move(counter), .seconds = ProcessorSeconds() - start};
}

void PrintSpeed(const char* name, const Measured& measured, size_t bytes) {
  std::printf("%-22s %8.1f MB/s %10lld tokens", name,
              static_cast<double>(bytes) / 1e6 / measured.seconds,
              static_cast<long long>(measured.tokens));
}

// gpt-tokenizer's second pass over the texts, or nothing if node or the package is missing.
std::optional<Measured> MeasureGptTokenizer(const std::vector<std::string>& texts) {
  const path scratch = std::filesystem::temp_directory_path() / "fovea-token-bench.jsonl";
  {
    std::ofstream out(scratch);
    for (const std::string& text : texts) {
      out << nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
          << "\n";
    }
  }
  const path script = path(FOVEA_SOURCE_DIR) / "bench/core/tokens/gpt_tokenizer_speed.mjs";
  const std::string command =
      "node '" + script.string() + "' o200k_base < '" + scratch.string() + "' 2>/dev/null";
  Measured measured;
  int fields = 0;
  if (FILE* out = popen(command.c_str(), "r"); out != nullptr) {
    long long tokens = 0;
    fields = std::fscanf(out, "%lf %lld", &measured.seconds, &tokens);
    measured.tokens = tokens;
    pclose(out);
  }
  std::filesystem::remove(scratch);
  if (fields != 2) return std::nullopt;
  return measured;
}

std::string Repeat(const std::string& unit) {
  std::string text;
  while (text.size() < kMegabyte) text += unit;
  return text;
}

std::string RandomBytes(int first, int last) {
  std::mt19937 random(1);
  std::string text(kMegabyte, ' ');
  for (char& c : text)
    c = static_cast<char>(first + static_cast<int>(random() % (last - first + 1)));
  return text;
}

void PrintDegenerate(const BpeCounter& counter, double prose_ns) {
  const std::pair<const char*, std::string> texts[] = {{"one letter", Repeat("a")},
                                                       {"spaces", Repeat(" ")},
                                                       {"emoji", Repeat("\U0001F600")},
                                                       {"random letters", RandomBytes('a', 'z')},
                                                       {"random bytes", RandomBytes(0, 255)},
                                                       {"newlines", Repeat("\n")},
                                                       {"hyphens", Repeat("-")},
                                                       {"rules", Repeat("─")},
                                                       {"capitals, kana", Repeat("Aあ")},
                                                       {"combining marks", Repeat("\u0301\u0323")}};
  for (const auto& [name, text] : texts) {
    const Measured measured =
        Measure({text}, [&](const std::string& each) { return counter.Count(each); });
    const double ns = measured.seconds * 1e9 / static_cast<double>(text.size());
    std::printf("  %-20s %6.1f ns/byte, %4.2f times prose\n", name, ns, ns / prose_ns);
  }
}

int Main() {
  std::printf("commit %s, %s build, %s\n", FOVEA_COMMIT, FOVEA_BUILD_TYPE, __VERSION__);
  const std::vector<std::string> texts = SharedTexts();
  if (texts.empty()) {
    std::printf("the shared histories (../shared/data) are not present\n");
    return 1;
  }
  const size_t bytes = BytesOf(texts);
  std::printf("%zu texts, %.1f MB\n", texts.size(), static_cast<double>(bytes) / 1e6);
  PrintSpeed("EstimateTokens",
             Measure(texts, [](std::string_view text) { return EstimateTokens(text); }), bytes);
  std::printf("\n");

  const std::optional<Measured> rival = MeasureGptTokenizer(texts);
  if (rival) {
    PrintSpeed("gpt-tokenizer, warm", *rival, bytes);
    std::printf("\n");
  } else {
    std::printf("gpt-tokenizer: node or the package is missing\n");
  }
  constexpr std::pair<const char*, SplitPattern> kFiles[] = {
      {"o200k_base.tiktoken", SplitPattern::kO200k},
      {"cl100k_base.tiktoken", SplitPattern::kCl100k},
      {"tekken.tiktoken", SplitPattern::kTekken},
      {"qwen.json", SplitPattern::kQwen2},
      {"deepseek.json", SplitPattern::kDeepSeek3},
      {"llama3.json", SplitPattern::kLlama3}};
  for (const auto& [file, split] : kFiles) {
    const std::optional<Loaded> loaded = Load(file, split);
    if (!loaded) {
      std::printf("%s is missing: run scripts/install-vocabularies.sh\n", file);
      continue;
    }
    const BpeCounter& counter = *loaded->counter;
    const Measured own =
        Measure(texts, [&](const std::string& text) { return counter.Count(text); });
    PrintSpeed(file, own, bytes);
    std::printf(", loaded in %.0f ms, %.1f MB in memory", loaded->seconds * 1e3,
                static_cast<double>(counter.memory_bytes()) / 1e6);
    const bool same = split == SplitPattern::kO200k;
    if (rival && same) std::printf(", %.2f times gpt-tokenizer", rival->seconds / own.seconds);
    std::printf("\n");
    PrintDegenerate(counter, own.seconds * 1e9 / static_cast<double>(bytes));
  }
  return 0;
}

}  // namespace
}  // namespace fovea

int main() { return fovea::Main(); }
