#include "bench/render/page_text.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

namespace fovea::bench {
namespace {

constexpr size_t kTextBytes = 1 << 20;
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

}  // namespace

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

std::vector<PageExtent> LayOutAll(const PageRenderer& renderer, const PageTypography& typography) {
  std::vector<PageExtent> pages;
  const PagePosition end = {.block = Content().blocks.size(), .byte = 0};
  for (PagePosition at; at < end; at = pages.back().end) {
    pages.push_back(Value(renderer.LayOut(Content(), at, kBox, typography)));
  }
  return pages;
}

uint64_t Characters(const std::vector<PageExtent>& pages) {
  uint64_t characters = 0;
  for (const PageExtent& page : pages) characters += page.characters;
  return characters;
}

}  // namespace fovea::bench
